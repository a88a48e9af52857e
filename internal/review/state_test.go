package review

import (
	"encoding/json"
	"strings"
	"testing"
)

// A finding's life over several runs: what each run calls it.
func TestStates(t *testing.T) {
	good, bad := small(t), small(t).with(t, "app.pkce.required", "false").with(t, "app.par.required", "false")
	waived := bad
	first := Judge(Input{Snapshot: bad, Controls: few()})
	w, err := first.Waive("pkce", "a", "r", "dana", moment.Add(10*Day))
	if err != nil {
		t.Fatal(err)
	}
	waived.Waivers = []Waiver{w}
	var previous *Run
	for i, step := range []struct {
		s    Snapshot
		want State
	}{
		{good, ""},
		{bad, New},
		{bad, Open},
		{waived, Open},
		{bad, Reopened},
		{bad, Open},
		{good, Resolved},
		{good, Resolved},
		{bad, Reopened},
	} {
		run := Judge(Input{Snapshot: step.s, Controls: few(), Previous: reread(t, previous)})
		if f, _ := run.Find("pkce", "a"); f.State != step.want {
			t.Errorf("run %d: %q, want %q", i, f.State, step.want)
		}
		previous = run
	}
}

// reread writes a run as JSON and reads it, as a run that was kept is.
func reread(t *testing.T, r *Run) *Run {
	t.Helper()
	if r == nil {
		return nil
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	back := &Run{}
	if err := json.Unmarshal(data, back); err != nil {
		t.Fatal(err)
	}
	return back
}

// First sight is kept, the date of the last change moves with changes.
func TestDates(t *testing.T) {
	s := small(t)
	first := Judge(Input{Snapshot: s, Controls: few()})
	s.Taken = moment.Add(Day)
	second := Judge(Input{Snapshot: s, Controls: few(), Previous: first})
	f, _ := second.Find("pkce", "a")
	if !f.FirstSeen.Equal(moment) || !f.LastChanged.Equal(moment) {
		t.Errorf("unchanged: %v %v", f.FirstSeen, f.LastChanged)
	}
	third := Judge(Input{Snapshot: s.with(t, "app.pkce.required", "false"), Controls: few(), Previous: second})
	if f, _ := third.Find("pkce", "a"); !f.FirstSeen.Equal(moment) || !f.LastChanged.Equal(s.Taken) {
		t.Errorf("changed: %v %v", f.FirstSeen, f.LastChanged)
	}
}

// The vector of the reference: the name of a finding never changes.
func TestFingerprint(t *testing.T) {
	if got, want := Fingerprint("code-and-credentials-flow", "app/acme-portal"), "2e35461082c2acac5e379fdf4d081744"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestCompare(t *testing.T) {
	good, bad := small(t), small(t).with(t, "app.pkce.required", "false").with(t, "app.par.required", "false")
	before := Judge(Input{Snapshot: good, Controls: few(), Catalogue: 1})
	after := Judge(Input{Snapshot: bad, Controls: few(), Catalogue: 2, Proofs: []Proof{
		{Probe: "probe.pkce", App: "b", Result: Held}, {Probe: "probe.par", App: "b", Result: Broken},
	}})
	d := Compare(reread(t, before), after)
	for _, c := range []struct {
		name string
		list []Transition
		want string
	}{
		{"broken", d.Broken, "par/a pkce/a par/b server-pkce/"},
		{"proven", d.Proven, "pkce/b"},
		{"contradicted", d.Contradicted, "par/b"},
	} {
		var got []string
		for _, m := range c.list {
			got = append(got, m.Control+"/"+m.App)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
	if len(d.Notes) != 1 || d.Empty() {
		t.Errorf("notes %v", d.Notes)
	}
	if again := Compare(after, after); len(again.Contradicted)+len(again.Proven) != 0 {
		t.Errorf("contradicted again: %+v", again.Contradicted)
	}
	back := Compare(after, before)
	if len(back.Fixed) != 4 {
		t.Errorf("fixed: %+v", back.Fixed)
	}
	bad.Apps = bad.Apps[:1]
	if gone := Compare(before, Judge(Input{Snapshot: bad, Controls: few()})).Gone; len(gone) != 3 {
		t.Errorf("gone: %+v", gone)
	}
	if d := Compare(before, before); !d.Empty() {
		t.Errorf("a run differs from itself: %+v", d)
	}
}

func TestCompareWaivers(t *testing.T) {
	s, run := failing(t)
	w, err := run.Waive("pkce", "a", "r", "dana", moment.Add(Day))
	if err != nil {
		t.Fatal(err)
	}
	s.Waivers = []Waiver{w}
	waived := Judge(Input{Snapshot: s, Controls: few()})
	if d := Compare(run, waived); len(d.Waived) != 1 || !d.Waived[0].isFor("pkce", "a") {
		t.Errorf("%+v", d.Waived)
	}
	s.Taken = moment.Add(2 * Day)
	if d := Compare(waived, Judge(Input{Snapshot: s, Controls: few()})); len(d.Lapsed) != 1 || !strings.Contains(d.Lapsed[0].Reason, "lapsed: it ended") {
		t.Errorf("%+v", d.Lapsed)
	}
	if d := Compare(waived, run); len(d.Lapsed) != 1 || d.Lapsed[0].Reason != "the waiver was removed" {
		t.Errorf("%+v", d.Lapsed)
	}
}

func (t Transition) isFor(control, app string) bool { return t.Control == control && t.App == app }

// Lint remarks what a change makes new or worse, and blocks on critical.
func TestLint(t *testing.T) {
	saved := small(t).with(t, "app.par.required", "false")
	controls := few()
	for i := range controls {
		if controls[i].ID == "pkce" {
			controls[i].CVSS = BandCritical // server-pkce is lifted to critical by exposure alone
		}
	}
	for _, c := range []struct {
		name, set, to string
		want          string
	}{
		{"an unrelated edit", "app.access_token.ttl", "10m", ""},
		{"a new critical fail", "app.pkce.required", "false", "pkce blocks, server-pkce"},
		{"a new small fail", "app.access_token.ttl", "2h", "secret"},
		{"an old fail made worse", "app.first_party", "false", "par"},
	} {
		var got []string
		for _, r := range Lint(saved, saved.with(t, c.set, c.to), controls, nil) {
			text := r.Control
			if r.Blocks {
				text += " blocks"
			}
			got = append(got, text)
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

// Lint never blocks on the console's own access.
func TestLintCannotLockOut(t *testing.T) {
	admin := Control{
		ID: "admin-plane", Scope: PerServer, CVSS: BandCritical, Text: Text{Title: "t"},
		Pass: func(e *Eval) Truth { return e.True("server.admin.mfa") },
	}
	remarks := Lint(small(t).with(t, "server.admin.mfa", "true"), small(t).with(t, "server.admin.mfa", "false"), []Control{admin}, nil)
	if len(remarks) != 1 || remarks[0].Blocks {
		t.Errorf("%+v", remarks)
	}
}

func TestExitCode(t *testing.T) {
	fail := func(severity float64) Finding {
		f := finding(Fail, severity)
		f.Fingerprint = "f"
		return f
	}
	waived := fail(9)
	waived.Waiver = &Waived{}
	lapsed := fail(9)
	lapsed.Waiver = &Waived{Lapsed: "it ended"}
	accepted := finding(Manual, 9)
	accepted.Waiver = &Waived{}
	lies := waived
	lies.Contradicted = true
	before := &Run{Findings: []Finding{fail(9)}}
	resolved := &Run{Findings: []Finding{{Fingerprint: "f", Status: Pass, State: Resolved}}}
	for _, c := range []struct {
		name     string
		findings []Finding
		failOn   string
		strict   bool
		baseline *Run
		want     int
	}{
		{"clean", []Finding{finding(Pass, 9)}, "low", true, nil, 0},
		{"at the threshold", []Finding{fail(7)}, "high", false, nil, 1},
		{"below it", []Finding{fail(6.9)}, "high", false, nil, 0},
		{"low", []Finding{fail(0.5)}, "low", false, nil, 1},
		{"critical", []Finding{fail(8.9)}, "critical", false, nil, 0},
		{"waived", []Finding{waived}, "low", false, nil, 0},
		{"lapsed", []Finding{lapsed}, "low", false, nil, 1},
		{"mitigated", []Finding{finding(Mitigated, 9)}, "low", true, nil, 0},
		{"contradicted, though waived", []Finding{fail(9), lies}, "critical", false, nil, 2},
		{"inconclusive", []Finding{finding(Inconclusive, 9)}, "low", false, nil, 0},
		{"inconclusive, strict", []Finding{finding(Inconclusive, 9)}, "low", true, nil, 3},
		{"manual, strict, waived", []Finding{accepted}, "low", true, nil, 0},
		{"manual, strict", []Finding{finding(Manual, 9)}, "low", true, nil, 3},
		{"open goes before undecided", []Finding{finding(Manual, 9), fail(9)}, "low", true, nil, 1},
		{"known since the baseline", []Finding{fail(9)}, "low", false, before, 0},
		{"new since the baseline", []Finding{fail(9)}, "low", false, &Run{}, 1},
		{"reopened since the baseline", []Finding{fail(9)}, "low", false, resolved, 1},
	} {
		threshold, err := Threshold(c.failOn)
		if err != nil {
			t.Fatal(err)
		}
		if got := ExitCode(c.findings, threshold, c.strict, c.baseline); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if _, err := Threshold("severe"); err == nil {
		t.Error("severe is a threshold")
	}
}
