package seal

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/evidence"
)

func TestARunComparesEqualToItself(t *testing.T) {
	a, b := example()[0], example()[0]
	b.Cases[0].Exchanges[0].Request.Line = "POST /oauth2/challenge"
	b.Cases[0].Exchanges[0].Request.Body = "code=‹code·abcdefab›&a=c" // other values
	b.Cases[0].Exchanges[0].Took, b.Took = 9, 9
	if d := Compare(a, b); len(d) > 0 {
		t.Errorf("differences: %v", d)
	}
}

func TestWhatCameOutOtherwiseIsTold(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*evidence.Transcript)
		want   string
	}{
		{"status", func(t *evidence.Transcript) { t.Cases[1].Exchanges[0].Response.Status = 200 }, "probe.stolen-code of shop, case 3 (standard), message 1: status was 400, is 200"},
		{"error", func(t *evidence.Transcript) {
			t.Cases[1].Exchanges[0].Response.Body = `{"error":"","error_uri":"/code.other-app"}`
		}, "probe.stolen-code of shop, case 3 (standard), message 1: error code was invalid_grant, is nothing"},
		{"rule", func(t *evidence.Transcript) {
			t.Cases[1].Exchanges[0].Response.Body = `{"error":"invalid_grant","error_uri":"/code.spent"}`
		}, "probe.stolen-code of shop, case 3 (standard), message 1: refusal was code.other-app, is code.spent"},
		{"header", func(t *evidence.Transcript) { t.Cases[1].Exchanges[0].Response.Headers = nil }, "probe.stolen-code of shop, case 3 (standard), message 1: header Cache-Control was no-store, is nothing"},
		{"members", func(t *evidence.Transcript) {
			t.Cases[1].Exchanges[0].Response.Body = `{"error":"invalid_grant","error_uri":"/code.other-app","a":1}`
		}, "probe.stolen-code of shop, case 3 (standard), message 1: members of the answer was error,error_uri, is a,error,error_uri"},
		{"parameter", func(t *evidence.Transcript) { t.Cases[1].Exchanges[0].Request.Body = "code=1" }, "probe.stolen-code of shop, case 3 (standard), message 1: request was POST /oauth2/token a&code, is POST /oauth2/token code"},
		{"result", func(t *evidence.Transcript) { t.Cases[1].Result = "broken" }, "probe.stolen-code of shop, case 3 (standard): result was held, is broken"},
		{"message", func(t *evidence.Transcript) { t.Cases[0].Exchanges = t.Cases[0].Exchanges[:1] }, "probe.stolen-code of shop, case 0: number of messages was 2, is 1"},
		{"case gone", func(t *evidence.Transcript) { t.Cases = t.Cases[:1] }, "probe.stolen-code of shop, case 3 (standard): the case was held, is not run"},
		{"case more", func(t *evidence.Transcript) { t.Cases = append(t.Cases, evidence.Case{Number: 4, Result: "held"}) }, "probe.stolen-code of shop, case 4: the case was not run, is held"},
		{"no answer", func(t *evidence.Transcript) { t.Cases[1].Exchanges[0].Fault = "timeout" }, "probe.stolen-code of shop, case 3 (standard), message 1: failure was answered, is not answered"},
	} {
		is := example()[0]
		row.change(&is)
		var got []string
		for _, d := range Compare(example()[0], is) {
			got = append(got, d.String())
		}
		if diff := cmp.Diff([]string{row.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

// TestTheOrderOfARaceIsNotCompared: of twenty at once another one may win.
func TestTheOrderOfARaceIsNotCompared(t *testing.T) {
	race := func(statuses ...int) evidence.Transcript {
		c := evidence.Case{Number: 6, Result: "held"}
		for _, s := range statuses {
			c.Exchanges = append(c.Exchanges, message("redeems at once", "POST /oauth2/token", s))
		}
		return evidence.Transcript{Probe: "p", Cases: []evidence.Case{c}}
	}
	if d := Compare(race(200, 400, 400), race(400, 400, 200)); len(d) > 0 {
		t.Errorf("differences: %v", d)
	}
	if d := Compare(race(200, 400, 400), race(400, 200, 200)); len(d) != 1 {
		t.Errorf("two winners are not told: %v", d)
	}
}
