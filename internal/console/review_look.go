package console

import (
	"fmt"

	"countersign/internal/review"
	"countersign/internal/web/page"
)

// statuses in the order in which people should look at them.
var statuses = []review.Status{review.Fail, review.Inconclusive, review.Manual, review.Mitigated, review.Pass, review.NotApplicable}

// levels of severity, the worst first.
var levels = []string{review.Critical, review.High, review.Medium, review.Low}

func toneOfStatus(s review.Status) page.Tone {
	switch s {
	case review.Fail:
		return page.Critical
	case review.Inconclusive:
		return page.Doubt
	case review.Manual:
		return page.Info
	case review.Mitigated:
		return page.Medium
	case review.Pass:
		return page.Good
	case review.NotApplicable:
		return page.Calm
	}
	return page.Calm
}

func toneOfLevel(level string) page.Tone {
	switch level {
	case review.Critical:
		return page.Critical
	case review.High:
		return page.High
	case review.Medium:
		return page.Medium
	case review.Low:
		return page.Low
	}
	return page.Calm
}

// statusBadge is the verdict; a waived one says so.
func statusBadge(f review.Finding) page.Badge {
	b := page.Badge{Tone: toneOfStatus(f.Status), Text: f.Status.Words()}
	if f.Waived() {
		b = page.Badge{Tone: page.Calm, Text: b.Text + ", waived"}
	}
	return b
}

// levelBadge is the severity, empty where nothing is at risk.
func levelBadge(f review.Finding) page.Badge {
	if f.Weight() == 0 {
		return page.Badge{}
	}
	return page.Badge{Tone: toneOfLevel(f.Severity.Level), Text: fmt.Sprintf("%s %.1f", f.Severity.Level, f.Weight())}
}

// ringOf draws a score.
func ringOf(s review.Score) page.Ring {
	r := page.Ring{Text: review.Points(s.Score), Under: string(s.Grade), Title: "Score " + s.Words(), Tone: page.Calm}
	if s.Score == nil {
		r.Text, r.Under = "–", "nothing to count"
		return r
	}
	r.Part = *s.Score / 100
	switch s.Grade {
	case review.Excellent, review.VeryGood:
		r.Tone = page.Good
	case review.Good:
		r.Tone = page.Medium
	case review.Poor:
		r.Tone = page.High
	case review.VeryPoor, review.Ungraded:
		r.Tone = page.Critical
	}
	return r
}

// levelsOf counts open findings by severity.
func levelsOf(findings []review.Finding) page.Stack {
	n := map[string]int{}
	open := 0
	for _, f := range findings {
		if f.Open() {
			n[f.Severity.Level]++
			open++
		}
	}
	parts := make([]page.Part, 0, len(levels))
	for _, l := range levels {
		parts = append(parts, page.Part{N: n[l], Name: l, Tone: toneOfLevel(l)})
	}
	return page.NewStack(page.Count(open, "open finding", "open findings"), parts...)
}
