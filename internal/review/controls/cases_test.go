package controls_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/review/reviewtest"
)

// example is one case of a control: "-- STATUS: what is spoiled --".
type example struct {
	name   string
	status review.Status
	reviewtest.Case
	subject string // app id, or "" for the server
}

// examples reads the cases of a control.
func examples(t *testing.T, c review.Control) []example {
	t.Helper()
	var list []example
	for _, item := range reviewtest.Archive(t, filepath.Join("testdata", c.ID+".txtar")) {
		given, err := reviewtest.Parse(item.Text)
		if err != nil {
			t.Fatalf("%s: %s: %v", c.ID, item.Name, err)
		}
		status, _, _ := strings.Cut(item.Name, ":")
		x := example{name: item.Name, status: review.Status(status), Case: given}
		if c.Scope == review.PerApp {
			x.subject = given.Snapshot.Apps[0].ID
		}
		list = append(list, x)
	}
	return list
}

// Each control is judged on its cases: at least one for each clause it has, one
// that fails and one in which an unknown value decides. Each says why.
func TestCases(t *testing.T) {
	for _, c := range controls.Catalogue() {
		t.Run(c.ID, func(t *testing.T) {
			var met []review.Status
			for _, x := range examples(t, c) {
				met = append(met, x.status)
				t.Run(x.name, func(t *testing.T) { judge(t, c, x) })
			}
			required := []review.Status{review.Pass, review.Fail, review.Inconclusive}
			if c.Mitigated != nil {
				required = append(required, review.Mitigated)
			}
			if c.Manual != nil {
				required = append(required, review.Manual)
			}
			if c.NotApplicable != nil {
				required = append(required, review.NotApplicable)
			}
			for _, s := range required {
				if !slices.Contains(met, s) {
					t.Errorf("no case with the verdict %s", s)
				}
			}
		})
	}
}

// judge checks the verdict of one case.
func judge(t *testing.T, c review.Control, x example) {
	t.Helper()
	got := verdict(t, c, x.Snapshot, x.Proofs, x.subject)
	if got.Status != x.status {
		t.Errorf("%s, want %s: %s", got.Status, x.status, got.Reason)
	}
	if !strings.HasPrefix(got.Reason, x.status.Words()+": ") || got.Actual == "" || got.Expected == "" {
		t.Errorf("incomplete verdict: reason %q, actual %q, expected %q", got.Reason, got.Actual, got.Expected)
	}
	if x.Severity != 0 {
		f, _ := review.Judge(review.Input{Snapshot: x.Snapshot, Controls: controls.Catalogue(), Proofs: x.Proofs}).Find(c.ID, x.subject)
		if f.Severity.Computed != x.Severity {
			t.Errorf("severity %.1f %v, want %.1f", f.Severity.Computed, f.Severity.Factors, x.Severity)
		}
	}
	if len(x.Reasons) == 0 {
		t.Error("the case does not say which reason it expects")
	}
	for _, r := range x.Reasons {
		if !strings.Contains(got.Reason, r) {
			t.Errorf("reason %q does not say %q", got.Reason, r)
		}
	}
}

// verdict judges one subject by the whole catalogue, as rules may cite rules.
func verdict(t *testing.T, c review.Control, s review.Snapshot, proofs []review.Proof, subject string) review.Verdict {
	t.Helper()
	verdicts, mistakes := review.Verdicts(s, controls.Catalogue(), proofs)
	for _, m := range mistakes {
		t.Error(m)
	}
	i := slices.IndexFunc(verdicts, func(v review.SubjectVerdict) bool { return v.Control == c.ID && v.App == subject })
	return verdicts[i].Verdict
}

// At a healthy server no control has anything to find.
func TestHealthy(t *testing.T) {
	verdicts, mistakes := review.Verdicts(reviewtest.Healthy(), controls.Catalogue(), nil)
	for _, m := range mistakes {
		t.Error(m)
	}
	for _, v := range verdicts {
		if v.Status != review.Pass && v.Status != review.NotApplicable {
			t.Errorf("%s %s: %s", v.Control, v.App, v.Reason)
		}
	}
}
