package probe

import (
	"encoding/base64"
	"strings"
	"time"

	"countersign/internal/evidence"
)

// PersonOrB is somebody the app may be attacked through without harm to the
// person of the honest flow, as far as there is somebody.
func (t *Trial) PersonOrB() *Person {
	if t.PersonB != nil {
		return t.PersonB
	}
	return t.Person
}

// Advance moves the server's clock.
func (t *Trial) Advance(d time.Duration) {
	if err := t.Operator.Advance(t.ctx, d); err != nil {
		t.Inconclusive("the clock could not be moved: %s", err)
	}
}

// notInTraces searches logs, metrics and audit log for secrets, in every form in
// which they may have been written down.
func (t *Trial) notInTraces(what string, texts ...string) {
	if t.Operator.Traces == nil {
		t.Remark("the server's logs could not be searched")
		return
	}
	traces, err := t.Operator.Traces(t.ctx)
	if err != nil {
		t.Inconclusive("the server's logs could not be read: %s", err)
	}
	for place, all := range traces {
		for _, text := range texts {
			for _, form := range evidence.Forms(text) {
				if strings.Contains(all, form) {
					t.Broken("%s stands in %s", what, place)
				}
			}
		}
	}
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
