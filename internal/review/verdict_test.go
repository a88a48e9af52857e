package review

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// The first clause that holds decides; nothing holds is a fail; an unknown
// clause before it leaves the verdict open.
func TestOrderOfClauses(t *testing.T) {
	const yes, no, dunno = trueTruth, falseTruth, unknownTruth
	for _, c := range []struct {
		name                  string
		na, pass, mit, manual truthState
		want                  Status
	}{
		{"not applicable first", yes, yes, yes, yes, NotApplicable},
		{"then pass", no, yes, yes, yes, Pass},
		{"then mitigated", no, no, yes, yes, Mitigated},
		{"then manual", no, no, no, yes, Manual},
		{"else fail", no, no, no, no, Fail},
		{"unknown applicability", dunno, yes, no, no, Inconclusive},
		{"unknown pass", no, dunno, no, no, Inconclusive},
		{"unknown pass before mitigated", no, dunno, yes, no, Inconclusive},
		{"unknown mitigation", no, no, dunno, no, Inconclusive},
		{"unknown after the decision", no, yes, dunno, dunno, Pass},
	} {
		fixed := func(s truthState) Clause {
			return func(*Eval) Truth { return Truth{s, []Fact{{Name: "app.scopes", Says: "it is so"}}} }
		}
		control := Control{ID: "x", Scope: PerApp, NotApplicable: fixed(c.na), Pass: fixed(c.pass), Mitigated: fixed(c.mit), Manual: fixed(c.manual)}
		got := control.decide(&Eval{run: newJudging(small(t), nil, nil), log: newReads()})
		if got.Status != c.want || !strings.HasPrefix(got.Reason, c.want.Words()+": it is so") {
			t.Errorf("%s: %s (%s), want %s", c.name, got.Status, got.Reason, c.want)
		}
	}
}

// A verdict says why, what is there and what was expected.
func TestSentences(t *testing.T) {
	for _, c := range []struct{ set, to, control, reason, actual, expected string }{
		{"app.pkce.required", "true", "pkce", "pass: PKCE with S256 is required", "app.pkce.enforced = true", "app.pkce.enforced = true"},
		{
			"app.pkce.methods", "[plain]", "pkce", "mitigated: authorization requests must be pushed",
			"app.pkce.enforced = false", "app.pkce.enforced = true",
		},
		{
			"app.flows.authorization_code", "false", "pkce", "not applicable: the app obtains no codes",
			"app.issues_codes = false", "nothing: the control does not apply",
		},
		{"app.pkce.required", "unknown", "pkce", "inconclusive: app.pkce.required is unknown", "app.pkce.required = unknown", "app.pkce.required = true"},
		{
			"app.access_token.ttl", "2h", "secret", "fail: access tokens live 2h",
			"app.access_token.ttl = 2h", "app.access_token.ttl: at most 1h",
		},
		{
			"app.access_token.ttl", "not set", "secret", "fail: app.access_token.ttl is not set",
			"app.access_token.ttl = not set", "app.access_token.ttl: at most 1h",
		},
	} {
		f := judged(t, small(t).with(t, c.set, c.to), c.control, "a")
		if f.Reason != c.reason || f.Actual != c.actual || f.Expected != c.expected {
			t.Errorf("%s = %s:\n got %q\n     %q\n     %q\nwant %q\n     %q\n     %q", c.set, c.to, f.Reason, f.Actual, f.Expected, c.reason, c.actual, c.expected)
		}
	}
}

// A fail says both what is missing and why nothing mitigates it.
func TestFailSaysWhyNotMitigated(t *testing.T) {
	f := judged(t, small(t).with(t, "app.pkce.required", "false").with(t, "app.par.required", "false"), "pkce", "a")
	if want := "fail: PKCE with S256 is not required (PKCE is not required); not mitigated: authorization requests need not be pushed"; f.Reason != want {
		t.Errorf("got  %q\nwant %q", f.Reason, want)
	}
}

// A mitigation falls with the probe of the control it leans on.
func TestBrokenProbeTakesMitigation(t *testing.T) {
	s := small(t).with(t, "app.pkce.required", "false")
	if f := judged(t, s, "pkce", "a"); f.Status != Mitigated {
		t.Fatalf("without a proof: %s", f.Reason)
	}
	f := judged(t, s, "pkce", "a", Proof{Probe: "probe.par", App: "a", Result: Broken})
	if f.Status != Fail || !strings.Contains(f.Reason, "the probe of par is broken") {
		t.Errorf("%s", f.Reason)
	}
	if f := judged(t, s, "pkce", "a", Proof{Probe: "probe.par", App: "b", Result: Broken}); f.Status != Mitigated {
		t.Errorf("a probe of another app: %s", f.Reason)
	}
}

// An attestation makes a verdict manual while it is in force.
func TestAttestation(t *testing.T) {
	s := small(t).with(t, "app.secret.age", "200d")
	s.Attestations = []Attestation{{Kind: "vault", App: "a", Text: "kept in a vault", Owner: "dana", Until: moment.Add(Day)}}
	if f := judged(t, s, "secret", "a"); f.Status != Manual || !strings.Contains(f.Reason, "dana") {
		t.Errorf("in force: %s", f.Reason)
	}
	s.Attestations[0].Until = moment
	if f := judged(t, s, "secret", "a"); f.Status != Fail {
		t.Errorf("ended: %s", f.Reason)
	}
	s.Attestations[0] = Attestation{Kind: "vault", App: "b", Until: moment.Add(Day)}
	if f := judged(t, s, "secret", "a"); f.Status != Fail {
		t.Errorf("of another app: %s", f.Reason)
	}
}

