package evidence_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/evidence"
)

func TestConclude(t *testing.T) {
	type c = evidence.Case
	for _, x := range []struct {
		name  string
		cases []c
		want  evidence.Result
		why   string
		by    []string
	}{
		{"all hold", []c{{Number: 0, Result: "held"}, {Number: 1, Result: "held", AnsweredBy: []string{"b", "a"}}, {Number: 2, Result: "held", AnsweredBy: []string{"a"}}}, "held", "", []string{"a", "b"}},
		{"broken at one door", []c{{Result: "held"}, {Number: 1, Result: "held"}, {Number: 1, Result: "broken", Why: "tokens"}}, "broken", "tokens", nil},
		{"no control", []c{{Result: "inconclusive", Why: "no login"}, {Number: 1, Result: "broken", Why: "tokens"}}, "inconclusive", "no login", nil},
		{"no control at another door", []c{{Door: "a", Result: "held"}, {Door: "b", Result: "inconclusive", Why: "no login"}, {Door: "a", Number: 1, Result: "broken", Why: "tokens"}, {Door: "b", Number: 1, Result: "inconclusive"}}, "broken", "tokens", nil},
		{"the control broke", []c{{Result: "broken", Why: "no login"}, {Number: 1, Result: "held"}}, "inconclusive", "no login", nil},
		{"not for this app", []c{{Result: "not_applicable", Why: "off"}}, "not_applicable", "off", nil},
		{"a piece is missing", []c{{Result: "held"}, {Number: 1, Result: "held"}, {Number: 2, Result: "inconclusive", Why: "no clock"}}, "inconclusive", "no clock", nil},
		{"some do not apply", []c{{Result: "held"}, {Number: 1, Result: "held"}, {Number: 2, Result: "not_applicable"}}, "held", "", nil},
		{"what did not hold answered nothing", []c{{Result: "held", AnsweredBy: []string{"x"}}, {Number: 1, Result: "broken", AnsweredBy: []string{"y"}}}, "broken", "", nil},
		{"nothing ran", nil, "inconclusive", "", nil},
	} {
		tr := evidence.Transcript{Cases: x.cases}
		tr.Conclude()
		if tr.Result != x.want || tr.Why != x.why || !cmp.Equal(tr.AnsweredBy, x.by) {
			t.Errorf("%s: %s %q %v", x.name, tr.Result, tr.Why, tr.AnsweredBy)
		}
	}
}

func TestMask(t *testing.T) {
	m := evidence.NewMask()
	const password = "correct horse + battery"
	m.Know("password", password)
	m.Know("token", "abcdef")
	m.Know("token", "abcdefgh")
	m.Know("id", "short")
	tr := evidence.Transcript{Cases: []evidence.Case{{Exchanges: []evidence.Exchange{{
		Request: evidence.Message{Line: "GET /?t=abcdefgh", Body: "password=correct+horse+%2B+battery&short"},
		Response: evidence.Message{
			Headers: []evidence.Header{{Name: "X", Value: base64.StdEncoding.EncodeToString([]byte(password))}}, Body: "abcdef abcdefgh",
		},
	}}}}}
	tr.Hide(m)
	e := tr.Cases[0].Exchanges[0]
	all := e.Request.Line + e.Request.Body + e.Response.Headers[0].Value + e.Response.Body
	if strings.Contains(all, "horse") || strings.Contains(all, "abcdef") || !strings.Contains(all, "short") {
		t.Errorf("%+v", e)
	}
	if e.Response.Headers[0].Value != strings.TrimSuffix(strings.TrimPrefix(e.Request.Body, "password="), "&short") {
		t.Errorf("one secret, two marks: %+v", e)
	}
	short, long, _ := strings.Cut(e.Response.Body, " ")
	if short == long || !strings.HasSuffix(e.Request.Line, long) {
		t.Errorf("two secrets, one mark: %+v", e)
	}
	if evidence.NewMask().Hide("abcdefgh") != "abcdefgh" || len(m.Secrets()) != 3 {
		t.Errorf("%v", m.Secrets())
	}
	other := evidence.NewMask()
	other.Know("token", "abcdef")
	if other.Hide("abcdef") == m.Hide("abcdef") {
		t.Error("the hash has no key")
	}
}
