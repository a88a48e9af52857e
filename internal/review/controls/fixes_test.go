package controls_test

import (
	"slices"
	"testing"
	"time"

	"countersign/internal/review"
	"countersign/internal/review/controls"
)

// proposal is the fix of a control for one of its cases.
func proposal(t *testing.T, c review.Control, x example) []review.Step {
	t.Helper()
	f, ok := review.Judge(review.Input{Snapshot: x.Snapshot, Controls: controls.Catalogue(), Proofs: x.Proofs}).Find(c.ID, x.subject)
	if !ok {
		t.Fatalf("%s: %s: no finding", c.ID, x.name)
	}
	if f.Fix == nil {
		return nil
	}
	return f.Fix.Patch
}

// byMachine reports whether a patch can be applied without asking anybody.
func byMachine(patch []review.Step) bool {
	return !slices.ContainsFunc(patch, func(w review.Step) bool { return w.Ask != "" || w.Only != "" })
}

// The fix of a control mends each of its failed cases, or asks a person for
// what is missing. A case that fails by a probe is mended at the control whose
// probe it is.
func TestFixesMend(t *testing.T) {
	applied := 0
	for _, c := range controls.Catalogue() {
		for _, x := range examples(t, c) {
			if x.status != review.Fail || len(x.Proofs) > 0 {
				continue
			}
			patch := proposal(t, c, x)
			if len(patch) == 0 {
				t.Errorf("%s: %s: the fix has nothing to do", c.ID, x.name)
			}
			if !byMachine(patch) {
				continue
			}
			applied++
			after := verdict(t, c, review.Apply(x.Snapshot, patch), nil, x.subject)
			if after.Status != review.Pass && after.Status != review.Mitigated {
				t.Errorf("%s: %s: after its fix %v it is still %s", c.ID, x.name, texts(patch), after.Reason)
			}
		}
	}
	if applied < 150 {
		t.Errorf("only %d fixes were tried", applied)
	}
}

func texts(patch []review.Step) []string {
	var list []string
	for _, w := range patch {
		list = append(list, w.Text())
	}
	return list
}

// No fix moves a setting to its worse side: what is stricter than the
// recommendation stays.
func TestFixesNeverLoosen(t *testing.T) {
	for _, c := range controls.Catalogue() {
		for _, x := range examples(t, c) {
			for _, w := range proposal(t, c, x) {
				if loosens(x.Snapshot, w) {
					t.Errorf("%s: %s: the fix loosens %s", c.ID, x.name, w.Text())
				}
			}
		}
	}
}

// loosens reports whether a step writes a value that is worse than the one
// there.
func loosens(s review.Snapshot, w review.Step) bool {
	present, proposed := s.Server[w.Name], w.Value()
	for _, app := range s.Apps {
		if app.ID == w.App {
			present = app.Values[w.Name]
		}
	}
	if present.Presence != review.Known || proposed.Presence != review.Known {
		return false
	}
	term, _ := review.TermOf(w.Name)
	switch from := present.Data.(type) {
	case bool:
		return proposed.Data != from && term.Worse == map[bool]review.Worse{true: review.IfFalse, false: review.IfTrue}[from]
	case string:
		to, _ := proposed.Data.(string)
		return term.Worse == review.IfLater && slices.Index(term.Words, to) > slices.Index(term.Words, from)
	case time.Duration:
		to, _ := proposed.Data.(time.Duration)
		return to > from && term.Worse == review.IfMore || to < from && term.Worse == review.IfLess
	case []string:
		to, _ := proposed.Data.([]string)
		missing := func(entry string) bool { return !slices.Contains(to, entry) }
		return term.Worse == review.IfEmptier && slices.ContainsFunc(from, missing)
	}
	return false
}

// A fix writes only values that the vocabulary allows.
func TestFixesWriteRealValues(t *testing.T) {
	for _, c := range controls.All {
		for _, change := range c.Fix.Patch {
			term, _ := review.TermOf(change.Name)
			words, _ := change.To.([]string)
			if word, ok := change.To.(string); ok {
				words = []string{word}
			}
			for _, word := range words {
				if term.Words != nil && !slices.Contains(term.Words, word) {
					t.Errorf("%s writes %s = %s, one of %v", c.ID, change.Name, word, term.Words)
				}
			}
		}
	}
}
