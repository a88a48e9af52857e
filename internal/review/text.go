package review

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Text is what an administrator reads about a control. It is written in a
// Markdown file: the first heading is the title, each second-level heading one
// section; lists are written as bullets.
type Text struct {
	Title                    string
	ControlName              string
	RecommendedConfiguration string
	Overview                 string
	Risk                     string // what may happen if it is not configured
	ThreatScenarios          []string
	Impact                   string
	HigherRiskWhen           []string
	LowRiskWhen              []string
	BusinessConsiderations   string
	Remediation              string
	Guidance                 string // how a reviewer should read it
	Notes                    string // where and why we differ from the source; optional
	References               []string
	SalesforceFields         []string
	Pages                    []string // vendor help topics behind the rule; empty for our own
	Basis                    []string // sections that do not rest on the vendor's page
}

// ErrText says that a control's Markdown is not in the agreed form.
var ErrText = errors.New("unsound control text")

// sections maps headings to the fields they fill, in the order of the file.
func (t *Text) sections() []section {
	return []section{
		{"Control name", &t.ControlName, nil, true},
		{"Recommended configuration", &t.RecommendedConfiguration, nil, true},
		{"Overview", &t.Overview, nil, true},
		{"Security risk if not configured", &t.Risk, nil, true},
		{"Threat scenarios", nil, &t.ThreatScenarios, true},
		{"Risk impact", &t.Impact, nil, true},
		{"Higher risk when", nil, &t.HigherRiskWhen, true},
		{"Low risk when", nil, &t.LowRiskWhen, true},
		{"Business and integration considerations", &t.BusinessConsiderations, nil, true},
		{"Recommended remediation", &t.Remediation, nil, true},
		{"Review guidance", &t.Guidance, nil, true},
		{"Notes", &t.Notes, nil, false},
		{"References", nil, &t.References, true},
		{"Salesforce fields", nil, &t.SalesforceFields, true},
		{"Pages", nil, &t.Pages, false},
		{"Basis", nil, &t.Basis, false},
	}
}

type section struct {
	heading string
	prose   *string
	bullets *[]string
	must    bool
}

// ParseText reads a control's Markdown. It fails with [ErrText] on a heading
// it does not know, a heading that comes twice or text outside a section;
// whether every section is there is for [Check] to say.
func ParseText(markdown string) (Text, error) {
	var t Text
	fields := t.sections()
	var current *section
	seen := map[string]bool{}
	for n, line := range strings.Split(markdown, "\n") {
		line = strings.TrimSpace(line)
		fault := func(what string) error { return fmt.Errorf("%w: line %d: %s", ErrText, n+1, what) }
		switch {
		case strings.HasPrefix(line, "# "):
			if t.Title != "" {
				return Text{}, fault("a second title")
			}
			t.Title = strings.TrimPrefix(line, "# ")
		case strings.HasPrefix(line, "## "):
			heading := strings.TrimPrefix(line, "## ")
			i := slices.IndexFunc(fields, func(s section) bool { return s.heading == heading })
			if i < 0 || seen[heading] {
				return Text{}, fault("unknown or repeated heading " + heading)
			}
			seen[heading], current = true, &fields[i]
		case line == "" && current == nil:
		case current == nil:
			return Text{}, fault("text outside a section")
		default:
			if what := current.add(line); what != "" {
				return Text{}, fault(what)
			}
		}
	}
	for _, s := range fields {
		if s.prose != nil {
			*s.prose = strings.TrimSpace(*s.prose)
		}
	}
	return t, nil
}

// add takes one trimmed line into the section. Lines of a paragraph and of a
// bullet are joined by blanks; an empty line parts paragraphs.
func (s *section) add(line string) string {
	if s.prose != nil {
		switch {
		case line == "":
			*s.prose = strings.TrimRight(*s.prose, "\n") + "\n\n"
		case *s.prose == "" || strings.HasSuffix(*s.prose, "\n"):
			*s.prose += line
		default:
			*s.prose += " " + line
		}
		return ""
	}
	switch list := *s.bullets; {
	case line == "":
	case strings.HasPrefix(line, "- "):
		*s.bullets = append(list, strings.TrimPrefix(line, "- "))
	case len(list) == 0:
		return "the section " + s.heading + " is a list; begin with a bullet"
	default:
		list[len(list)-1] += " " + line
	}
	return ""
}

func (t Text) problems() []string {
	var p []string
	if t.Title == "" {
		p = append(p, "has no title")
	}
	for _, s := range t.sections() {
		missing := s.prose != nil && *s.prose == "" || s.bullets != nil && len(*s.bullets) == 0
		if s.must && missing {
			p = append(p, "its text lacks the section "+s.heading)
		}
	}
	return p
}
