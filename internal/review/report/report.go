// Package report writes a review in the forms people and tools read: table,
// JSON, SARIF 2.1.0, JUnit, HTML, CSV and Markdown. It owns how a run looks;
// what it says was decided by package review. Every form contains every
// finding, waived and passed ones included.
package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"countersign/internal/review"
)

// Format is one of the output forms, by the name the command line uses.
type Format string

// The output forms.
const (
	FormatTable    Format = "table"
	FormatJSON     Format = "json"
	FormatSARIF    Format = "sarif"
	FormatJUnit    Format = "junit"
	FormatHTML     Format = "html"
	FormatCSV      Format = "csv"
	FormatMarkdown Format = "markdown"
)

// Formats lists the output forms.
func Formats() []Format {
	return []Format{FormatTable, FormatJSON, FormatSARIF, FormatJUnit, FormatHTML, FormatCSV, FormatMarkdown}
}

// ErrFormat says that a form is not known.
var ErrFormat = errors.New("unknown report format")

// FormatOf is the form that a file's extension asks for.
func FormatOf(file string) (Format, error) {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".txt":
		return FormatTable, nil
	case ".json":
		return FormatJSON, nil
	case ".sarif":
		return FormatSARIF, nil
	case ".xml":
		return FormatJUnit, nil
	case ".html", ".htm":
		return FormatHTML, nil
	case ".csv":
		return FormatCSV, nil
	case ".md":
		return FormatMarkdown, nil
	}
	return "", fmt.Errorf("%w: file %s", ErrFormat, file)
}

// Options are what the forms can be asked for.
type Options struct {
	Color    bool        // table: colours, for a terminal
	Explain  bool        // table: the score line by line
	FailOn   float64     // JUnit: the severity from which a fail is a failure
	Baseline *review.Run // SARIF: the run to compare with; nil for none
	Tool     string      // version of the program, for SARIF
}

// Write writes a run in a form.
func Write(w io.Writer, form Format, run *review.Run, o Options) error {
	switch form {
	case FormatTable:
		return Table(w, run, o)
	case FormatJSON:
		return JSON(w, run)
	case FormatSARIF:
		return SARIF(w, run, o)
	case FormatJUnit:
		return JUnit(w, run, o)
	case FormatHTML:
		return HTML(w, run)
	case FormatCSV:
		return CSV(w, run)
	case FormatMarkdown:
		return Markdown(w, run)
	}
	return fmt.Errorf("%w: %s", ErrFormat, form)
}

// group is the findings of one subject, worst first.
type group struct {
	ID       string // app id; "" for the server
	Name     string
	Score    review.Score
	Counts   review.Counts
	Findings []review.Finding
}

