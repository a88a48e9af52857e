package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// json writes a value as indented JSON.
func (s *session) json(v any) error {
	e := json.NewEncoder(s.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// table writes rows in columns; the first row is the heading.
func (s *session) table(rows [][]string) error {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(s.out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// list prints views as a JSON array, or as a table with one row for each.
func list[T any](s *session, views []T, heading []string, row func(T) []string) error {
	if s.Output == "json" {
		if views == nil {
			views = []T{}
		}
		return s.json(views)
	}
	rows := [][]string{heading}
	for _, v := range views {
		rows = append(rows, row(v))
	}
	return s.table(rows)
}

// one prints a view as JSON, or as lines of name and value.
func one(s *session, view any, lines [][]string) error {
	if s.Output == "json" {
		return s.json(view)
	}
	return s.table(lines)
}

// warn writes to stderr, so that stdout stays what was asked for.
func (s *session) warn(warnings []string) {
	for _, w := range warnings {
		fmt.Fprintf(s.err, "warning: %s\n", w)
	}
}

// done says what happened, to people; scripts read the exit code.
func (s *session) done(format string, args ...any) error {
	if s.Output == "json" {
		return s.json(map[string]string{"done": fmt.Sprintf(format, args...)})
	}
	fmt.Fprintf(s.out, format+"\n", args...)
	return nil
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func words[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return strings.Join(out, " ")
}
