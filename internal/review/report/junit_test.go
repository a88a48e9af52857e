package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"countersign/internal/review"
	"countersign/internal/review/report"
)

// junitElements is the schema that readers of JUnit files agree on, as a table:
// which attributes and children an element may have. Attributes marked with !
// are required.
var junitElements = map[string]struct{ attributes, children []string }{
	"testsuites": {[]string{"name", "time", "tests", "failures", "disabled", "errors"}, []string{"testsuite"}},
	"testsuite":  {[]string{"!name", "!tests", "failures", "errors", "time", "disabled", "skipped", "timestamp", "hostname", "id", "package"}, []string{"properties", "testcase", "system-out", "system-err"}},
	"properties": {nil, []string{"property"}},
	"property":   {[]string{"!name", "!value"}, nil},
	"testcase":   {[]string{"!name", "assertions", "time", "classname", "status"}, []string{"skipped", "error", "failure", "system-out", "system-err"}},
	"skipped":    {[]string{"message", "type"}, nil},
	"error":      {[]string{"message", "type"}, nil},
	"failure":    {[]string{"message", "type"}, nil},
	"system-out": {nil, nil},
	"system-err": {nil, nil},
	"#document":  {nil, []string{"testsuites", "testsuite"}},
}

// checkJUnit lists what a document breaks.
func checkJUnit(data []byte) (faults []string) {
	d := xml.NewDecoder(bytes.NewReader(data))
	path := []string{"#document"}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return faults
		}
		if err != nil {
			return append(faults, err.Error())
		}
		switch e := token.(type) {
		case xml.StartElement:
			name := e.Name.Local
			if !slices.Contains(junitElements[path[len(path)-1]].children, name) {
				faults = append(faults, strings.Join(path, "/")+" has no child "+name)
			}
			faults = append(faults, checkAttributes(e)...)
			path = append(path, name)
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
}

func checkAttributes(e xml.StartElement) (faults []string) {
	var given []string
	for _, a := range e.Attr {
		given = append(given, a.Name.Local)
		switch a.Name.Local {
		case "tests", "failures", "errors", "skipped":
			if _, err := strconv.ParseUint(a.Value, 10, 31); err != nil {
				faults = append(faults, e.Name.Local+": "+a.Name.Local+" is "+a.Value)
			}
		}
	}
	rules := junitElements[e.Name.Local].attributes
	for _, name := range given {
		if !slices.Contains(rules, name) && !slices.Contains(rules, "!"+name) {
			faults = append(faults, e.Name.Local+" has no attribute "+name)
		}
	}
	for _, rule := range rules {
		if name, must := strings.CutPrefix(rule, "!"); must && !slices.Contains(given, name) {
			faults = append(faults, e.Name.Local+" lacks "+name)
		}
	}
	return faults
}

func TestJUnitSchema(t *testing.T) {
	data := written(t, report.FormatJUnit, review.Judge(seeded(t)), report.Options{FailOn: 7})
	for _, fault := range checkJUnit(data) {
		t.Error(fault)
	}
	for name, spoiled := range map[string]string{
		"another element":   strings.Replace(string(data), "<skipped ", "<ignored ", 1),
		"another attribute": strings.Replace(string(data), "classname=", "class=", 1),
		"a word as count":   strings.Replace(string(data), `tests="`, `tests="x`, 1),
	} {
		if len(checkJUnit([]byte(spoiled))) == 0 {
			t.Errorf("%s: nobody notices", name)
		}
	}
}

type junitDocument struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Suites   []struct {
		Name    string `xml:"name,attr"`
		Tests   int    `xml:"tests,attr"`
		Skipped int    `xml:"skipped,attr"`
		Cases   []struct {
			Name    string    `xml:"name,attr"`
			Failure *struct{} `xml:"failure"`
			Error   *struct{} `xml:"error"`
			Skipped *struct {
				Message string `xml:"message,attr"`
			} `xml:"skipped"`
			Output string `xml:"system-out"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

// What becomes of each finding, by status, threshold and waiver.
func TestJUnitOutcomes(t *testing.T) {
	var doc junitDocument
	if err := xml.Unmarshal(written(t, report.FormatJUnit, review.Judge(seeded(t)), report.Options{FailOn: 7}), &doc); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range doc.Suites {
		for _, c := range s.Cases {
			outcome := "pass"
			switch {
			case c.Failure != nil:
				outcome = "failure"
			case c.Error != nil:
				outcome = "error"
			case c.Skipped != nil:
				outcome = "skipped"
				if c.Skipped.Message == "" {
					t.Errorf("%s %s: skipped without a reason", s.Name, c.Name)
				}
			}
			if outcome == "pass" && c.Output == "" {
				t.Errorf("%s %s: no output", s.Name, c.Name)
			}
			got[s.Name+" "+c.Name] = outcome
		}
	}
	for name, want := range map[string]string{
		"app/mobile pkce":             "failure", // demonstrated, high
		"app/<legacy> pkce":           "failure", // contradicted
		"app/<legacy> par":            "pass",    // medium, below the threshold
		"app/<legacy> lifetime":       "error",   // inconclusive
		"app/mobile par":              "skipped", // waived
		"app/mobile lifetime":         "pass",    // low, its waiver lapsed
		"app/batch lifetime":          "skipped", // manual
		"app/batch pkce":              "pass",    // mitigated
		"app/shop pkce":               "pass",
		"server metadata-broken-file": "pass", // medium
	} {
		if got[name] != want {
			t.Errorf("%s: %s, want %s", name, got[name], want)
		}
	}
	if doc.Tests != len(got) || doc.Failures != 3 || doc.Errors != 1 {
		t.Errorf("%d tests, %d failures, %d errors", doc.Tests, doc.Failures, doc.Errors)
	}
}
