package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"countersign/internal/review/report"
)

func TestControls(t *testing.T) {
	var b bytes.Buffer
	if err := report.ControlsMarkdown(&b, rules()); err != nil {
		t.Fatal(err)
	}
	golden(t, "controls.md", b.Bytes())
	b.Reset()
	if err := report.ControlText(&b, rules()[0]); err != nil {
		t.Fatal(err)
	}
	golden(t, "control.txt", b.Bytes())
	if err := report.ControlsTable(&b, rules()); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(b.String(), "\n") {
		if utf8.RuneCountInString(line) > 80 {
			t.Errorf("wide: %s", line)
		}
	}
}

// The list is an array of objects with id, title and scope.
func TestControlsJSON(t *testing.T) {
	var b bytes.Buffer
	if err := report.ControlsJSON(&b, rules()); err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	if err := json.Unmarshal(b.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != len(rules()) || list[0]["id"] != "pkce" || list[0]["title"] != "PKCE is required" || list[0]["scope"] != "app" {
		t.Errorf("%v", list[0])
	}
}
