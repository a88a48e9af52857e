package evidence

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestARunComparesEqualToItself(t *testing.T) {
	a, b := example()[0], example()[0]
	b.Cases[0].Steps[0].Request.URL = "http://127.0.0.1:2/oauth2/challenge" // another port, other values
	b.Cases[0].Steps[0].Request.Body = "code=[code:2]&a=c"
	b.Cases[0].Steps[0].TookMS, b.TookMS = 9, 9
	if d := Compare(a, b); len(d) > 0 {
		t.Errorf("differences: %v", d)
	}
}

func TestWhatCameOutOtherwiseIsTold(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Transcript)
		want   string
	}{
		{"status", func(t *Transcript) { t.Cases[1].Steps[0].Response.Status = 200 }, "probe.stolen-code of shop, case 3, message 1: status was 400, is 200"},
		{"error", func(t *Transcript) { t.Cases[1].Steps[0].Response.Error = "" }, "probe.stolen-code of shop, case 3, message 1: error code was invalid_grant, is nothing"},
		{"rule", func(t *Transcript) { t.Cases[1].Steps[0].Response.Rule = "code.spent" }, "probe.stolen-code of shop, case 3, message 1: refusal was code.other-app, is code.spent"},
		{"header", func(t *Transcript) { t.Cases[1].Steps[0].Response.Header = nil }, "probe.stolen-code of shop, case 3, message 1: header Cache-Control was no-store, is nothing"},
		{"members", func(t *Transcript) { t.Cases[1].Steps[0].Response.Body = `{"access_token":"x","a":1}` }, "probe.stolen-code of shop, case 3, message 1: members of the answer was error, is a,access_token"},
		{"parameter", func(t *Transcript) { t.Cases[1].Steps[0].Request.Body = "code=1" }, "probe.stolen-code of shop, case 3, message 1: request was POST /oauth2/token a&code, is POST /oauth2/token code"},
		{"result", func(t *Transcript) { t.Cases[1].Result = "broken" }, "probe.stolen-code of shop, case 3: result was held, is broken"},
		{"message", func(t *Transcript) { t.Cases[0].Steps = t.Cases[0].Steps[:1] }, "probe.stolen-code of shop, case 0: number of messages was 2, is 1"},
		{"case gone", func(t *Transcript) { t.Cases = t.Cases[:1] }, "probe.stolen-code of shop, case 3: the case was held, is not run"},
		{"case more", func(t *Transcript) { t.Cases = append(t.Cases, Case{Number: 4, Result: "held"}) }, "probe.stolen-code of shop, case 4: the case was not run, is held"},
		{"no answer", func(t *Transcript) { t.Cases[1].Steps[0].Failed = "timeout" }, "probe.stolen-code of shop, case 3, message 1: failure was nothing, is timeout"},
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
	race := func(statuses ...int) Transcript {
		c := Case{Number: 6, Result: "held"}
		for _, s := range statuses {
			st := step("redeems at once", "/oauth2/token", s)
			st.Group = "race"
			c.Steps = append(c.Steps, st)
		}
		return Transcript{Probe: "p", Cases: []Case{c}}
	}
	if d := Compare(race(200, 400, 400), race(400, 400, 200)); len(d) > 0 {
		t.Errorf("differences: %v", d)
	}
	if d := Compare(race(200, 400, 400), race(400, 200, 200)); len(d) != 1 {
		t.Errorf("two winners are not told: %v", d)
	}
}
