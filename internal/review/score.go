package review

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Grade is a score in words; the steps are those of the vendor's Health Check.
type Grade string

// The grades, and where each begins.
const (
	Excellent Grade = "Excellent" // from 90
	VeryGood  Grade = "Very Good" // from 80
	Good      Grade = "Good"      // from 70
	Poor      Grade = "Poor"      // from 55
	VeryPoor  Grade = "Very Poor" // below
	Ungraded  Grade = ""          // nothing to count
)

// mitigatedShare is what a mitigated control keeps of its worth.
const mitigatedShare = 0.7

// tally is the running sum of a score: what was earned of what counts.
type tally struct{ earned, counted float64 }

// count takes a finding into the sum. What does not apply or is for people to
// judge does not count.
func (t *tally) count(status Status, severity float64) {
	switch status {
	case Pass:
		t.earned += severity
		t.counted += severity
	case Mitigated:
		t.earned += mitigatedShare * severity
		t.counted += severity
	case Fail, Inconclusive:
		t.counted += severity
	case NotApplicable, Manual:
	}
}

func (t tally) plus(u tally) tally { return tally{t.earned + u.earned, t.counted + u.counted} }

func (t tally) minus(u tally) tally { return tally{t.earned - u.earned, t.counted - u.counted} }

// score is the share earned, 0 to 100, rounded down to one decimal so that
// rounding never lifts a grade. Nothing to count gives no score.
func (t tally) score() *float64 {
	if t.counted <= 1e-9 {
		return nil
	}
	s := math.Floor(1000*t.earned/t.counted+1e-6) / 10
	return &s
}

// GradeOf is the grade of a score. One attack that worked caps it at Poor.
func GradeOf(score *float64, attackWorked bool) Grade {
	if score == nil {
		return Ungraded
	}
	s := *score
	if attackWorked {
		s = min(s, 69)
	}
	switch {
	case s >= 90:
		return Excellent
	case s >= 80:
		return VeryGood
	case s >= 70:
		return Good
	case s >= 55:
		return Poor
	}
	return VeryPoor
}

// Score is the two numbers of a subject: with waived findings counted as the
// fails they are, and with them left out.
type Score struct {
	Score          *float64 `json:"score"`
	Grade          Grade    `json:"grade"`
	WithoutWaivers *float64 `json:"score_without_waivers"` // waived findings left out
}

// Words prints both numbers as "71 (78 with waivers), Good", whole points
// rounded down.
func (s Score) Words() string {
	if s.Score == nil {
		return "no score"
	}
	return Points(s.Score) + " (" + Points(s.WithoutWaivers) + " with waivers), " + string(s.Grade)
}

// Points prints a score in whole points, rounded down; "none" if there is none.
func Points(score *float64) string {
	if score == nil {
		return "none"
	}
	return strconv.Itoa(int(math.Floor(*score)))
}

// ScoreOf adds up findings. Every finding that counts is one line of
// [ExplainScore].
func ScoreOf(findings []Finding) Score {
	var all, unwaived tally
	attacked := false
	for _, f := range findings {
		attacked = attacked || f.attackWorked()
		if f.Extra {
			continue
		}
		all.count(f.Status, f.Severity.Computed)
		if !f.Waived() {
			unwaived.count(f.Status, f.Severity.Computed)
		}
	}
	score := all.score()
	return Score{Score: score, Grade: GradeOf(score, attacked), WithoutWaivers: unwaived.score()}
}

// ExplainScore writes the score of findings as a sum anyone can redo: one line
// for each finding that counts, then the total.
func ExplainScore(findings []Finding) []string {
	var lines []string
	var sum tally
	for _, f := range findings {
		var one tally
		one.count(f.Status, f.Severity.Computed)
		if f.Extra || one.counted == 0 {
			continue
		}
		sum = sum.plus(one)
		note := ""
		if f.Waived() {
			note = ", waived but counted"
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s, earns %.2f of %.1f%s", f.SubjectName(), f.Control, f.Status.Words(), one.earned, one.counted, note))
	}
	total := sum.score()
	if total == nil {
		return append(lines, "nothing counts, so there is no score")
	}
	if slices.ContainsFunc(findings, Finding.attackWorked) {
		lines = append(lines, "an attack worked, so the grade is Poor at best")
	}
	return append(lines, fmt.Sprintf("score: 100 × %.2f ÷ %.1f = %.1f", sum.earned, sum.counted, *total))
}
