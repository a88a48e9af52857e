// Package controls is the catalogue of the Security Health Review: one Go file
// and one Markdown text per control, named by the control's id. It owns what
// is judged and in which words; how clauses become verdicts, severities and
// scores is package review's.
//
// To add a control, write <id>.go with a review.Control, <id>.md with its text
// and testdata/<id>.txtar with cases that include a pass and a fail, and add
// it to [All].
package controls

import (
	"embed"
	"slices"
	"sync"

	"countersign/internal/review"
)

// Version is the version of the catalogue. It rises whenever a clause or a
// band changes, so that two runs can say they were judged by other rules.
const Version = 1

//go:embed *.md
var texts embed.FS

// Catalogue is [All] with the administrators' texts, in the same order.
func Catalogue() []review.Control { return slices.Clone(withTexts()) }

// Control looks a control up by its id.
func Control(id string) (review.Control, bool) {
	i := slices.IndexFunc(withTexts(), func(c review.Control) bool { return c.ID == id })
	if i < 0 {
		return review.Control{}, false
	}
	return withTexts()[i], true
}

// withTexts attaches the texts once. A text that is missing or cannot be read
// stays empty, which review.Check, and so a test, reports.
var withTexts = sync.OnceValue(func() []review.Control {
	list := slices.Clone(All)
	for i := range list {
		markdown, err := texts.ReadFile(list[i].ID + ".md")
		if err != nil {
			continue
		}
		if text, err := review.ParseText(string(markdown)); err == nil {
			list[i].Text = text
		}
	}
	return list
})
