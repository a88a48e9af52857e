// Package evidence owns what a proof leaves behind: the transcript of a probe,
// with every secret replaced, the signed file that others can check and run
// again, and the comparison of two runs. It knows no HTTP and sends nothing:
// package probe records, package report shows.
package evidence

import "time"

// Transcript is the record of one probe on one app: what was sent, by whom and
// why, and what came back. Fields are added over time and never renamed.
type Transcript struct {
	Probe         string    `json:"probe"`
	Title         string    `json:"title"`
	Story         string    `json:"story,omitempty"` // the threat scenario, in words for everybody
	App           string    `json:"app,omitempty"`   // id of the app that is proven; "" for the server
	Name          string    `json:"name,omitempty"`
	Target        string    `json:"target"` // issuer
	Dialect       string    `json:"dialect,omitempty"`
	Server        string    `json:"server_version,omitempty"`
	Configuration string    `json:"configuration,omitempty"` // hash of the app's settings
	Began         time.Time `json:"began"`                   // by the clock of the one who probes
	TookMS        int64     `json:"took_ms"`
	Result        string    `json:"result"` // held, broken, not_applicable, inconclusive
	Why           string    `json:"why,omitempty"`
	Cases         []Case    `json:"cases,omitempty"`
}

// Case is one attempt: the honest flow, or the honest flow with one thing
// changed.
type Case struct {
	Number   int      `json:"number"` // 0 is the honest flow
	Title    string   `json:"title"`
	Attacker string   `json:"attacker,omitempty"` // who tries
	Holds    string   `json:"holds,omitempty"`    // what they have in hand
	Change   string   `json:"change,omitempty"`   // the one thing that differs from the honest flow
	Expected string   `json:"expected,omitempty"` // what a sound server answers
	Result   string   `json:"result"`
	Why      string   `json:"why,omitempty"`
	Rules    []string `json:"rules,omitempty"`    // refusals that answered, by name
	Inferred bool     `json:"inferred,omitempty"` // Rules was concluded from status and error code
	Steps    []Step   `json:"steps,omitempty"`
}

// Step is one message and its answer.
type Step struct {
	Actor    string   `json:"actor"`            // who sends: "the app", "the thief"
	Does     string   `json:"does"`             // what they do, in words
	From     string   `json:"from,omitempty"`   // the address it is sent from
	AtMS     int64    `json:"at_ms"`            // since the probe began
	TookMS   int64    `json:"took_ms"`          //
	Group    string   `json:"group,omitempty"`  // steps of one group were sent at once
	Clock    string   `json:"clock,omitempty"`  // how far the server's clock was moved before
	Request  Request  `json:"request"`          //
	Response Response `json:"response"`         //
	Failed   string   `json:"failed,omitempty"` // there was no answer: why
}

// Request is what was sent.
type Request struct {
	Method string  `json:"method"`
	URL    string  `json:"url"`
	Header []Field `json:"header,omitempty"`
	Body   string  `json:"body,omitempty"`
}

// Response is what came back.
type Response struct {
	Status int     `json:"status"`
	Header []Field `json:"header,omitempty"`
	Body   string  `json:"body,omitempty"`
	Error  string  `json:"error,omitempty"` // the OAuth error code
	Rule   string  `json:"rule,omitempty"`  // the refusal's name, where the server tells
}

// Field is one line of a header.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