// A server control that cites another takes the verdicts of each app and names
// the one that fails.
func TestCitedVerdicts(t *testing.T) {
	s := small(t)
	if f := judged(t, s, "server-pkce", ""); f.Status != Pass {
		t.Errorf("%s", f.Reason)
	}
	s.Apps[1].Values["app.pkce.required"] = Of(false, "app setting")
	f := judged(t, s, "server-pkce", "")
	if f.Status != Fail || !strings.Contains(f.Reason, "b: pkce is mitigated") {
		t.Errorf("%s", f.Reason)
	}
	s.Apps[1].Values["app.pkce.required"] = Unreadable("lost")
	f = judged(t, s, "server-pkce", "")
	if f.Status != Inconclusive || !slices.Equal(f.Missing, []string{"app.pkce.required of app b"}) {
		t.Errorf("%s %v", f.Reason, f.Missing)
	}
}

// Each row spoils the declaration of a sound control.
func TestCheck(t *testing.T) {
	text := Text{Title: "t"}
	for _, s := range (&text).sections() {
		if s.prose != nil {
			*s.prose = "text"
		} else {
			*s.bullets = []string{"text"}
		}
	}
	sound := func() []Control {
		list := few()
		for i := range list {
			list[i].Text = text
		}
		return list
	}
	if err := Check(sound()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		spoil func([]Control)
		want  string
	}{
		{"double id", func(l []Control) { l[1].ID = "pkce" }, "declared twice"},
		{"no pass", func(l []Control) { l[0].Pass = nil }, "has no pass clause"},
		{"no scope", func(l []Control) { l[0].Scope = "" }, "has no scope"},
		{"no probe", func(l []Control) { l[0].Probe.ID = "" }, "names no probe"},
		{"no band", func(l []Control) { l[0].CVSS = Band{} }, "has no band"},
		{"unknown mitigation", func(l []Control) { l[0].MitigatedBy = []string{"hope"} }, "refers to hope"},
		{"mitigated without clause", func(l []Control) { l[1].MitigatedBy = []string{"pkce"} }, "has no mitigated clause"},
		{"cites itself", func(l []Control) { l[0].Cites = []string{"pkce"} }, "cites itself"},
		{"a circle", func(l []Control) { l[0].Cites = []string{"server-pkce"} }, "cites itself through"},
		{"no fix", func(l []Control) { l[0].Fix.Patch = nil }, "has no fix"},
		{"nobody breaks", func(l []Control) { l[0].Fix.Breaks = "" }, "whom the fix breaks"},
		{"empty change", func(l []Control) { l[0].Fix.Patch = []Change{{}} }, "empty change"},
		{"fixes nothing", func(l []Control) { l[0].Fix.Patch = []Change{Write("app.hope", true)} }, "which is no setting"},
		{"fixes a derived value", func(l []Control) { l[0].Fix.Patch = []Change{Write("app.pkce.enforced", true)} }, "which is derived"},
		{"fixes with a text", func(l []Control) { l[0].Fix.Patch = []Change{Write("app.pkce.required", "true")} }, "data of another kind"},
		{"no title", func(l []Control) { l[0].Text.Title = "" }, "has no title"},
		{"no risk", func(l []Control) { l[0].Text.Risk = "" }, "lacks the section Security risk"},
		{"no threat", func(l []Control) { l[0].Text.ThreatScenarios = nil }, "lacks the section Threat scenarios"},
	} {
		list := sound()
		c.spoil(list)
		err := Check(list)
		if !errors.Is(err, ErrControl) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// A control that reads what does not exist is found out, and never passes.
func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		name  string
		scope Scope
		pass  Clause
	}{
		{"an unknown name", PerApp, func(e *Eval) Truth { return e.True("app.hope") }},
		{"an app value for the server", PerServer, func(e *Eval) Truth { return e.True("app.pkce.required") }},
		{"a scope value outside a scope", PerApp, func(e *Eval) Truth { return e.True("scope.wildcard") }},
		{"an app verdict for the server", PerServer, func(e *Eval) Truth { return e.Verdict("x", Pass) }},
	} {
		verdicts, mistakes := Verdicts(small(t), []Control{
			{ID: "x", Scope: PerApp, Pass: func(*Eval) Truth { return Always("fine") }},
			{ID: "y", Scope: c.scope, Pass: c.pass},
		}, nil)
		if last := verdicts[len(verdicts)-1]; last.Status != Inconclusive || len(mistakes) == 0 {
			t.Errorf("%s: %s, mistakes %v", c.name, last.Status, mistakes)
		}
	}
}

// A value of another kind is no value: nothing is concluded from it.
func TestValueOfAnotherKind(t *testing.T) {
	s := small(t)
	s.Apps[0].Values["app.par.required"] = Of("true", "app setting")
	if f := judged(t, s, "par", "a"); f.Status != Inconclusive {
		t.Errorf("%s", f.Reason)
	}
}

func TestParseText(t *testing.T) {
	text, err := ParseText("# T\n\n## Overview\n\nOne\ntwo.\n\nThree.\n\n## Threat scenarios\n\n- First\n  goes on.\n- Second.\n")
	if err != nil || text.Title != "T" || text.Overview != "One two.\n\nThree." || len(text.ThreatScenarios) != 2 || text.ThreatScenarios[0] != "First goes on." {
		t.Errorf("%+v, %v", text, err)
	}
	for name, bad := range map[string]string{
		"unknown heading":  "# T\n## Hope\n",
		"repeated heading": "# T\n## Risk impact\na\n## Risk impact\nb\n",
		"second title":     "# T\n# U\n",
		"stray text":       "# T\nstray\n",
		"prose in a list":  "# T\n## References\nprose\n",
	} {
		if _, err := ParseText(bad); !errors.Is(err, ErrText) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
