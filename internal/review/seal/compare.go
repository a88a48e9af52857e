package seal

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"countersign/internal/evidence"
)

// Difference is one thing that came out otherwise when a transcript was run
// again.
type Difference struct {
	Probe   string `json:"probe"`
	Subject string `json:"subject,omitempty"`
	Case    string `json:"case"`              // "case 3 (standard)"
	Message int    `json:"message,omitempty"` // from 1; 0: the case as such
	What    string `json:"what"`              // "status", "error code", "header Cache-Control"
	Was     string `json:"was"`
	Is      string `json:"is"`
}

// String is the difference in one line.
func (d Difference) String() string {
	where := nameOf(d.Probe, d.Subject) + ", " + d.Case
	if d.Message > 0 {
		where += fmt.Sprintf(", message %d", d.Message)
	}
	return fmt.Sprintf("%s: %s was %s, is %s", where, d.What, orNone(d.Was), orNone(d.Is))
}

func orNone(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// compared are the headers that say how safe an answer is.
var compared = []string{
	"Allow", "Access-Control-Allow-Origin", "Cache-Control", "Content-Security-Policy", "Content-Type", "Location", "Pragma",
	"Referrer-Policy", "WWW-Authenticate", "X-Content-Type-Options", "X-Frame-Options",
}

// Compare holds a second run of a probe against the first: verdicts, statuses,
// error codes, names of what came back, and the headers that matter. Values that
// must be fresh in each run (codes, tokens, ids, ports, times) are not compared.
func Compare(was, is evidence.Transcript) []Difference {
	c := comparison{probe: was.Probe, subject: was.Subject}
	second := map[string]evidence.Case{}
	for _, k := range is.Cases {
		second[caseName(k)] = k
	}
	for _, old := range was.Cases {
		c.name, c.message = caseName(old), 0
		again, ran := second[c.name]
		delete(second, c.name)
		if !ran {
			c.note("the case", string(old.Result), "not run")
			continue
		}
		c.cases(old, again)
	}
	for _, k := range is.Cases {
		if _, left := second[caseName(k)]; left {
			c.name, c.message = caseName(k), 0
			c.note("the case", "not run", string(k.Result))
		}
	}
	return c.found
}

type comparison struct {
	probe, subject string
	name           string
	message        int
	found          []Difference
}

func (c *comparison) note(what, was, is string) {
	if was != is {
		c.found = append(c.found, Difference{c.probe, c.subject, c.name, c.message, what, was, is})
	}
}

func (c *comparison) cases(was, is evidence.Case) {
	c.note("result", string(was.Result), string(is.Result))
	before, raced := inOrder(was.Exchanges)
	after, _ := inOrder(is.Exchanges)
	if len(raced) == 0 {
		c.note("refusals", sorted(was.AnsweredBy), sorted(is.AnsweredBy))
	}
	c.note("number of messages", fmt.Sprint(len(before)), fmt.Sprint(len(after)))
	for i := range min(len(before), len(after)) {
		c.message = i + 1
		c.exchanges(before[i], after[i], raced[i])
	}
	c.message = 0
}

func sorted(list []string) string { return strings.Join(slices.Sorted(slices.Values(list)), ", ") }

// inOrder brings messages that say the same, as those that were sent at once,
// into an order that does not depend on which of them came first; raced are the
// places of those.
func inOrder(all []evidence.Exchange) (out []evidence.Exchange, raced map[int]bool) {
	out, raced = slices.Clone(all), map[int]bool{}
	for from := 0; from < len(out); {
		to := from + 1
		for to < len(out) && out[to].Who == out[from].Who && out[to].What == out[from].What && place(out[to].Request) == place(out[from].Request) {
			to++
		}
		slices.SortStableFunc(out[from:to], func(a, b evidence.Exchange) int {
			codeA, _ := errorOf(a.Response)
			codeB, _ := errorOf(b.Response)
			return cmp.Or(cmp.Compare(a.Response.Status, b.Response.Status), cmp.Compare(codeA, codeB))
		})
		for i := from; i < to && to-from > 1; i++ {
			raced[i] = true
		}
		from = to
	}
	return out, raced
}

func (c *comparison) exchanges(was, is evidence.Exchange, raced bool) {
	c.note("request", shape(was.Request), shape(is.Request))
	c.note("failure", yesNo(was.Fault), yesNo(is.Fault))
	c.note("status", fmt.Sprint(was.Response.Status), fmt.Sprint(is.Response.Status))
	code, name := errorOf(was.Response)
	codeNow, nameNow := errorOf(is.Response)
	c.note("error code", code, codeNow)
	if !raced { // which of several defences comes first is luck then
		c.note("refusal", name, nameNow)
	}
	c.note("members of the answer", memberNames(was.Response.Body), memberNames(is.Response.Body))
	for _, name := range compared {
		c.note("header "+name, valueOf(was.Response.Headers, name), valueOf(is.Response.Headers, name))
	}
}

// yesNo says whether there is a fault: its text names ports and times.
func yesNo(fault string) string {
	if fault == "" {
		return "answered"
	}
	return "not answered"
}

// errorOf is the OAuth error code of an answer, and the name of the refusal
// where the server tells.
func errorOf(m evidence.Message) (code, name string) {
	var body struct {
		Error string `json:"error"`
		URI   string `json:"error_uri"`
	}
	_ = json.Unmarshal([]byte(m.Body), &body) // no JSON, no error code
	return body.Error, body.URI[strings.LastIndex(body.URI, "/")+1:]
}

// shape is what a request asks, without its fresh values.
func shape(m evidence.Message) string {
	body := memberNames(m.Body)
	if body == "" {
		body = names(m.Body)
	}
	return strings.TrimSpace(place(m) + " " + body)
}

// place is the method, path and names of parameters of a request.
func place(m evidence.Message) string {
	method, target, _ := strings.Cut(m.Line, " ")
	return method + " " + placeOf(target)
}

// placeOf is the path of a URL and the names of its parameters.
func placeOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "?"
	}
	out := u.EscapedPath()
	if u.RawQuery != "" {
		out += "?" + names(u.RawQuery)
	}
	if u.EscapedFragment() != "" {
		out += "#" + names(u.EscapedFragment())
	}
	return out
}

func names(form string) string {
	if form == "" {
		return ""
	}
	var out []string
	for p := range strings.SplitSeq(form, "&") {
		name, _, _ := strings.Cut(p, "=")
		out = append(out, name)
	}
	slices.Sort(out)
	return strings.Join(out, "&")
}

// memberNames are the top members of a JSON object, sorted.
func memberNames(body string) string {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(body), &members) != nil {
		return ""
	}
	var out []string
	for name := range members {
		out = append(out, name)
	}
	slices.Sort(out)
	return strings.Join(out, ",")
}

var fresh = regexp.MustCompile(`‹[^·›]+·[0-9a-f]+›|nonce-[A-Za-z0-9+/=_-]+|//[^/"' ]+`)

// valueOf is the value of a header field, without what is fresh in each run.
func valueOf(header []evidence.Header, name string) string {
	var out []string
	for _, f := range header {
		if !strings.EqualFold(f.Name, name) {
			continue
		}
		if name == "Location" {
			out = append(out, placeOf(f.Value))
			continue
		}
		out = append(out, fresh.ReplaceAllString(f.Value, "‹›"))
	}
	return strings.Join(out, ", ")
}
