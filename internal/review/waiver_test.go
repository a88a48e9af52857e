package review

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// failing is a snapshot whose app "a" fails pkce, and a run of it.
func failing(t *testing.T) (Snapshot, *Run) {
	t.Helper()
	s := small(t).with(t, "app.pkce.required", "false").with(t, "app.par.required", "false")
	s.Principals = []string{"dana"}
	s.Scopes["secrets"] = setting(t, map[string]string{"scope.confidential": "true", "scope.privileged": "false", "scope.wildcard": "false"})
	return s, Judge(Input{Snapshot: s, Controls: few()})
}

// A sound request makes a waiver; each row spoils one part of it.
func TestWaive(t *testing.T) {
	_, run := failing(t)
	for _, c := range []struct {
		control, app, reason, owner string
		until                       time.Duration
		want                        error
	}{
		{"pkce", "a", "migration", "dana", 30 * Day, nil},
		{"pkce", "a", "migration", "dana", 180 * Day, nil},
		{"*", "a", "migration", "dana", 30 * Day, ErrWaiverPattern},
		{"pkce", "*", "migration", "dana", 30 * Day, ErrWaiverPattern},
		{"pkce", "a", " ", "dana", 30 * Day, ErrWaiverReason},
		{"pkce", "a", "migration", "", 30 * Day, ErrWaiverOwner},
		{"pkce", "a", "migration", "nobody", 30 * Day, ErrWaiverOwner},
		{"pkce", "a", "migration", "dana", 0, ErrWaiverUntil},
		{"pkce", "a", "migration", "dana", 181 * Day, ErrWaiverUntil},
		{"pkce", "b", "migration", "dana", 30 * Day, ErrWaiverNothing},
		{"hope", "a", "migration", "dana", 30 * Day, ErrWaiverNothing},
	} {
		if _, err := run.Waive(c.control, c.app, c.reason, c.owner, moment.Add(c.until)); !errors.Is(err, c.want) {
			t.Errorf("%s %s %q %q %s: %v, want %v", c.control, c.app, c.reason, c.owner, c.until, err, c.want)
		}
	}
}

// A waiver counts until its day, a value, a scope or its owner changes; then
// the finding is open again and says why.
func TestWaiverLapses(t *testing.T) {
	s, run := failing(t)
	w, err := run.Waive("pkce", "a", "migration", "dana", moment.Add(30*Day))
	if err != nil {
		t.Fatal(err)
	}
	s.Waivers = []Waiver{w}
	for _, c := range []struct {
		name  string
		spoil func(*Snapshot)
		want  string
	}{
		{"nothing changed", func(*Snapshot) {}, ""},
		{"days went by", func(s *Snapshot) { s.Taken = moment.Add(20 * Day) }, ""},
		{"a value it does not rest on", func(s *Snapshot) { *s = s.with(t, "app.access_token.ttl", "3h") }, ""},
		{"its day", func(s *Snapshot) { s.Taken = moment.Add(30 * Day) }, "it ended on 2026-12-23"},
		{"ended early", func(s *Snapshot) { s.Waivers[0].Ended = moment }, "it was ended on 2026-11-23"},
		{"too long", func(s *Snapshot) { s.Waivers[0].Until = moment.Add(200 * Day) }, "it ends more than 180 days ahead"},
		{"a value behind a derived one", func(s *Snapshot) { *s = s.with(t, "app.pkce.methods", "[plain]") }, "a value behind it changed"},
		{"a scope more", func(s *Snapshot) { *s = s.with(t, "app.scopes", "[openid, secrets]") }, "the app gained the scopes secrets"},
		{"the owner left", func(s *Snapshot) { s.Principals = []string{"eve"} }, "its owner dana is no longer known"},
		{"no reason", func(s *Snapshot) { s.Waivers[0].Reason = "" }, "it has no reason"},
		{"no owner", func(s *Snapshot) { s.Waivers[0].Owner = "" }, "it has no owner"},
	} {
		spoiled := s.Clone()
		spoiled.Waivers = []Waiver{w}
		c.spoil(&spoiled)
		f := judged(t, spoiled, "pkce", "a")
		if f.Waiver == nil || f.Waiver.Lapsed != c.want || f.Status != Fail {
			t.Errorf("%s: %s %+v, want lapsed %q", c.name, f.Status, f.Waiver, c.want)
		}
		if f.Open() != (c.want != "") {
			t.Errorf("%s: open %v", c.name, f.Open())
		}
	}
}

// An age that grows by itself ends no waiver.
func TestWaiverSurvivesDrift(t *testing.T) {
	s := small(t).with(t, "app.secret.age", "200d")
	w, err := Judge(Input{Snapshot: s, Controls: few()}).Waive("secret", "a", "r", "dana", moment.Add(30*Day))
	if err != nil {
		t.Fatal(err)
	}
	s = s.with(t, "app.secret.age", "210d")
	s.Waivers = []Waiver{w}
	if f := judged(t, s, "secret", "a"); !f.Waived() {
		t.Errorf("%+v", f.Waiver)
	}
}

// What was demonstrated on confidential data cannot be accepted.
func TestDemonstratedCannotBeWaived(t *testing.T) {
	s, _ := failing(t)
	s = s.with(t, "app.scopes", "[secrets]")
	proofs := []Proof{{Probe: "probe.pkce", App: "a", Result: Broken}}
	run := Judge(Input{Snapshot: s, Controls: few(), Proofs: proofs})
	if _, err := run.Waive("pkce", "a", "migration", "dana", moment.Add(Day)); !errors.Is(err, ErrWaiverConfirmed) {
		t.Errorf("%v", err)
	}
	f, _ := run.Find("pkce", "a")
	s.Waivers = []Waiver{{Control: "pkce", App: "a", Reason: "r", Owner: "dana", Until: moment.Add(Day), ValueHash: f.ValueHash, Scopes: []string{"secrets"}}}
	if f := judged(t, s, "pkce", "a", proofs...); f.Waived() || !strings.Contains(f.Waiver.Lapsed, "demonstrated") {
		t.Errorf("%+v", f.Waiver)
	}
}

// Waivers that match nothing are shown, not swallowed.
func TestUnmatchedWaiver(t *testing.T) {
	s, _ := failing(t)
	s.Waivers = []Waiver{{Control: "pkce", App: "gone", Owner: "dana"}}
	if run := Judge(Input{Snapshot: s, Controls: few()}); len(run.Unmatched) != 1 {
		t.Errorf("%+v", run.Unmatched)
	}
}
