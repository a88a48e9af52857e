package report_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"countersign/internal/review"
	"countersign/internal/review/report"
	"countersign/internal/review/reviewtest"
)

// Each form of the seeded run is as it was when somebody last looked at it.
func TestGolden(t *testing.T) {
	run := review.Judge(seeded(t))
	for form, name := range map[report.Format]string{
		report.FormatTable: "table.txt", report.FormatJSON: "run.json", report.FormatSARIF: "run.sarif", report.FormatJUnit: "run.xml",
		report.FormatHTML: "run.html", report.FormatCSV: "run.csv", report.FormatMarkdown: "run.md",
	} {
		golden(t, name, written(t, form, run, report.Options{FailOn: 7, Explain: true, Tool: "1.0.0"}))
	}
}

// Every form names every finding's control as often as it occurs.
func TestEveryFormIsComplete(t *testing.T) {
	run := review.Judge(seeded(t))
	for _, form := range report.Formats() {
		text := string(written(t, form, run, report.Options{FailOn: 7}))
		for _, c := range rules() {
			if n := strings.Count(text, c.ID); n < 1 {
				t.Errorf("%s does not name %s", form, c.ID)
			}
		}
		if !strings.Contains(text, "metadata-broken-file") {
			t.Errorf("%s lacks the broken file", form)
		}
	}
}

// The table fits 80 columns, says everything without colour, and lets no
// control character through.
func TestTable(t *testing.T) {
	in := seeded(t)
	in.Snapshot.Apps[1].Name = "\x1b[2Jbad " + strings.Repeat("long", 30)
	run := review.Judge(in)
	text := string(written(t, report.FormatTable, run, report.Options{Explain: true}))
	for _, line := range strings.Split(text, "\n") {
		if utf8.RuneCountInString(line) > 80 {
			t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Error("an escape in a table without colours")
	}
	colored := string(written(t, report.FormatTable, run, report.Options{Color: true}))
	if !strings.Contains(colored, "\x1b[31mfail") || strings.Contains(colored, "\x1b[2J") {
		t.Error("colours were asked for and are missing, or a name brought its own")
	}
}

// Two writings of one run are the same, byte for byte.
func TestDeterministic(t *testing.T) {
	for _, form := range report.Formats() {
		first := written(t, form, review.Judge(seeded(t)), report.Options{FailOn: 7})
		for range 3 {
			if !bytes.Equal(first, written(t, form, review.Judge(seeded(t)), report.Options{FailOn: 7})) {
				t.Fatalf("%s differs from itself", form)
			}
		}
	}
}

// No cell of the CSV is a formula to a spreadsheet.
func TestCSV(t *testing.T) {
	lines, err := csv.NewReader(bytes.NewReader(written(t, report.FormatCSV, review.Judge(seeded(t)), report.Options{}))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if want := len(review.Judge(seeded(t)).Findings) + 1; len(lines) != want {
		t.Errorf("%d lines, want %d", len(lines), want)
	}
	for _, line := range lines {
		for _, cell := range line {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
				t.Errorf("a formula: %s", cell)
			}
		}
	}
}

// The page needs no script and fetches nothing, and a name cannot become
// markup.
func TestHTML(t *testing.T) {
	in := seeded(t)
	in.Snapshot.Apps[0].Name = `<script>alert(1)</script>`
	text := string(written(t, report.FormatHTML, review.Judge(in), report.Options{}))
	for _, bad := range []string{"<script", "http://", "https://", "src=", "@import", "url(", "ZgotmplZ"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page contains %s", bad)
		}
	}
	for _, part := range []string{"<svg", "prefers-color-scheme: dark", "@media print", "Somebody steals a code", "Recommended", "the waiver of dana no longer counts", "3 of 12408 requests"} {
		if !strings.Contains(text, part) {
			t.Errorf("the page lacks %s", part)
		}
	}
}

// A server without apps, and a run with nothing to count, can be written too.
func TestEmptyRuns(t *testing.T) {
	empty := reviewtest.Healthy()
	empty.Apps = nil
	for _, in := range []review.Input{{}, {Snapshot: empty, Controls: rules()}} {
		run := review.Judge(in)
		for _, form := range report.Formats() {
			if len(written(t, form, run, report.Options{FailOn: 7})) == 0 {
				t.Errorf("%s is empty", form)
			}
		}
	}
}

// A run read from a file can be written again.
func TestReadJSON(t *testing.T) {
	first := written(t, report.FormatJSON, review.Judge(seeded(t)), report.Options{})
	run, err := report.ReadJSON(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range report.Formats() {
		written(t, form, run, report.Options{FailOn: 7})
	}
	if again := written(t, report.FormatJSON, run, report.Options{}); !bytes.Equal(first, again) {
		t.Error("the run changed by being read")
	}
	if _, err := report.ReadJSON(strings.NewReader("{")); err == nil {
		t.Error("half a file was read")
	}
}

func TestFormats(t *testing.T) {
	for file, want := range map[string]report.Format{
		"r.html": report.FormatHTML, "r.HTM": report.FormatHTML, "f.sarif": report.FormatSARIF, "r.xml": report.FormatJUnit,
		"run.json": report.FormatJSON, "r.csv": report.FormatCSV, "r.md": report.FormatMarkdown, "r.txt": report.FormatTable,
	} {
		if got, err := report.FormatOf(file); got != want || err != nil {
			t.Errorf("%s: %s, %v", file, got, err)
		}
	}
	if _, err := report.FormatOf("r.pdf"); !errors.Is(err, report.ErrFormat) {
		t.Errorf("pdf: %v", err)
	}
	if err := report.Write(&bytes.Buffer{}, "pdf", &review.Run{}, report.Options{}); !errors.Is(err, report.ErrFormat) {
		t.Errorf("pdf: %v", err)
	}
}
