package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"countersign/internal/admin"
	"countersign/internal/review"
	"countersign/internal/server"
)

type reviewFix struct {
	Paths    []string `arg:"" optional:"" name:"path" help:"Files or folders of a Salesforce project: print the patch of the files, or write it; none: the database."`
	App      []string `help:"Mend this app only; client_id or name. Repeatable." placeholder:"ID" sep:"none"`
	Control  []string `help:"Mend findings of this control only, mitigated ones too. Repeatable." placeholder:"ID"`
	DryRun   bool     `help:"Write nothing; this is the default." xor:"mode"`
	Apply    bool     `help:"Write what can be written, and print how to undo it." xor:"mode"`
	Breaking bool     `help:"Also steps that would have refused requests of the last 30 days."`
	consent
}

// Run shows the patches, or writes them.
func (c *reviewFix) Run(s *session) error {
	words, err := c.words(s.now())
	if err != nil {
		return err
	}
	what := admin.Reviewing{Apps: c.App, Controls: c.Control}
	if len(c.Paths) > 0 {
		return reviewFailed(fixPaths(s, c.Paths, what, c.Apply))
	}
	want := reading
	if c.Apply {
		want = changing
	}
	return reviewFailed(s.with(want, func(d *server.Data) error {
		done := s.progress("judging")
		m, err := d.Desk.Mend(s.ctx, what, c.Breaking)
		done()
		if err != nil {
			return err
		}
		if c.Apply {
			err = d.Desk.Apply(s.ctx, m, words)
		}
		if s.Output == "json" {
			return errors.Join(s.json(m), err)
		}
		s.mending(m, c.Apply)
		return err
	}))
}

// mending prints what would be done, or was done.
func (s *session) mending(m *admin.Mending, applied bool) {
	if len(m.Subjects) == 0 {
		fmt.Fprintln(s.out, "Nothing to mend.")
		return
	}
	for _, one := range m.Subjects {
		s.mend(one, applied)
	}
	if len(m.Conflicts) > 0 {
		fmt.Fprint(s.out, "\nFixes that want different values\n")
		for _, c := range m.Conflicts {
			text := c.One.Text() + " or " + c.Other.Text() + ": not written; choose with --control"
			if c.Settled != "" {
				text = c.One.Text() + " or " + c.Other.Text() + ": " + c.Settled + " serves both"
			}
			s.wrapped("  ", cmp.Or(c.App, "server")+": "+text)
		}
	}
	fmt.Fprintf(s.out, "\nScore %s -> %s\n", review.Points(m.Before.Score), review.Points(m.After.Score))
	for _, c := range m.After.Changes {
		s.wrapped("  ", fmt.Sprintf("%s on %s: %s -> %s", c.Control, cmp.Or(c.App, "server"), c.Before.Words(), c.After.Words()))
	}
	if !applied {
		fmt.Fprint(s.out, "\nNothing was written. --apply writes it.\n")
	}
}

func (s *session) mend(m admin.Mend, applied bool) {
	title := "Server"
	if m.App != "" {
		title = string(m.App) + " (" + m.Name + ")"
	}
	fmt.Fprintf(s.out, "\n%s\n%s\n", title, strings.Repeat("-", utf8.RuneCountInString(title)))
	part := func(heading string, lines []string) {
		if len(lines) == 0 {
			return
		}
		fmt.Fprintf(s.out, "  %s\n", heading)
		for _, line := range lines {
			s.wrapped("    ", line)
		}
	}
	part("mends", []string{strings.Join(m.Controls, ", ")})
	part("writes", texts(m.Write))
	if len(m.Write)+len(m.LeftOut) > 0 {
		part("would have refused", refusedLines(m))
	}
	part("left out, because it would have refused requests; --breaking writes it", texts(m.LeftOut))
	part("for people to do", texts(m.Tasks))
	if m.Command != "" && !applied {
		part("by hand", []string{m.Command})
	}
	if applied {
		var lines []string
		for _, c := range m.Changes {
			lines = append(lines, c.String())
		}
		part("written", lines)
		if m.Undo != "" {
			part("undo with", []string{m.Undo})
		}
	}
}

// refusedLines says who would have been refused.
func refusedLines(m admin.Mend) []string {
	f := m.Forecast
	if !f.Known {
		return []string{"unknown: what it depends on is not recorded"}
	}
	lines := []string{fmt.Sprintf("%s of %s requests of the last %s", thousands(f.Failed), thousands(f.Of), days(f.Days))}
	for _, c := range m.Breaks {
		line := fmt.Sprintf("%s: %s, last at %s", c.Who, thousands(c.Count), c.Last)
		if c.Owner != "" {
			line += ", ask " + c.Owner
		}
		lines = append(lines, line)
	}
	return lines
}

func days(n int) string {
	if n == 1 {
		return "day"
	}
	return fmt.Sprintf("%d days", n)
}

// thousands writes 12408 as 12,408.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func texts(steps []review.Step) []string {
	out := make([]string, len(steps))
	for i, s := range steps {
		out[i] = s.Text()
		if f := admin.Flag(s.Name); f != "" && s.Ask != "" && !s.Beyond {
			out[i] += "; --" + f
		}
	}
	return out
}

// wrapped prints a text in lines of 80 columns, each behind the indent.
func (s *session) wrapped(indent, text string) {
	line := indent
	for word := range strings.FieldsSeq(text) {
		if line != indent && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > 80 {
			fmt.Fprintln(s.out, line)
			line = indent + "  "
		} else if line != indent {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(s.out, line)
}
