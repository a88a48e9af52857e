package evidence

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Difference is one thing that came out otherwise when a transcript was run
// again.
type Difference struct {
	Probe string `json:"probe"`
	App   string `json:"app,omitempty"`
	Case  int    `json:"case"`
	Step  int    `json:"step,omitempty"` // from 1; 0: the case as such
	What  string `json:"what"`           // "status", "error code", "header Cache-Control"
	Was   string `json:"was"`
	Is    string `json:"is"`
}

// String is the difference in one line.
func (d Difference) String() string {
	where := fmt.Sprintf("%s, case %d", nameOf(Transcript{Probe: d.Probe, App: d.App}), d.Case)
	if d.Step > 0 {
		where += fmt.Sprintf(", message %d", d.Step)
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
func Compare(was, is Transcript) []Difference {
	c := comparison{probe: was.Probe, app: was.App}
	second := map[int]Case{}
	for _, k := range is.Cases {
		second[k.Number] = k
	}
	for _, old := range was.Cases {
		c.number, c.step = old.Number, 0
		again, ran := second[old.Number]
		delete(second, old.Number)
		if !ran {
			c.note("the case", old.Result, "not run")
			continue
		}
		c.cases(old, again)
	}
	for _, k := range is.Cases {
		if _, left := second[k.Number]; left {
			c.number, c.step = k.Number, 0
			c.note("the case", "not run", k.Result)
		}
	}
	return c.found
}

type comparison struct {
	probe, app   string
	number, step int
	found        []Difference
}

func (c *comparison) note(what, was, is string) {
	if was != is {
		c.found = append(c.found, Difference{c.probe, c.app, c.number, c.step, what, was, is})
	}
}

func (c *comparison) cases(was, is Case) {
	c.note("result", was.Result, is.Result)
	c.note("refusals", strings.Join(was.Rules, ", "), strings.Join(is.Rules, ", "))
	before, after := inOrder(was.Steps), inOrder(is.Steps)
	c.note("number of messages", fmt.Sprint(len(before)), fmt.Sprint(len(after)))
	for i := range min(len(before), len(after)) {
		c.step = i + 1
		c.steps(before[i], after[i])
	}
	c.step = 0
}

// inOrder brings messages that were sent at once into an order that does not
// depend on who was first.
func inOrder(steps []Step) []Step {
	out := slices.Clone(steps)
	for from := 0; from < len(out); {
		to := from + 1
		for to < len(out) && out[from].Group != "" && out[to].Group == out[from].Group {
			to++
		}
		slices.SortStableFunc(out[from:to], func(a, b Step) int {
			return cmp.Or(cmp.Compare(a.Response.Status, b.Response.Status), cmp.Compare(a.Response.Error, b.Response.Error))
		})
		from = to
	}
	return out
}

func (c *comparison) steps(was, is Step) {
	c.note("request", shape(was.Request), shape(is.Request))
	c.note("failure", was.Failed, is.Failed)
	c.note("clock", was.Clock, is.Clock)
	c.note("status", fmt.Sprint(was.Response.Status), fmt.Sprint(is.Response.Status))
	c.note("error code", was.Response.Error, is.Response.Error)
	c.note("refusal", was.Response.Rule, is.Response.Rule)
	c.note("members of the answer", memberNames(was.Response.Body), memberNames(is.Response.Body))
	for _, name := range compared {
		c.note("header "+name, valueOf(was.Response.Header, name), valueOf(is.Response.Header, name))
	}
}

// shape is what a request asks, without its fresh values.
func shape(r Request) string {
	body := r.Body
	if strings.Contains(valueOf(r.Header, "Content-Type"), "x-www-form-urlencoded") {
		body = names(body)
	} else {
		body = memberNames(body)
	}
	return strings.TrimSpace(r.Method + " " + place(r.URL) + " " + body)
}

// place is the path of a URL and the names of its parameters.
func place(text string) string {
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

var fresh = regexp.MustCompile(`\[([a-z_]+):[0-9a-f]{12}\]|nonce-[A-Za-z0-9+/=_-]+|//[^/"' ]+`)

// valueOf is the value of a header field, without what is fresh in each run.
func valueOf(header []Field, name string) string {
	var out []string
	for _, f := range header {
		if !strings.EqualFold(f.Name, name) {
			continue
		}
		if name == "Location" {
			out = append(out, place(f.Value))
			continue
		}
		out = append(out, fresh.ReplaceAllString(f.Value, "[$1]"))
	}
	return strings.Join(out, ", ")
}
