package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"countersign/internal/review"
)

// CSV writes one line per finding, worst first within each subject, with a
// header line.
func CSV(w io.Writer, run *review.Run) error {
	out := csv.NewWriter(w)
	lines := [][]string{{
		"app", "control", "status", "level", "severity", "actual", "expected", "reason", "proof", "state",
		"waived_until", "waived_by", "waiver_reason", "waiver_lapsed", "fix", "file", "line", "first_seen", "fingerprint",
	}}
	for _, g := range groups(run) {
		for _, f := range g.Findings {
			lines = append(lines, csvLine(f))
		}
	}
	for _, line := range lines {
		for i := range line {
			line[i] = inert(line[i])
		}
		if err := out.Write(line); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	out.Flush()
	return out.Error()
}

func csvLine(f review.Finding) []string {
	var until, by, reason, lapsed, fix, file, line string
	if f.Waiver != nil {
		until, by, reason, lapsed = f.Waiver.Until.UTC().Format(time.DateOnly), f.Waiver.By, f.Waiver.Reason, f.Waiver.Lapsed
	}
	if f.Fix != nil {
		fix = strings.Join(patchText(f.Fix.Patch), "; ")
	}
	if f.Location != nil && f.Location.File != "" {
		file = f.Location.File
		if f.Location.Line > 0 {
			line = strconv.Itoa(f.Location.Line)
		}
	}
	return []string{
		f.App, f.Control, string(f.Status), f.Severity.Level, strconv.FormatFloat(f.Weight(), 'f', 1, 64),
		f.Actual, f.Expected, f.Why(), f.Proof, string(f.State), until, by, reason, lapsed, fix, file, line,
		f.FirstSeen.UTC().Format(time.RFC3339), f.Fingerprint,
	}
}

// inert keeps a spreadsheet from taking a cell for a formula: names of apps and
// reasons of waivers are written by other people.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
