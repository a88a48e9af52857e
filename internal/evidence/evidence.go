// Package evidence owns the record of a probe: who attacked whom, what was sent,
// what came back, and what follows from it. It is data that people and programs
// read, with every secret replaced by a keyed hash before it gets here. It sends
// nothing and judges nothing: probe does both.
//
// A [Transcript] is one scenario against one subject. It has a [Case] for each
// numbered case and door; case 0 is the positive control. A case has the
// [Exchange]s of its attack in order. Fields are added over time and never
// renamed: transcripts are kept, signed and replayed.
package evidence

import (
	"slices"
	"time"
)

// Result is what a probe, or one case of it, found.
type Result string

// Held: every attack was refused. Broken: one worked. A case that does not apply
// was left out on purpose; one that could not be made is inconclusive.
const (
	Held          Result = "held"
	Broken        Result = "broken"
	NotApplicable Result = "not_applicable"
	Inconclusive  Result = "inconclusive"
)

// Story is the attack in words, for somebody who has never seen OAuth.
type Story struct {
	Attacker string `json:"attacker"` // who they are
	Holds    string `json:"holds"`    // what they got hold of
	Wants    string `json:"wants"`    // what they are after
	Defence  string `json:"defence"`  // what is to stop them
}

// Transcript is one scenario against one subject.
type Transcript struct {
	Schema        string        `json:"schema"`
	Probe         string        `json:"probe"`
	Title         string        `json:"title"`
	Controls      []string      `json:"controls"`
	Story         Story         `json:"story"`
	Subject       string        `json:"subject,omitempty"` // client_id of the app that is proven; "" for the server
	Name          string        `json:"name,omitempty"`    // its name
	Issuer        string        `json:"issuer"`
	Server        string        `json:"server_version,omitempty"`
	Configuration string        `json:"configuration,omitempty"` // hash of the subject's settings
	Started       time.Time     `json:"started"`
	Took          time.Duration `json:"took_ns"`
	Requests      int           `json:"requests"`
	Result        Result        `json:"result"`
	Why           string        `json:"why,omitempty"` // of a result that is not held
	AnsweredBy    []string      `json:"answered_by,omitempty"`
	Inferred      bool          `json:"inferred,omitempty"` // AnsweredBy was concluded from error codes
	Cases         []Case        `json:"cases"`
}

// Schema is the version of the JSON form.
const Schema = "countersign-transcript-1"

// Case is one numbered case at one door.
type Case struct {
	Number     int        `json:"case"` // 0 is the positive control
	Title      string     `json:"title"`
	Changed    string     `json:"changed"` // the one thing that differs from the honest request
	Expect     string     `json:"expect"`  // what must come back
	Door       string     `json:"door,omitempty"`
	Result     Result     `json:"result"`
	Why        string     `json:"why,omitempty"`
	Remarks    []string   `json:"remarks,omitempty"` // recorded, not judged
	AnsweredBy []string   `json:"answered_by,omitempty"`
	Exchanges  []Exchange `json:"exchanges"`
}

// Exchange is one request and its answer.
type Exchange struct {
	Who      string        `json:"who"`  // "the app", "a thief"
	What     string        `json:"what"` // in a few words
	From     string        `json:"from,omitempty"`
	At       time.Duration `json:"at_ns"` // since the scenario began
	Took     time.Duration `json:"took_ns"`
	Request  Message       `json:"request"`
	Response Message       `json:"response"`
	Fault    string        `json:"fault,omitempty"` // why there is no response
}

// Message is an HTTP message. Line is "POST /oauth2/token" or "400 Bad Request".
type Message struct {
	Line    string   `json:"line"`
	Status  int      `json:"status,omitempty"`
	Headers []Header `json:"headers,omitempty"`
	Body    string   `json:"body,omitempty"`
}

// Header is one line of a header.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Numbers gives one result for each case number: what was broken at one door is
// broken, then what is inconclusive, then what held.
func (t *Transcript) Numbers() map[int]Result {
	all := map[int][]Result{}
	for _, c := range t.Cases {
		all[c.Number] = append(all[c.Number], c.Result)
	}
	out := map[int]Result{}
	for n, list := range all {
		out[n] = worst(list)
	}
	return out
}

// worst is the result that outweighs the others of one case.
func worst(list []Result) Result {
	for _, r := range []Result{Broken, Inconclusive, Held} {
		if slices.Contains(list, r) {
			return r
		}
	}
	return NotApplicable
}

// Conclude computes Result, Why and AnsweredBy from the cases. Without a
// positive control that held nothing is proven, unless an attack worked at a door
// where the control did; if the control does not apply, the scenario does not.
func (t *Transcript) Conclude() {
	t.AnsweredBy = nil
	met := map[string]bool{}
	for _, c := range t.Cases {
		for _, rule := range c.AnsweredBy {
			if c.Result == Held && c.Number > 0 && !met[rule] {
				met[rule] = true
				t.AnsweredBy = append(t.AnsweredBy, rule)
			}
		}
	}
	slices.Sort(t.AnsweredBy)
	t.Result, t.Why = t.conclusion()
}

func (t *Transcript) conclusion() (Result, string) {
	n := t.Numbers()
	switch {
	case slices.ContainsFunc(t.Cases, t.certain):
		return Broken, t.why(-1, Broken) // no doubt at another door undoes it
	case n[0] == NotApplicable:
		return NotApplicable, t.why(0, NotApplicable)
	case n[0] != Held:
		return Inconclusive, t.why(0, n[0])
	}
	var list []Result
	for number, r := range n {
		if number > 0 {
			list = append(list, r)
		}
	}
	r := worst(list)
	if r == Held {
		return r, ""
	}
	return r, t.why(-1, r)
}

// certain says whether a case is an attack that worked at a door where the honest
// flow did, too.
func (t *Transcript) certain(c Case) bool {
	return c.Number > 0 && c.Result == Broken && slices.ContainsFunc(t.Cases, func(control Case) bool {
		return control.Number == 0 && control.Result == Held && control.Door == c.Door
	})
}

// why is the first reason given for a result; -1 is any case but the control.
func (t *Transcript) why(number int, r Result) string {
	for _, c := range t.Cases {
		if c.Result == r && c.Why != "" && (c.Number == number || number < 0 && c.Number > 0) {
			return c.Why
		}
	}
	return ""
}
