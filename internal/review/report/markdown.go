package report

import (
	"fmt"
	"io"
	"strings"

	"countersign/internal/review"
)

// Markdown writes the table as a comment on a pull request: what is open at
// once, what passed folded away.
func Markdown(w io.Writer, run *review.Run) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## Security Health Review: %s\n\n", run.Words())
	fmt.Fprintf(&b, "%s.\n", countsText(run.Counts))
	if list := best(run); len(list) > 0 {
		b.WriteString("\n**What raises the score most**\n\n")
		for i, m := range list {
			fmt.Fprintf(&b, "%d. %s on %s: %s (`%s`)\n", i+1, m.Control, subjectName(m.App), gainText(m), cell(strings.Join(patchText(m.Patch), "; ")))
		}
	}
	for _, g := range groups(run) {
		markdownGroup(&b, g)
	}
	if list := endingSoon(run); len(list) > 0 {
		b.WriteString("\n**Waivers that end within 30 days**\n\n")
		for _, f := range list {
			fmt.Fprintf(&b, "- %s on %s: %s\n", f.Control, f.SubjectName(), cell(waiverText(f.Waiver)))
		}
	}
	fmt.Fprintf(&b, "\n<sub>%s</sub>\n", strings.Join(headerLines(run), "; "))
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownGroup(b *strings.Builder, g group) {
	fmt.Fprintf(b, "\n### %s: %s\n", cell(orElse(g.ID, "server")), g.Score.Words())
	open, closed := split(g.Findings)
	if len(open) > 0 {
		b.WriteString("\n| Status | Control | Severity | Yours | Recommended | Proof |\n| --- | --- | --- | --- | --- | --- |\n")
		for _, f := range open {
			fmt.Fprintf(b, "| %s | `%s` | %s | %s | %s | %s |\n", statusText(f), f.Control, severityText(f), cell(f.Actual), cell(f.Expected), proofText(f))
		}
	}
	if len(closed) > 0 {
		fmt.Fprintf(b, "\n<details><summary>%d passed or not applicable</summary>\n\n", len(closed))
		for _, f := range closed {
			fmt.Fprintf(b, "- %s: `%s`, %s\n", f.Status.Words(), f.Control, cell(f.Why()))
		}
		b.WriteString("\n</details>\n")
	}
}

// split parts what a reader must look at from what is in order.
func split(findings []review.Finding) (open, closed []review.Finding) {
	for _, f := range findings {
		if f.Status == review.Pass || f.Status == review.NotApplicable {
			closed = append(closed, f)
		} else {
			open = append(open, f)
		}
	}
	return open, closed
}

func subjectName(app string) string { return orElse(app, "server") }

// cell makes a text harmless in a table cell: no line break, no pipe, no tag,
// no mention.
var cellEscapes = strings.NewReplacer("\n", " ", "|", "\\|", "<", "&lt;", ">", "&gt;", "@", "&#64;")

func cell(text string) string { return cellEscapes.Replace(text) }
