package report_test

import (
	"encoding/json"
	"strings"
	"testing"

	"countersign/internal/evidence"
	"countersign/internal/review"
	"countersign/internal/review/report"
)

// broken is a run with the transcript of a proof in which an attack worked.
func broken(t *testing.T) (*review.Run, review.Finding) {
	t.Helper()
	run := review.Judge(seeded(t))
	for i, f := range run.Findings {
		if f.Probe == nil || f.Probe.Result != review.Broken || f.App == "" {
			continue
		}
		run.Findings[i].Probe.Cases = map[int]review.Result{0: review.Held, 2: review.Broken}
		run.Transcripts = []*evidence.Transcript{{
			Schema: evidence.Schema, Probe: f.Probe.Probe, Subject: f.App, Title: "A stolen code", Result: evidence.Broken, Why: "tokens",
			Story: evidence.Story{Attacker: "Somebody.", Holds: "A code.", Wants: "Tokens.", Defence: "The verifier."},
			Cases: []evidence.Case{
				{Number: 0, Title: "The honest way", Result: evidence.Held, Exchanges: []evidence.Exchange{}},
				{Number: 1, Title: "Of another control", Result: evidence.Broken, Why: "not this one", Exchanges: []evidence.Exchange{}},
				{Number: 2, Title: "No verifier", Changed: "no verifier", Expect: "400", Door: "standard", Result: evidence.Held, Exchanges: []evidence.Exchange{}},
				{Number: 2, Title: "No verifier", Changed: "no verifier", Expect: "400", Door: "salesforce", Result: evidence.Broken, Why: "tokens", Exchanges: []evidence.Exchange{{
					Who: "a thief", What: "redeems the code", Request: evidence.Message{Line: "POST /token"}, Response: evidence.Message{Line: "200 OK", Status: 200, Body: `{"access_token":"‹access token·aabbccdd›"}`},
				}}},
			},
		}}
		return run, run.Findings[i]
	}
	t.Fatal("no finding has a broken proof")
	return nil, review.Finding{}
}

// TestEveryFormShowsTheProof: how an attack worked is in each of them, and of a
// transcript only what concerns the control is under its finding.
func TestEveryFormShowsTheProof(t *testing.T) {
	run, f := broken(t)
	const step = "A thief redeems the code: POST /token → 200 OK Granted: here is a token."
	for form, want := range map[report.Format][]string{
		report.FormatHTML: {
			`<a href="#p-` + strings.TrimPrefix(f.Probe.Probe, "probe.") + "-", "See what was sent", "What attackers tried", `id="p-`,
			`<details class="attempt r-broken" open>`, "<b>A thief</b> redeems the code", "Who attacks", `<li class="r-broken"><span class="mark">✕</span><span>No verifier: <span class="muted">tokens`,
		},
		report.FormatSARIF: {`"codeFlows"`, step, "A stolen code, case 2, No verifier: tokens (changed: no verifier; a sound server answers 400)"},
		report.FormatJUnit: {strings.ReplaceAll(step, ">", "&gt;")},
		report.FormatTable: {"attack", "A stolen code, case 2,", "A thief redeems the code:"},
		report.FormatJSON:  {`"transcripts"`, `"who": "a thief"`, `"story"`},
	} {
		text := string(written(t, form, run, report.Options{}))
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s lacks %q", form, w)
			}
		}
		if form != report.FormatJSON && form != report.FormatHTML && strings.Contains(text, "not this one") {
			t.Errorf("%s shows a case of another control", form)
		}
	}
	page := string(written(t, report.FormatHTML, run, report.Options{}))
	if n := strings.Count(page, "not this one"); n != 1 { // in the transcript, not under the finding
		t.Errorf("the case of another control is shown %d times", n)
	}
}

// TestACodeFlowIsWhole: a viewer needs a place and a text for each step.
func TestACodeFlowIsWhole(t *testing.T) {
	run, f := broken(t)
	var log struct {
		Runs []struct {
			Results []struct {
				RuleID    string `json:"ruleId"`
				CodeFlows []struct {
					ThreadFlows []struct {
						Locations []struct {
							Location struct {
								Message struct{ Text string } `json:"message"`
								Logical []struct {
									Name string `json:"fullyQualifiedName"`
								} `json:"logicalLocations"`
							} `json:"location"`
						} `json:"locations"`
					} `json:"threadFlows"`
				} `json:"codeFlows"`
			} `json:"results"`
		} `json:"runs"`
	}
	if err := json.Unmarshal(written(t, report.FormatSARIF, run, report.Options{}), &log); err != nil {
		t.Fatal(err)
	}
	flows := 0
	for _, r := range log.Runs[0].Results {
		for _, c := range r.CodeFlows {
			flows++
			for _, l := range c.ThreadFlows[0].Locations {
				if l.Location.Message.Text == "" || len(l.Location.Logical) == 0 || r.RuleID != f.Control {
					t.Errorf("%s: %+v", r.RuleID, l)
				}
			}
		}
	}
	if flows != 1 {
		t.Errorf("%d flows", flows)
	}
}

// TestManyAppsKeepThePageSmall: messages are shown for the first apps, and for
// what is broken.
func TestManyAppsKeepThePageSmall(t *testing.T) {
	run, _ := broken(t)
	one := *run.Transcripts[0]
	one.Result, one.Cases = evidence.Held, []evidence.Case{one.Cases[3]}
	one.Cases[0].Result = evidence.Held
	run.Transcripts = nil
	app := run.Apps[0]
	run.Apps = nil
	for i := range 20 {
		c := one
		c.Subject = "app-" + string(rune('a'+i))
		a := app
		a.ID, a.Name = c.Subject, c.Subject
		run.Apps, run.Transcripts = append(run.Apps, a), append(run.Transcripts, &c)
		run.Findings = append(run.Findings, review.Finding{Control: "x", App: c.Subject, Status: review.Pass})
	}
	page := string(written(t, report.FormatHTML, run, report.Options{}))
	if n := strings.Count(page, "<b>A thief</b>"); n == 0 || n > 12 {
		t.Errorf("messages are shown for %d of 20 apps", n)
	}
	if !strings.Contains(page, "the messages are in the evidence file") {
		t.Error("nothing says where the rest is")
	}
}
