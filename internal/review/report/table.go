package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"countersign/internal/review"
)

// tableWidth is how wide the table may be.
const tableWidth = 80

// Table writes the run for a terminal of 80 columns: per app what is open,
// worst first, then what is in order; the server; then counts, waivers that
// end soon, score, grade and the three fixes that gain most. It reads well
// without colour.
func Table(w io.Writer, run *review.Run, o Options) error {
	t := &table{run: run, color: o.Color}
	t.line("Security Health Review: " + run.Words())
	for _, line := range headerLines(run) {
		t.wrapped("", line)
	}
	for _, g := range groups(run) {
		t.group(g)
	}
	t.summary(run)
	if o.Explain {
		t.heading("How the score comes about")
		for _, line := range review.ExplainScore(run.Findings) {
			t.wrapped("  ", line)
		}
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

type table struct {
	run   *review.Run
	b     strings.Builder
	color bool
}

func (t *table) line(text string) { t.b.WriteString(strings.TrimRight(text, " ") + "\n") }

// clean replaces control characters, which could rewrite a terminal: names and
// reasons are written by other people.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// heading is a line with an empty one above it and a rule below.
func (t *table) heading(text string) {
	text = clean(text)
	t.line("")
	t.line(text)
	t.line(strings.Repeat("-", min(utf8.RuneCountInString(text), tableWidth)))
}

// wrapped breaks a text into lines of at most 80 columns, the first beginning
// with indent, the others with as many blanks.
func (t *table) wrapped(indent, text string) {
	blank := strings.Repeat(" ", utf8.RuneCountInString(indent))
	for i, line := range wrap(clean(text), tableWidth-len(blank)) {
		if i > 0 {
			indent = blank
		}
		t.line(indent + line)
	}
}

// wrap breaks a text at blanks, and words that are longer than a line at its
// end.
func wrap(text string, width int) []string {
	var lines []string
	current := ""
	for word := range strings.FieldsSeq(text) {
		for utf8.RuneCountInString(word) > width {
			if current != "" {
				lines, current = append(lines, current), ""
			}
			runes := []rune(word)
			lines, word = append(lines, string(runes[:width])), string(runes[width:])
		}
		switch {
		case current == "":
			current = word
		case utf8.RuneCountInString(current)+1+utf8.RuneCountInString(word) <= width:
			current += " " + word
		default:
			lines, current = append(lines, current), word
		}
	}
	return append(lines, current)
}

func (t *table) group(g group) {
	title := "server"
	if g.ID != "" {
		title = "app " + g.ID
		if g.Name != "" && g.Name != g.ID {
			title += " (" + g.Name + ")"
		}
	}
	t.heading(clip(title+": "+g.Score.Words(), tableWidth))
	open, closed := split(g.Findings)
	for _, f := range open {
		t.finding(f)
	}
	for _, f := range closed {
		t.row(f)
	}
}

// row is the first line of a finding: status, control, severity, proof.
func (t *table) row(f review.Finding) {
	status := f.Status.Words()
	if text := statusText(f); len(text) <= 14 {
		status = text
	}
	status = fmt.Sprintf("%-14s", status)
	rest := fmt.Sprintf(" %-33s %-13s %s", clip(f.Control, 33), severityText(f), clip(proofText(f), 16))
	t.line(t.paint(f, status) + clean(rest))
}

// finding is a row with what is there, what is recommended and why.
func (t *table) finding(f review.Finding) {
	t.row(f)
	const indent = 15
	label := func(name, text string) {
		if text != "" {
			t.wrapped(fmt.Sprintf("%*s%-13s", indent, "", name), text)
		}
	}
	label("yours", f.Actual)
	label("recommended", f.Expected)
	label("because", f.Why())
	if f.Location != nil && f.Location.File != "" {
		label("at", fileLine(f.Location))
	}
	if utf8.RuneCountInString(proofText(f)) > 16 {
		label("proof", proofText(f))
	}
	for i, step := range attack(t.run, f) {
		label(map[bool]string{true: "attack"}[i == 0], step)
	}
	if f.Waiver != nil {
		label("waiver", waiverText(f.Waiver))
	}
	if f.Fix != nil && f.Status == review.Fail {
		label("fix", strings.Join(patchText(f.Fix.Patch), "; "))
	}
}

func fileLine(l *review.Location) string {
	if l.Line > 0 {
		return fmt.Sprintf("%s:%d", l.File, l.Line)
	}
	return l.File
}

func (t *table) summary(run *review.Run) {
	t.heading("Summary")
	t.wrapped("", countsText(run.Counts))
	if list := endingSoon(run); len(list) > 0 {
		t.line("")
		t.line("Waivers that end within 30 days")
		for _, f := range list {
			t.wrapped("  ", f.Control+" on "+f.SubjectName()+": "+waiverText(f.Waiver))
		}
	}
	for _, w := range run.Unmatched {
		t.wrapped("", "a waiver matches no finding: "+w.Control+" on "+subjectName(w.App))
	}
	if list := best(run); len(list) > 0 {
		t.line("")
		t.line("What raises the score most")
		for i, m := range list {
			t.wrapped(fmt.Sprintf("  %d. ", i+1), m.Control+" on "+subjectName(m.App)+": "+gainText(m))
			t.wrapped("     ", strings.Join(patchText(m.Patch), "; "))
		}
	}
	if run.Together != nil {
		t.wrapped("  ", run.Together.Title+": "+gainText(*run.Together))
	}
	t.line("")
	t.line("Score " + run.Words())
}

// clip shortens a text that does not fit, and says so with a dot at its end.
func clip(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:width-2]) + ".."
}

// paint colours a status, if colours were asked for.
func (t *table) paint(f review.Finding, text string) string {
	if !t.color {
		return text
	}
	code := map[review.Status]string{
		review.Fail: "31", review.Inconclusive: "35", review.Manual: "36", review.Mitigated: "33", review.Pass: "32", review.NotApplicable: "2",
	}[f.Status]
	if f.Contradicted {
		code = "1;31"
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
