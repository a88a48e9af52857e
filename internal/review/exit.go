package review

import (
	"errors"
	"fmt"
	"strings"
)

// Exit codes of a review. Codes from 64 up belong to the command line: the
// tool did not do its work.
const (
	ExitClean        = 0 // nothing open at or above the threshold
	ExitOpen         = 1 // something is
	ExitContradicted = 2 // a probe contradicts the configuration, whatever threshold and waivers
	ExitUndecided    = 3 // only if strict: something is inconclusive or manual
)

// ErrThreshold says that a word is no severity.
var ErrThreshold = errors.New("a threshold is low, medium, high or critical")

// Threshold is the least severity that a word names.
func Threshold(word string) (float64, error) {
	switch strings.ToLower(word) {
	case "low":
		return 0.1, nil
	case "medium":
		return 4, nil
	case "high":
		return 7, nil
	case "critical":
		return 9, nil
	}
	return 0, fmt.Errorf("%w, not %q", ErrThreshold, word)
}

// ExitCode is the outcome of a review for a pipeline. Waived and mitigated
// findings never reach 1, lapsed waivers do. With a baseline only findings
// that are new or reopened since then count for 1.
func ExitCode(findings []Finding, failOn float64, strict bool, baseline *Run) int {
	open, undecided := false, false
	recent := sinceBaseline(baseline)
	for _, f := range findings {
		switch {
		case f.Contradicted:
			return ExitContradicted
		case f.Open() && f.Severity.Computed >= failOn:
			open = open || recent(f)
		case f.Status == Inconclusive || f.Status == Manual:
			undecided = undecided || !f.Waived()
		}
	}
	switch {
	case open:
		return ExitOpen
	case strict && undecided:
		return ExitUndecided
	}
	return ExitClean
}

// sinceBaseline tells which failed findings count: all of them, or with a
// baseline those that are new or reopened since.
func sinceBaseline(baseline *Run) func(Finding) bool {
	if baseline == nil {
		return func(Finding) bool { return true }
	}
	known := map[string]Finding{}
	for _, f := range baseline.Findings {
		known[f.Fingerprint] = f
	}
	return func(f Finding) bool {
		was, seen := known[f.Fingerprint]
		state := stateOf(f, was, seen)
		return state == New || state == Reopened
	}
}
