package report

import "countersign/internal/review"

// bar is one line of the chart of severities: the open findings of a subject
// by level.
type bar struct {
	Title  string
	Index  int
	Pieces []piece
	Total  int
	Width  int // of the whole chart, so that bars can be compared
	Score  review.Score
	Waived int
}

// piece is a part of a bar.
type piece struct {
	Level       string
	From, Count int
}

const mostBars = 30

// chartOf counts open findings per subject, the worst subjects first as groups
// orders them, and says how many it leaves out.
func chartOf(groups []groupView) (bars []bar, more int) {
	widest := 1
	for _, g := range groups {
		b := bar{Title: g.Title, Index: g.Index, Score: g.Score, Waived: g.Counts.Waived}
		for _, level := range []string{review.Critical, review.High, review.Medium, review.Low} {
			p := piece{Level: level, From: b.Total}
			for _, f := range g.Findings {
				if f.Open() && f.Severity.Level == level {
					p.Count++
				}
			}
			if p.Count > 0 {
				b.Pieces = append(b.Pieces, p)
				b.Total += p.Count
			}
		}
		widest = max(widest, b.Total)
		bars = append(bars, b)
	}
	if len(bars) > mostBars {
		bars, more = bars[:mostBars], len(bars)-mostBars
	}
	for i := range bars {
		bars[i].Width = widest
	}
	return bars, more
}
