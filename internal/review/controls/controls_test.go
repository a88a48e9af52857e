package controls_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/review/reviewtest"
)

// Each control has its three files, and its declaration and text are complete.
func TestCatalogueIsSound(t *testing.T) {
	if err := review.Check(controls.Catalogue()); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			if !stillToCome(t, line) {
				t.Error(line)
			}
		}
	}
	for _, c := range controls.Catalogue() {
		markdown, err := os.ReadFile(c.ID + ".md")
		if err != nil {
			t.Errorf("%s: %v", c.ID, err)
			continue
		}
		if _, err := review.ParseText(string(markdown)); err != nil {
			t.Errorf("%s.md: %v", c.ID, err)
		}
		if _, err := os.Stat(c.ID + ".go"); err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
	}
}

// index lists the ids of the catalogue for ever, in its order.
func index(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "index"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(data))
}

// stillToCome excuses a reference to a control of the index that All does not
// list yet.
func stillToCome(t *testing.T, complaint string) bool {
	t.Helper()
	_, id, found := strings.Cut(complaint, "refers to ")
	id, _, _ = strings.Cut(id, ",")
	return found && slices.Contains(index(t), id)
}

// All keeps to the index and its order.
func TestIndex(t *testing.T) {
	ids, at := index(t), -1
	for _, c := range controls.All {
		i := slices.Index(ids, c.ID)
		if i <= at {
			t.Errorf("%s is not in the index, or not in its order", c.ID)
		}
		at = i
	}
}

// A text without a control would be written for nobody.
func TestEveryTextHasItsControl(t *testing.T) {
	for _, pattern := range []string{"*.md", filepath.Join("testdata", "*.txtar")} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			id := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
			if _, ok := controls.Control(id); !ok {
				t.Errorf("%s: no control %s in All", file, id)
			}
		}
	}
}

// Each control is judged on its cases: "-- STATUS: what is spoiled --".
func TestCases(t *testing.T) {
	for _, c := range controls.Catalogue() {
		t.Run(c.ID, func(t *testing.T) {
			var met []review.Status
			for _, item := range reviewtest.Archive(t, filepath.Join("testdata", c.ID+".txtar")) {
				status, _, _ := strings.Cut(item.Name, ":")
				met = append(met, review.Status(status))
				t.Run(item.Name, func(t *testing.T) { judge(t, c, review.Status(status), item.Text) })
			}
			required := []review.Status{review.Pass, review.Fail}
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

// judge checks the verdict of one case on the app it ends with, or on the
// server.
func judge(t *testing.T, c review.Control, want review.Status, text string) {
	t.Helper()
	given, err := reviewtest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	subject := ""
	if c.Scope == review.PerApp {
		subject = given.Snapshot.Apps[0].ID
	}
	verdicts, mistakes := review.Verdicts(given.Snapshot, controls.Catalogue(), given.Proofs)
	for _, m := range mistakes {
		t.Error(m)
	}
	i := slices.IndexFunc(verdicts, func(v review.SubjectVerdict) bool { return v.Control == c.ID && v.App == subject })
	got := verdicts[i]
	if got.Status != want {
		t.Errorf("%s, want %s: %s", got.Status, want, got.Reason)
	}
	if !strings.HasPrefix(got.Reason, want.Words()+": ") || got.Actual == "" || got.Expected == "" {
		t.Errorf("incomplete verdict: reason %q, actual %q, expected %q", got.Reason, got.Actual, got.Expected)
	}
	if given.Severity != 0 {
		f, _ := review.Judge(review.Input{Snapshot: given.Snapshot, Controls: controls.Catalogue(), Proofs: given.Proofs}).Find(c.ID, subject)
		if f.Severity.Computed != given.Severity {
			t.Errorf("severity %.1f %v, want %.1f", f.Severity.Computed, f.Severity.Factors, given.Severity)
		}
	}
	for _, r := range given.Reasons {
		if !strings.Contains(got.Reason, r) {
			t.Errorf("reason %q does not say %q", got.Reason, r)
		}
	}
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
