package review

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func texts(steps []Step) string {
	var list []string
	for _, s := range steps {
		list = append(list, s.Text())
	}
	return strings.Join(list, "; ")
}

// A patch holds what differs and what only a person can supply.
func TestPropose(t *testing.T) {
	s := small(t).with(t, "app.pkce.required", "false").with(t, "app.secret.age", "200d")
	for _, c := range []struct{ control, app, want string }{
		{"pkce", "a", "app.pkce.required = true"},
		{"secret", "a", "app.access_token.ttl = <the shortest the app bears>; draw a new secret"},
		{"server-pkce", "", "server.oauth.require_pkce = true"},
	} {
		f := judged(t, s, c.control, c.app)
		if got := texts(f.Fix.Patch); got != c.want {
			t.Errorf("%s: %s, want %s", c.control, got, c.want)
		}
	}
	if f := judged(t, s, "pkce", "b"); f.Fix != nil {
		t.Errorf("a passed finding has a fix: %+v", f.Fix)
	}
	if f := judged(t, s, "pkce", "a"); f.Fix.Undo[0] != (Written{App: "a", Name: "app.pkce.required", To: false}) {
		t.Errorf("undo %+v", f.Fix.Undo)
	}
}

// A condition leaves a change out, lets it in, or stays with it as words.
func TestConditions(t *testing.T) {
	for _, c := range []struct{ client, want string }{
		{"confidential", "draw a new secret"},
		{"public", ""},
		{"unknown", "draw a new secret (confidential apps)"},
	} {
		f := judged(t, small(t).with(t, "app.client_type", c.client).with(t, "app.secret.age", "200d"), "secret", "a")
		if got := texts(f.Fix.Patch[1:]); got != c.want {
			t.Errorf("%s: %q, want %q", c.client, got, c.want)
		}
	}
}

// A change may copy the present value of another name, if that is known.
func TestWriteCopy(t *testing.T) {
	control := few()[1]
	control.Fix = Fix{Patch: []Change{WriteCopy("app.scopes", "app.usage.scopes_used")}, Breaks: "Whoever."}
	for _, c := range []struct{ used, want string }{
		{"[email]", "app.scopes = [email]"},
		{"unknown", "app.scopes = <the value of app.usage.scopes_used, which is not known>"},
	} {
		s := small(t).with(t, "app.par.required", "false").with(t, "app.usage.scopes_used", c.used)
		f, _ := Judge(Input{Snapshot: s, Controls: []Control{control}}).Find("par", "a")
		if got := texts(f.Fix.Patch); got != c.want {
			t.Errorf("%s: %s, want %s", c.used, got, c.want)
		}
	}
}

// Applying the patch changes the verdict, and leaves the original alone.
func TestApply(t *testing.T) {
	s := small(t).with(t, "app.pkce.required", "false")
	f := judged(t, s, "pkce", "a")
	after := Apply(s, f.Fix.Patch)
	if got := judged(t, after, "pkce", "a"); got.Status != Pass || !strings.Contains(got.Values[1].From, "proposed") {
		t.Errorf("%s, %+v", got.Reason, got.Values)
	}
	if got := judged(t, s, "pkce", "a"); got.Status != Mitigated {
		t.Errorf("the original changed: %s", got.Reason)
	}
	server := judged(t, s.with(t, "app.par.required", "false"), "server-pkce", "")
	if got := judged(t, Apply(s, server.Fix.Patch), "server-pkce", ""); got.Status != Pass {
		t.Errorf("%s", got.Reason)
	}
}

// Conflicts are shown and never resolved silently.
func TestMerge(t *testing.T) {
	step := func(name string, to any) Step { return Step{App: "a", Name: name, value: Of(to, ""), To: to} }
	asked := Step{App: "a", Name: "app.pkce.required", Ask: "ask"}
	merged, conflicts := Merge(
		[]Step{asked, step("app.par.required", true)},
		[]Step{step("app.pkce.required", true), step("app.par.required", true)},
		[]Step{step("app.par.required", false), {Ask: "draw a new secret"}, {Ask: "draw a new secret"}},
	)
	if got := texts(merged); got != "app.pkce.required = true; app.par.required = true; draw a new secret" {
		t.Errorf("merged %s", got)
	}
	if got := texts(conflicts); got != "app.par.required = false" {
		t.Errorf("conflicts %s", got)
	}
}

