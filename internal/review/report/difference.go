package report

import (
	"fmt"
	"io"

	"countersign/internal/review"
)

// Difference writes what moved between two runs, for a terminal of 80 columns.
func Difference(w io.Writer, d review.Difference) error {
	t := &table{}
	t.line("Score " + review.Points(d.ScoreBefore) + " -> " + review.Points(d.ScoreAfter))
	for _, note := range d.Notes {
		t.wrapped("note: ", note)
	}
	for _, part := range []struct {
		title string
		list  []review.Transition
	}{
		{"Contradicted by a probe", d.Contradicted},
		{"Fails now", d.Broken},
		{"Waivers that no longer count", d.Lapsed},
		{"No longer fails", d.Fixed},
		{"Waived since", d.Waived},
		{"Changed otherwise", d.Changed},
		{"Proven since", d.Proven},
		{"No longer judged", d.Gone},
	} {
		if len(part.list) == 0 {
			continue
		}
		t.heading(part.title)
		for _, m := range part.list {
			t.wrapped("  ", transitionText(m))
			t.wrapped("      ", m.Reason)
		}
	}
	if d.Empty() {
		t.line("Nothing moved.")
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// transitionText is "require-pkce on shop: pass -> fail (reopened)".
func transitionText(m review.Transition) string {
	before := "not judged"
	if m.Before != "" {
		before = m.Before.Words()
	}
	text := fmt.Sprintf("%s on %s: %s", m.Control, subjectName(m.App), before)
	switch {
	case m.After == "":
	case m.After != m.Before:
		text += " -> " + m.After.Words()
	default:
		text += ", as before"
	}
	if m.State != "" {
		text += " (" + string(m.State) + ")"
	}
	return text
}
