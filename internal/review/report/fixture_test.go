package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/review"
	"countersign/internal/review/report"
	"countersign/internal/review/reviewtest"
)

var update = flag.Bool("update", false, "write golden files anew")

// golden compares a text with the file of that name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs; look at it, then run with -update\n%s", file, diff)
	}
}

// written is a run in a form.
func written(t *testing.T, form report.Format, run *review.Run, o report.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, form, run, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rules are seven small controls, one for each thing a report can say.
func rules() []review.Control {
	text := func(title string) review.Text {
		return review.Text{
			Title: title, RecommendedConfiguration: "It is on.", Overview: "What it does.", Risk: "What may happen.",
			ThreatScenarios: []string{"Somebody steals a code and redeems it."}, Impact: "Sessions are lost.",
			BusinessConsiderations: "Apps must change.", Remediation: "Switch it on.", References: []string{"RFC 9700 §2.1.1"},
		}
	}
	fix := review.Fix{
		Patch:  []review.Change{review.Write("app.pkce.required", true), review.WriteAsked("app.policy.ip_ranges", "the networks seen"), review.Task("tell the owner")},
		Breaks: "Clients seen without a challenge.",
	}
	return []review.Control{
		{
			ID: "pkce", Scope: review.PerApp, CVSS: review.BandHigh, Text: text("PKCE is required"), Fix: fix,
			Probe: review.Probe{ID: "probe.pkce"}, MitigatedBy: []string{"par"}, Defences: []string{"pkce."},
			NotApplicable: func(e *review.Eval) review.Truth { return e.False("app.issues_codes") },
			Pass:          func(e *review.Eval) review.Truth { return e.True("app.pkce.enforced") },
			Mitigated:     func(e *review.Eval) review.Truth { return e.True("app.par.required") },
		},
		{
			ID: "par", Scope: review.PerApp, CVSS: review.BandMedium, Text: text("Requests are pushed"), Probe: review.Probe{ID: "probe.par"},
			Pass: func(e *review.Eval) review.Truth { return e.True("app.par.required") },
			Fix:  review.Fix{Patch: []review.Change{review.Write("app.par.required", true)}, Breaks: "Nobody."},
		},
		{
			ID: "lifetime", Scope: review.PerApp, CVSS: review.BandLow, Text: text("Access tokens are short"), Probe: review.Probe{ID: "probe.expiry"},
			Pass:   func(e *review.Eval) review.Truth { return e.AtMost("app.access_token.ttl", 15*time.Minute) },
			Manual: func(e *review.Eval) review.Truth { return e.Attested("private-link") },
			Fix:    review.Fix{Patch: []review.Change{review.Write("app.access_token.ttl", 15*time.Minute)}, Breaks: "Long jobs."},
		},
		{
			ID: "scopes", Scope: review.PerApp, CVSS: review.BandCritical, Text: text("Scopes are few"), Probe: review.Probe{ID: "probe.scope"},
			Pass: func(e *review.Eval) review.Truth { return e.False("app.scopes.any_privileged") },
			Fix:  review.Fix{Patch: []review.Change{review.WriteCopy("app.scopes", "app.usage.scopes_used")}, Breaks: "Users of the scope."},
		},
		{
			ID: "iss", Scope: review.PerServer, CVSS: review.BandMedium, Text: text("Responses name the issuer"), Probe: review.Probe{ID: "probe.iss"},
			Pass: func(e *review.Eval) review.Truth { return e.True("server.oauth.iss_parameter") },
			Fix:  review.Fix{Patch: []review.Change{review.Write("server.oauth.iss_parameter", true)}, Breaks: "Nobody."},
		},
	}
}

// seeded is a healthy app and three risky ones, with proofs, a waiver that is
// in force, one that lapsed and one that matches nothing, values read from a
// file, and a file that could not be read.
func seeded(t *testing.T) review.Input {
	t.Helper()
	c, err := reviewtest.Parse(`
server.oauth.require_pkce = false
server.oauth.iss_parameter = false
app mobile
app.client_type = public
app.client_auth = none
app.pkce.required = false
app.par.required = false
app.access_token.ttl = 12h
app.first_party = false
probe probe.pkce = broken
app batch
app.pkce.required = false
app.access_token.ttl = 1h
app.scopes = [openid, everything]
attest private-link
probe probe.pkce = held
app <legacy>
app.par.required = false
app.access_token.ttl = unknown
app.refresh.policy = infinite
app.policy.ip = bypass
probe probe.par = broken
probe probe.pkce = broken
scope everything
scope.privileged = true
scope.wildcard = true
scope.confidential = true
scope.identity = false
`)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Snapshot
	for i := range s.Apps {
		if s.Apps[i].ID == "mobile" {
			s.Apps[i].Name = "Mobile | app"
			s.Apps[i].Values["app.pkce.required"] = review.Of(false, "metadata").In("force-app/main/Mobile app.ecaGlblOauth-meta.xml", 12)
			s.Apps[i].File = "force-app/main/Mobile.eca-meta.xml"
		}
	}
	s.Problems = []review.Problem{{
		Rule: "metadata-broken-file", Subject: "broken.xml", Status: review.Fail, Severity: 5.5, Actual: "the file ends in line 9",
		Expected: "well-formed XML", Reason: "the file cannot be read", File: "force-app/broken.xml", Line: 9,
	}}
	s.Waivers = []review.Waiver{{Control: "scopes", App: "gone", Reason: "none", Owner: "dana", Until: reviewtest.Taken().Add(review.Day)}}
	first := review.Judge(review.Input{Snapshot: s, Controls: rules(), Proofs: c.Proofs})
	for _, w := range []struct {
		control, app string
		days         int
	}{{"par", "mobile", 20}, {"lifetime", "mobile", 90}} {
		made, err := first.Waive(w.control, w.app, "=moves to a new SDK @dana", "dana", reviewtest.Taken().Add(time.Duration(w.days)*review.Day))
		if err != nil {
			t.Fatal(err)
		}
		s.Waivers = append(s.Waivers, made)
	}
	s.Waivers[2].ValueHash = "another value"
	return review.Input{
		Snapshot: s, Controls: rules(), Catalogue: 1, Proofs: c.Proofs, WhatIf: true,
		Forecast: func(app string, patch []review.Step) review.Breakage {
			if app != "mobile" {
				return review.Breakage{}
			}
			return review.Breakage{Known: true, Failed: 3, Of: 12408, Days: 30, Callers: []review.Caller{{Who: "build 4.1", Count: 3}}}
		},
	}
}