// A preview shows everything that moves, for better and for worse, and agrees
// with judging the patched snapshot anew.
func TestPreview(t *testing.T) {
	s := small(t).with(t, "app.pkce.required", "false").with(t, "app.par.required", "false")
	run := Judge(Input{Snapshot: s, Controls: few(), WhatIf: true})
	f, _ := run.Find("pkce", "a")
	want := []Moved{{"pkce", "a", Fail, Pass}, {"server-pkce", "", Fail, Pass}}
	if diff := cmp.Diff(want, f.Fix.Preview.Changes); diff != "" {
		t.Error(diff)
	}
	for _, f := range run.Findings {
		if f.Fix == nil {
			continue
		}
		anew := Judge(Input{Snapshot: Apply(s, f.Fix.Patch), Controls: few()})
		if *anew.Score.Score != *f.Fix.Preview.Score {
			t.Errorf("%s %s: previewed %.1f, judged anew %.1f", f.Control, f.App, *f.Fix.Preview.Score, *anew.Score.Score)
		}
	}
}

// A preview knows that a patch mends what a broken probe demonstrated, but not
// what the probe did in spite of the settings.
func TestPreviewAfterBrokenProbe(t *testing.T) {
	leaning := few()[0]
	leaning.Fix = Fix{Patch: []Change{Write("app.par.required", true)}, Breaks: "Whoever."}
	controls := append([]Control{leaning}, few()[1:]...)
	proofs := []Proof{{Probe: "probe.par", App: "a", Result: Broken}}
	open := small(t).with(t, "app.pkce.required", "false")
	for _, c := range []struct {
		name, par string
		want      Status
	}{
		{"demonstrated", "false", Mitigated},
		{"in spite of the settings", "true", Fail},
	} {
		run := Judge(Input{Snapshot: open.with(t, "app.par.required", c.par), Controls: controls, Proofs: proofs})
		patch := []Step{{App: "a", Name: "app.par.required", value: Of(true, "proposed")}}
		if got := run.Preview("pkce", "a", patch).Status; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Improvements come best first.
func TestImprovements(t *testing.T) {
	s := small(t).with(t, "app.pkce.required", "false").with(t, "app.par.required", "false")
	run := Judge(Input{Snapshot: s, Controls: few(), WhatIf: true})
	var got []string
	for i, m := range run.Improvements {
		got = append(got, m.Control)
		if i > 0 && m.Gain > run.Improvements[i-1].Gain {
			t.Error("not ordered by gain")
		}
	}
	if len(got) != 3 || got[0] != "server-pkce" && got[0] != "pkce" {
		t.Errorf("%v", got)
	}
	if run.Together != nil {
		t.Error("use is not recorded, so nothing is known to be harmless")
	}
}

// Fixes known to break few callers are offered together; unknown is not few.
func TestTogether(t *testing.T) {
	s := small(t).with(t, "app.pkce.required", "false").with(t, "app.par.required", "false")
	forecast := func(app string, patch []Step) Breakage {
		failed := map[string]int{"app.pkce.required": 9, "app.par.required": 10}[patch[0].Name]
		return Breakage{Known: app == "a", Failed: failed, Of: 100, Callers: []Caller{{Who: "job", Count: failed}}}
	}
	run := Judge(Input{Snapshot: s, Controls: few(), WhatIf: true, Forecast: forecast})
	if run.Together == nil || texts(run.Together.Patch) != "app.pkce.required = true" {
		t.Errorf("%+v", run.Together)
	}
	f, _ := run.Find("par", "a")
	if f.Fix.Forecast.Failed != 10 || f.Fix.Breaks[0].Who != "job" {
		t.Errorf("%+v", f.Fix)
	}
}