// groups orders a run for readers: apps with the lowest score first, the
// server last, and in each the worst finding first.
func groups(run *review.Run) []group {
	names := map[string]review.AppScore{}
	for _, a := range run.Apps {
		names[a.ID] = a
	}
	by := map[string]*group{}
	var list []*group
	for _, f := range run.Findings {
		g, ok := by[f.App]
		if !ok {
			a := names[f.App]
			g = &group{ID: f.App, Name: a.Name, Score: a.Score, Counts: a.Counts}
			if f.App == "" {
				g.Name = "Server"
			}
			by[f.App], list = g, append(list, g)
		}
		g.Findings = append(g.Findings, f)
	}
	sorted := make([]group, 0, len(list))
	for _, g := range list {
		if g.ID == "" {
			g.Score, g.Counts = review.ScoreOf(g.Findings), review.CountsOf(g.Findings)
		}
		slices.SortStableFunc(g.Findings, WorstFirst)
		sorted = append(sorted, *g)
	}
	slices.SortStableFunc(sorted, func(a, b group) int {
		return cmp.Or(-cmp.Compare(boolRank(a.ID != ""), boolRank(b.ID != "")), cmp.Compare(points(a.Score), points(b.Score)), cmp.Compare(a.ID, b.ID))
	})
	return sorted
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

func points(s review.Score) float64 {
	if s.Score == nil {
		return 101
	}
	return *s.Score
}

// urgency orders statuses for readers: what is open first.
var urgency = map[review.Status]int{
	review.Fail: 0, review.Inconclusive: 1, review.Manual: 2, review.Mitigated: 3, review.Pass: 4, review.NotApplicable: 5,
}

// WorstFirst orders findings as people should read them: what a probe contradicted,
// then what is open, the weightiest first.
func WorstFirst(a, b review.Finding) int {
	return cmp.Or(
		-cmp.Compare(boolRank(a.Contradicted), boolRank(b.Contradicted)),
		cmp.Compare(urgency[a.Status], urgency[b.Status]),
		cmp.Compare(boolRank(a.Waived()), boolRank(b.Waived())),
		-cmp.Compare(a.Weight(), b.Weight()),
		cmp.Compare(a.Control, b.Control),
		cmp.Compare(a.Fingerprint, b.Fingerprint),
	)
}

// severityText is "High 8.5", or "" where nothing is at risk.
func severityText(f review.Finding) string {
	if n := f.Weight(); n > 0 {
		return fmt.Sprintf("%s %.1f", f.Severity.Level, n)
	}
	return ""
}

// proofText says what a proof adds, and when it was made.
func proofText(f review.Finding) string {
	if f.Proof == "" || f.Proof == "not run" {
		return "not run"
	}
	return f.Proof
}

// statusText is the status, and that it is waived.
func statusText(f review.Finding) string {
	if f.Waived() {
		return f.Status.Words() + ", waived"
	}
	return f.Status.Words()
}

// waiverText tells a waiver in one sentence.
func waiverText(w *review.Waived) string {
	text := "waived until " + w.Until.UTC().Format(time.DateOnly) + " by " + w.By + ": " + w.Reason
	if w.Lapsed != "" {
		text = "the waiver of " + w.By + " no longer counts: " + w.Lapsed + " (its reason was: " + w.Reason + ")"
	}
	return text
}

// endingSoon lists waived findings whose waiver ends within 30 days.
func endingSoon(run *review.Run) []review.Finding {
	var list []review.Finding
	for _, f := range run.Findings {
		if f.Waived() && f.Waiver.Until.Before(run.Header.Snapshot.Add(30*review.Day)) {
			list = append(list, f)
		}
	}
	slices.SortStableFunc(list, func(a, b review.Finding) int { return a.Waiver.Until.Compare(b.Waiver.Until) })
	return list
}

// headerLines says what was judged, when and by which rules.
func headerLines(run *review.Run) []string {
	h := run.Header
	proofs := "proofs not run"
	if h.Proofs {
		proofs = "proofs run"
		if h.OldestProof != nil {
			proofs += ", the oldest " + review.DurationText(max(h.Snapshot.Sub(*h.OldestProof), 0).Truncate(time.Second)) + " before"
		}
	}
	return []string{
		"taken " + h.Snapshot.UTC().Format("2006-01-02 15:04 MST") + " from " + orElse(h.Source, "a snapshot") + ", version " + orElse(h.Server, "unknown"),
		fmt.Sprintf("catalogue %d, configuration %s, %s", h.Catalogue, h.Hash, proofs),
	}
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// countsText lists the counts of all six statuses.
func countsText(n review.Counts) string {
	text := fmt.Sprintf("%d fail, %d inconclusive, %d manual, %d mitigated, %d pass, %d not applicable",
		n.Fail, n.Inconclusive, n.Manual, n.Mitigated, n.Pass, n.NotApplicable)
	if n.Waived > 0 {
		text += fmt.Sprintf("; %d waived", n.Waived)
	}
	return text
}

// gainText is "+4.2, to 76".
func gainText(m review.Improvement) string {
	return fmt.Sprintf("%+.1f, to %s", m.Gain, review.Points(m.Score))
}

// best is at most three improvements.
func best(run *review.Run) []review.Improvement {
	return run.Improvements[:min(3, len(run.Improvements))]
}

// patchText lists the steps of a patch.
func patchText(steps []review.Step) []string {
	list := make([]string, len(steps))
	for i, s := range steps {
		list[i] = s.Text()
	}
	return list
}

// breaksText says who would break.
func breaksText(p *review.Proposal) string {
	if !p.Forecast.Known {
		return "unknown, use is not recorded. Look for: " + p.Whom
	}
	text := fmt.Sprintf("%d of %d requests of the last %d days", p.Forecast.Failed, p.Forecast.Of, p.Forecast.Days)
	for _, c := range p.Breaks {
		text += fmt.Sprintf("; %s %d times", c.Who, c.Count)
	}
	return text
}
