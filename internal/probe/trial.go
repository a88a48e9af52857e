package probe

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"countersign/internal/evidence"
)

// Trial is one case at one door while it is made. Its methods send requests and
// judge answers; the first verdict ends the trial, and one that comes to its end
// held. Safe for concurrent sending.
type Trial struct {
	*Target
	Door *Door

	ctx        context.Context
	wire       *wire
	number     int
	mu         sync.Mutex
	exchanges  []evidence.Exchange
	remarks    []string
	answeredBy []string
}

// Send sends a request, with its changes, and records it.
func (t *Trial) Send(r *Request, changes ...Change) *Answer {
	for _, change := range changes {
		change(r)
	}
	if r.Person != nil && t.Door.Login == "" && t.Door.Browse != nil {
		return t.browse(r)
	}
	a, e := t.wire.send(t.ctx, r)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.exchanges = append(t.exchanges, e)
	return a
}

// Broken ends the trial: the attack worked.
func (t *Trial) Broken(format string, args ...any) {
	panic(stop{evidence.Broken, fmt.Sprintf(format, args...)})
}

// Inconclusive ends the trial: nothing can be said.
func (t *Trial) Inconclusive(format string, args ...any) {
	panic(stop{evidence.Inconclusive, fmt.Sprintf(format, args...)})
}

// Skip ends the trial: the case does not apply to this app or server.
func (t *Trial) Skip(format string, args ...any) {
	panic(stop{evidence.NotApplicable, fmt.Sprintf(format, args...)})
}

// Remark notes what is worth knowing and is not judged.
func (t *Trial) Remark(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(t.remarks, text) {
		t.remarks = append(t.remarks, text)
	}
}

// Must ends the trial when an honest step failed: without it nothing follows.
func (t *Trial) Must(a *Answer, what string, statuses ...int) {
	if len(statuses) == 0 {
		statuses = []int{http.StatusOK}
	}
	if a.Fault != "" {
		t.Inconclusive("%s: %s", what, a.Fault)
	}
	if !slices.Contains(statuses, a.Status) {
		t.Inconclusive("%s was refused: %s", what, a.short())
	}
}

// Refused ends the trial as broken if the answer hands out anything, and as
// inconclusive if the server failed; otherwise it notes which defence answered,
// and whether it did so in other words than those expected.
func (t *Trial) Refused(a *Answer, expected ...Refusal) {
	if what := a.gives(); what != "" {
		t.Broken("the answer carries the member %s: %s", what, a.short())
	}
	t.declined(a, expected...)
}

// declined is Refused for answers that carry no token when the attack works.
func (t *Trial) declined(a *Answer, expected ...Refusal) {
	switch {
	case a.Fault != "":
		t.Inconclusive("no answer: %s", a.Fault)
	case a.Status >= 500:
		t.Inconclusive("the server failed: %s", a.short())
	case a.Status < 400 && (a.Status < 300 || a.Error() == ""):
		t.Broken("the request was not refused: %s", a.short())
	}
	t.answered(a)
	if a.Status == http.StatusTooManyRequests {
		return
	}
	for _, e := range expected {
		if e.looksLike(t.Door.Dialect, a) {
			return
		}
	}
	if len(expected) > 0 {
		t.Remark("refused with %s, where %s is usual", a.short(), expected[0].in(t.Door.Dialect))
	}
}

// answered notes the defence that answered: by its name, or by the error code.
func (t *Trial) answered(a *Answer) {
	rule := a.Rule()
	if rule == "" {
		rule = a.Error()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if rule != "" && !slices.Contains(t.answeredBy, rule) {
		t.answeredBy = append(t.answeredBy, rule)
	}
}

// short is an answer in a few words.
func (a *Answer) short() string {
	text := strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, a.Error()))
	if rule := a.Rule(); rule != "" {
		text += " (" + rule + ")"
	}
	return text
}

// Change changes one element of a request.
type Change func(*Request)

// With sets a parameter of the body.
func With(name, value string) Change {
	return func(r *Request) { r.Form.Set(name, value) }
}

// Without leaves a parameter of the body out.
func Without(name string) Change { return func(r *Request) { r.Form.Del(name) } }

// Again sends a parameter a second time, with another value.
func Again(name, value string) Change {
	return func(r *Request) { r.Form.Add(name, value) }
}

// Header sets a header.
func Header(name, value string) Change {
	return func(r *Request) { r.Header.Set(name, value) }
}

// As sends another app's credentials.
func As(app *App) Change { return func(r *Request) { r.App, r.Bare = app, false } }

// Bare says which app asks and proves nothing.
func Bare(r *Request) { r.Bare = true }

// Secret sends another secret.
func Secret(text string) Change { return func(r *Request) { r.Secret = text } }

// Outside sends from the attacker's address.
func Outside(r *Request) { r.Outside = true }

// InQuery moves a parameter from the body into the URL.
func InQuery(names ...string) Change {
	return func(r *Request) {
		for _, name := range names {
			if v := r.Form[name]; v != nil {
				r.Query[name] = v
				r.Form.Del(name)
			}
		}
	}
}

// By says who sends the request and what it is, for the transcript.
func By(who, what string) Change {
	return func(r *Request) { r.Who, r.What = who, what }
}
