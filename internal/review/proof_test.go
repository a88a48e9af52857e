package review

import "testing"

// The table of configuration against proof answers every combination, and each
// cell says what the semantics say.
func TestContrast(t *testing.T) {
	for _, c := range []struct {
		configured Status
		result     Result
		want       Status
		proof      string
		lies       bool
	}{
		{Pass, Held, Pass, "proven", false},
		{Pass, Broken, Fail, "configuration lies", true},
		{Pass, ResultUnresolved, Inconclusive, "proof missing", false},
		{Mitigated, Held, Mitigated, "held, but not by a defence the rule names", false},
		{Mitigated, Broken, Fail, "the mitigation does not hold", true},
		{Mitigated, ResultUnresolved, Inconclusive, "proof missing", false},
		{Fail, Held, Fail, "not demonstrated", false},
		{Fail, Broken, Fail, "demonstrated", false},
		{Fail, ResultUnresolved, Fail, "proof missing", false},
		{NotApplicable, Held, NotApplicable, "proven", false},
		{NotApplicable, Broken, Fail, "configuration lies", true},
		{NotApplicable, ResultUnresolved, NotApplicable, "proof missing", false},
		{Manual, Held, Manual, "server half proven", false},
		{Manual, Broken, Fail, "demonstrated", false},
		{Manual, ResultUnresolved, Manual, "proof missing", false},
		{Inconclusive, Held, Inconclusive, "held", false},
		{Inconclusive, Broken, Fail, "demonstrated", false},
		{Inconclusive, ResultUnresolved, Inconclusive, "proof missing", false},
		{Pass, ResultNone, Pass, "not tried", false},
	} {
		got := Control{}.against(c.configured, Proof{Result: c.result}, true)
		if got != (outcome{c.want, c.proof, c.lies}) {
			t.Errorf("%s with a probe %s: %+v", c.configured, c.result, got)
		}
	}
	for _, s := range Statuses() {
		if got := (Control{}).against(s, Proof{}, false); got != (outcome{s, "not run", false}) {
			t.Errorf("%s without a probe: %+v", s, got)
		}
	}
}

// Luck is no mitigation: only a defence the rule names proves one, or relieves
// a fail.
func TestNamedDefence(t *testing.T) {
	mitigated := small(t).with(t, "app.pkce.required", "false")
	failed := mitigated.with(t, "app.par.required", "false")
	for _, c := range []struct {
		name       string
		s          Snapshot
		answeredBy string
		want       Status
		proof      string
	}{
		{"mitigated, by the named area", mitigated, "par.missing", Mitigated, "proven"},
		{"mitigated, by luck", mitigated, "limit.login", Mitigated, notNamed},
		{"fail, by luck", failed, "limit.login", Fail, "not demonstrated"},
		{"fail, by the defence that relieves it", failed, "code.other-app", Mitigated, "proven"},
	} {
		f := judged(t, c.s, "pkce", "a", Proof{Probe: "probe.pkce", App: "a", Result: Held, AnsweredBy: []string{c.answeredBy}})
		if f.Status != c.want || f.Proof != c.proof {
			t.Errorf("%s: %s, %s", c.name, f.Status, f.Proof)
		}
	}
}

// A control is proven by its own cases, and only after the positive control.
func TestForCases(t *testing.T) {
	for _, c := range []struct {
		name  string
		cases map[int]Result
		want  Result
	}{
		{"all hold", map[int]Result{0: Held, 1: Held, 2: Held}, Held},
		{"one is broken", map[int]Result{0: Held, 1: Held, 2: Broken}, Broken},
		{"another control's case is broken", map[int]Result{0: Held, 1: Held, 2: Held, 3: Broken}, Held},
		{"the positive control failed", map[int]Result{0: ResultUnresolved, 1: Broken, 2: Held}, ResultUnresolved},
		{"a case could not be made", map[int]Result{0: Held, 1: Held, 2: ResultUnresolved}, ResultUnresolved},
		{"a case is missing", map[int]Result{0: Held, 1: Held}, ResultUnresolved},
		{"none applies", map[int]Result{0: Held, 1: ResultNone, 2: ResultNone}, ResultNone},
		{"the whole does not apply", map[int]Result{0: ResultNone, 1: ResultNone, 2: ResultNone}, ResultNone},
		{"one does not apply", map[int]Result{0: Held, 1: ResultNone, 2: Held}, Held},
		{"not numbered", nil, Broken},
	} {
		if got := (Proof{Result: Broken, Cases: c.cases}).ForCases([]int{1, 2}).Result; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// A proof ends when the configuration or the server's version changes.
func TestStaleProof(t *testing.T) {
	s := small(t)
	made := Proof{Probe: "probe.pkce", App: "a", Result: Broken, Configuration: ConfigurationHash(s, "a"), ServerVersion: "1"}
	if f := judged(t, s, "pkce", "a", made); f.Status != Fail {
		t.Errorf("fresh: %s", f.Reason)
	}
	if f := judged(t, s.with(t, "app.secret.age", "11d"), "pkce", "a", made); f.Status != Fail {
		t.Errorf("a day later: %s", f.Reason)
	}
	if f := judged(t, s.with(t, "app.access_token.ttl", "10m"), "pkce", "a", made); f.Status != Pass || f.Proof != "proven for an earlier configuration" {
		t.Errorf("another configuration: %s, %s", f.Reason, f.Proof)
	}
	made.Stale = true
	if f := judged(t, s, "pkce", "a", made); f.Status != Pass {
		t.Errorf("known to be stale: %s", f.Reason)
	}
	made.Stale = false
	s.ServerVersion = "2"
	if f := judged(t, s, "pkce", "a", made); f.Status != Pass {
		t.Errorf("another version: %s", f.Reason)
	}
}
