package review

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func finding(status Status, severity float64) Finding {
	return Finding{Control: "c", App: "a", Status: status, Severity: Severity{Computed: severity}}
}

func TestScore(t *testing.T) {
	waived := finding(Fail, 8)
	waived.Waiver = &Waived{Reason: "r"}
	lapsed := finding(Fail, 8)
	lapsed.Waiver = &Waived{Lapsed: "it ended"}
	extra := finding(Fail, 8)
	extra.Extra = true
	for _, c := range []struct {
		name     string
		findings []Finding
		words    string
	}{
		{"nothing to count", []Finding{finding(NotApplicable, 8), finding(Manual, 8)}, "no score"},
		{"all pass", []Finding{finding(Pass, 8), finding(NotApplicable, 8)}, "100 (100 with waivers), Excellent"},
		{"heavier controls weigh more", []Finding{finding(Pass, 8), finding(Fail, 2)}, "80 (80 with waivers), Very Good"},
		{"mitigated keeps 0.7", []Finding{finding(Mitigated, 8)}, "70 (70 with waivers), Good"},
		{"inconclusive counts zero", []Finding{finding(Pass, 5), finding(Inconclusive, 5)}, "50 (50 with waivers), Very Poor"},
		{"waived counts, and is shown apart", []Finding{finding(Pass, 8), waived}, "50 (100 with waivers), Very Poor"},
		{"lapsed is not waived", []Finding{finding(Pass, 8), lapsed}, "50 (50 with waivers), Very Poor"},
		{"extra findings are not in the catalogue", []Finding{finding(Pass, 8), extra}, "100 (100 with waivers), Excellent"},
	} {
		if got := ScoreOf(c.findings).Words(); got != c.words {
			t.Errorf("%s: %q, want %q", c.name, got, c.words)
		}
	}
}

func TestGrades(t *testing.T) {
	for score, want := range map[float64]Grade{100: Excellent, 90: Excellent, 89.9: VeryGood, 80: VeryGood, 79.9: Good, 70: Good, 69.9: Poor, 55: Poor, 54.9: VeryPoor, 0: VeryPoor} {
		if got := GradeOf(&score, false); got != want {
			t.Errorf("%.1f: %s, want %s", score, got, want)
		}
	}
	high, low := 99.0, 10.0
	if got := GradeOf(&high, true); got != Poor {
		t.Errorf("after an attack that worked: %s", got)
	}
	if got := GradeOf(&low, true); got != VeryPoor {
		t.Errorf("the cap lifts nobody: %s", got)
	}
	if got := GradeOf(nil, false); got != Ungraded {
		t.Errorf("no score: %s", got)
	}
}

// The score is rounded down, so that rounding never lifts a grade.
func TestScoreRoundsDown(t *testing.T) {
	s := tally{earned: 8999, counted: 10000}.score()
	if *s != 89.9 {
		t.Errorf("%v", *s)
	}
}

func TestExplainScore(t *testing.T) {
	waived := finding(Fail, 2)
	waived.Waiver = &Waived{}
	got := ExplainScore([]Finding{finding(Pass, 8), finding(Mitigated, 5.5), waived, finding(NotApplicable, 8)})
	want := []string{
		"a c: pass, earns 8.00 of 8.0",
		"a c: mitigated, earns 3.85 of 5.5",
		"a c: fail, earns 0.00 of 2.0, waived but counted",
		"score: 100 × 11.85 ÷ 15.5 = 76.4",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
