package review

import (
	"encoding/json"
	"slices"
	"testing"
)

// Runs list apps by id with the server last, each by the catalogue's order,
// and say the same twice.
func TestRunIsOrderedAndDeterministic(t *testing.T) {
	s := small(t)
	slices.Reverse(s.Apps)
	in := Input{Snapshot: s, Controls: few(), WhatIf: true}
	var got []string
	for _, f := range Judge(in).Findings {
		got = append(got, f.SubjectName()+"/"+f.Control)
	}
	want := []string{"a/pkce", "a/par", "a/secret", "b/pkce", "b/par", "b/secret", "server/server-pkce"}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	first, _ := json.Marshal(Judge(in))
	for range 5 {
		if again, _ := json.Marshal(Judge(in)); string(again) != string(first) {
			t.Fatal("two runs differ")
		}
	}
}

// A run can be narrowed to apps and controls; the server's findings stay.
func TestNarrowed(t *testing.T) {
	run := Judge(Input{Snapshot: small(t), Controls: few(), Apps: []string{"b"}, Only: []string{"pkce", "server-pkce"}})
	if len(run.Findings) != 2 || run.Findings[0].App != "b" || run.Findings[1].App != "" || len(run.Apps) != 1 {
		t.Errorf("%+v", run.Findings)
	}
}

// Problems of the reader are findings of their own and leave the score alone.
func TestProblems(t *testing.T) {
	s := small(t)
	clean := Judge(Input{Snapshot: s, Controls: few()})
	problem := Problem{Rule: "metadata-broken-file", Subject: "x.xml", Status: Fail, Severity: 5, Actual: "cut off", Expected: "XML", Reason: "the file ends early", File: "x.xml", Line: 7}
	other := problem
	other.Subject = "y.xml"
	s.Problems = []Problem{problem, other}
	run := Judge(Input{Snapshot: s, Controls: few()})
	if *run.Score.Score != *clean.Score.Score || len(run.Findings) != len(clean.Findings)+2 {
		t.Errorf("score %v, %d findings", *run.Score.Score, len(run.Findings))
	}
	var extra []Finding
	for _, f := range run.Findings {
		if f.Extra {
			extra = append(extra, f)
		}
	}
	if len(extra) != 2 || extra[0].Fingerprint == extra[1].Fingerprint || extra[0].Location.Line != 7 {
		t.Errorf("%+v", extra)
	}
}

// A finding points at the file and line of the deciding value, else at the
// app's file, else at a logical place.
func TestLocations(t *testing.T) {
	s := small(t).with(t, "app.pkce.required", "false").with(t, "app.par.required", "false")
	if got := judged(t, s, "pkce", "a").Location; *got != (Location{Logical: "app/a#app.pkce.enforced"}) {
		t.Errorf("live: %+v", got)
	}
	s.Apps[0].File = "a.xml"
	if got := judged(t, s, "pkce", "a").Location; *got != (Location{File: "a.xml", Logical: "app/a#app.pkce.enforced"}) {
		t.Errorf("app's file: %+v", got)
	}
	s.Apps[0].Values["app.pkce.required"] = Of(false, "metadata").In("a.xml", 12)
	if got := judged(t, s, "pkce", "a").Location; *got != (Location{File: "a.xml", Line: 12, Logical: "app/a#app.pkce.enforced"}) {
		t.Errorf("line: %+v", got)
	}
}

// The values of a finding say what was read, from where, and what is wanted.
func TestValuesOfFinding(t *testing.T) {
	f := judged(t, small(t).with(t, "app.access_token.ttl", "2h"), "secret", "a")
	want := []Shown{
		{Name: "app.secret.age", Actual: "10d", Recommended: "at most 90d", From: "app setting"},
		{Name: "app.access_token.ttl", Actual: "2h", Recommended: "at most 1h", From: "app setting", Decisive: true},
	}
	if !slices.Equal(f.Values, want) {
		t.Errorf("%+v", f.Values)
	}
}

// A finding of the server that one app decided points at that app.
func TestServerFindingPointsAtApp(t *testing.T) {
	control := few()[3]
	control.Cites = nil
	control.Pass = func(e *Eval) Truth {
		return e.EveryApp("every app must push", func(a *Eval) Truth { return a.True("app.par.required") })
	}
	s := small(t)
	s.Apps[1].Values["app.par.required"] = Of(false, "metadata").In("b.xml", 3)
	f, _ := Judge(Input{Snapshot: s, Controls: []Control{control}}).Find("server-pkce", "")
	if *f.Location != (Location{File: "b.xml", Line: 3, Logical: "app/b#app.par.required"}) {
		t.Errorf("%+v", f.Location)
	}
	if f.Actual != "app.par.required of app b = false" || f.Expected != "app.par.required of app b = true" {
		t.Errorf("%s; %s", f.Actual, f.Expected)
	}
	s.Apps[1].Values["app.par.required"] = Of(true, "")
	f, _ = Judge(Input{Snapshot: s, Controls: []Control{control}}).Find("server-pkce", "")
	if f.Reason != "pass: every app must push" || f.Actual != "every app must push" || f.Expected != f.Actual {
		t.Errorf("%s; %s; %s", f.Reason, f.Actual, f.Expected)
	}
}
