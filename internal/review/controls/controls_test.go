package controls_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/review"
	"countersign/internal/review/controls"
)

// Each control has its three files, and its declaration and text are complete.
func TestCatalogueIsSound(t *testing.T) {
	if err := review.Check(controls.Catalogue()); err != nil {
		t.Error(err)
	}
	for _, c := range controls.Catalogue() {
		markdown, err := os.ReadFile(c.ID + ".md")
		if err != nil {
			t.Errorf("%s: %v", c.ID, err)
			continue
		}
		if _, err := review.ParseText(string(markdown)); err != nil {
			t.Errorf("%s.md: %v", c.ID, err)
		}
		if _, err := os.Stat(c.ID + ".go"); err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
	}
}

func TestCount(t *testing.T) {
	if n := len(controls.All); n != 51 {
		t.Errorf("%d controls, want 51", n)
	}
}

// All agrees with the index of the catalogue, row by row and in its order: id,
// scope, source, band, probe and cases, what mitigates it.
func TestIndex(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "index.md"))
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "| `") {
			want = append(want, strings.TrimSpace(strings.ReplaceAll(line, `\*`, "")))
		}
	}
	for _, c := range controls.All {
		got = append(got, row(c))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// row writes a control as the index does.
func row(c review.Control) string {
	band := map[string]string{"High or Critical, depending on the set-up": "High to Critical"}[c.CVSS.Label]
	if band == "" {
		band = c.CVSS.Label
	}
	if c.Twin != nil && c.Twin.Label != c.CVSS.Label {
		band += " / " + c.Twin.Label
	}
	probe := "`" + c.Probe.ID + "`"
	if c.Probe.Cases != nil {
		probe += " " + spans(c.Probe.Cases)
	}
	var by []string
	for _, id := range c.MitigatedBy {
		by = append(by, "`"+id+"`")
	}
	mitigated := strings.Join(by, ", ")
	switch {
	case c.Mitigated == nil:
		mitigated = "cannot be mitigated"
	case mitigated == "":
		mitigated = "–"
	}
	return "| " + strings.Join([]string{"`" + c.ID + "`", string(c.Scope), string(c.Source), band, probe, mitigated}, " | ") + " |"
}

// spans writes ascending numbers as "0–7, 10, 12".
func spans(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		first := i
		for i++; i < len(numbers) && numbers[i] == numbers[i-1]+1; i++ {
		}
		text := strconv.Itoa(numbers[first])
		switch i - first {
		case 1:
		case 2:
			text += ", " + strconv.Itoa(numbers[i-1])
		default:
			text += "–" + strconv.Itoa(numbers[i-1])
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// A text without a control would be written for nobody.
func TestEveryTextHasItsControl(t *testing.T) {
	for _, pattern := range []string{"*.md", filepath.Join("testdata", "*.txtar")} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			id := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
			if _, ok := controls.Control(id); !ok {
				t.Errorf("%s: no control %s in All", file, id)
			}
		}
	}
}
