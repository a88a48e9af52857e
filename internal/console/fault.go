package console

import (
	"errors"
	"regexp"

	"countersign/internal/admin"
	"countersign/internal/web/page"
)

// ruled is a sentence that begins with the name of a rule.
var ruled = regexp.MustCompile(`^([a-z][a-z-]*\.[a-z-]+): (.*)$`)

// faultText makes a Fault of a sentence, which may begin with the rule's name.
func faultText(text string) *page.Fault {
	if m := ruled.FindStringSubmatch(text); m != nil {
		return &page.Fault{Text: sentence(m[2]), Rule: m[1]}
	}
	return &page.Fault{Text: sentence(text)}
}

// faults gives each field of an admin.Invalid its fault; nil if err is none.
func faults(err error) map[string]*page.Fault {
	var invalid admin.Invalid
	if !errors.As(err, &invalid) {
		return nil
	}
	out := map[string]*page.Fault{}
	for _, f := range invalid {
		out[f.Field] = faultText(f.Text)
	}
	return out
}
