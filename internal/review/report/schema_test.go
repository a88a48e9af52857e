package report_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"countersign/internal/review"
	"countersign/internal/review/report"
)

// jsonSchema is the part of JSON Schema 2020-12 that our two schemas use. A
// keyword it does not know is an error, so that no rule is silently skipped.
type jsonSchema struct{ root map[string]any }

var knownKeywords = []string{
	"$schema", "$id", "$defs", "$ref", "title", "description", "type", "required", "properties", "additionalProperties",
	"items", "enum", "const", "pattern", "minimum", "maximum",
}

func readSchema(t *testing.T, data []byte) jsonSchema {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	return jsonSchema{root}
}

// check lists what a document breaks.
func (s jsonSchema) check(path string, rule map[string]any, doc any) []string {
	var faults []string
	say := func(format string, args ...any) {
		faults = append(faults, path+": "+fmt.Sprintf(format, args...))
	}
	for keyword := range rule {
		if !slices.Contains(knownKeywords, keyword) {
			say("the schema uses %s, which this test does not know", keyword)
		}
	}
	if ref, ok := rule["$ref"].(string); ok {
		target, _ := s.root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		if target == nil {
			say("no definition %s", ref)
		}
		faults = append(faults, s.check(path, target, doc)...)
	}
	if !ofType(rule["type"], doc) {
		say("%T is not %v", doc, rule["type"])
		return faults
	}
	faults = append(faults, checkScalar(path, rule, doc)...)
	switch d := doc.(type) {
	case []any:
		items, _ := rule["items"].(map[string]any)
		for i, item := range d {
			faults = append(faults, s.check(fmt.Sprintf("%s[%d]", path, i), items, item)...)
		}
	case map[string]any:
		faults = append(faults, s.checkObject(path, rule, d)...)
	}
	return faults
}

// checkScalar checks a value against the rules for texts and numbers.
func checkScalar(path string, rule map[string]any, doc any) []string {
	var faults []string
	say := func(format string, args ...any) {
		faults = append(faults, path+": "+fmt.Sprintf(format, args...))
	}
	if enum, ok := rule["enum"].([]any); ok && !slices.Contains(enum, doc) {
		say("%v is not one of %v", doc, enum)
	}
	if want, ok := rule["const"]; ok && want != doc {
		say("%v is not %v", doc, want)
	}
	text, _ := doc.(string)
	if p, ok := rule["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(text) {
		say("%q does not match %s", text, p)
	}
	number, _ := doc.(float64)
	if low, ok := rule["minimum"].(float64); ok && doc != nil && number < low {
		say("%v is below %v", number, low)
	}
	if high, ok := rule["maximum"].(float64); ok && number > high {
		say("%v is above %v", number, high)
	}
	return faults
}

func (s jsonSchema) checkObject(path string, rule, doc map[string]any) []string {
	var faults []string
	properties, _ := rule["properties"].(map[string]any)
	required, _ := rule["required"].([]any)
	for _, name := range required {
		if _, ok := doc[name.(string)]; !ok {
			faults = append(faults, fmt.Sprintf("%s: lacks %s", path, name))
		}
	}
	for name, value := range doc {
		below := path + "." + name
		if p, ok := properties[name].(map[string]any); ok {
			faults = append(faults, s.check(below, p, value)...)
			continue
		}
		switch more := rule["additionalProperties"].(type) {
		case bool:
			if !more {
				faults = append(faults, below+": is not allowed")
			}
		case map[string]any:
			faults = append(faults, s.check(below, more, value)...)
		}
	}
	return faults
}

func ofType(want, doc any) bool {
	names := []any{want}
	if list, ok := want.([]any); ok {
		names = list
	}
	return slices.ContainsFunc(names, func(name any) bool {
		switch name {
		case nil:
			return true
		case "null":
			return doc == nil
		case "integer":
			n, ok := doc.(float64)
			return ok && n == float64(int64(n))
		}
		kinds := map[string]any{"string": "", "number": 0.0, "boolean": true, "array": []any{}, "object": map[string]any{}}
		return fmt.Sprintf("%T", doc) == fmt.Sprintf("%T", kinds[name.(string)])
	})
}

func document(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// The JSON form keeps to the schema we publish, and the schema notices when it
// does not.
func TestJSONSchema(t *testing.T) {
	schema := readSchema(t, report.Schema())
	run := review.Judge(seeded(t))
	for _, fault := range schema.check("run", schema.root, document(t, written(t, report.FormatJSON, run, report.Options{}))) {
		t.Error(fault)
	}
	for _, fault := range schema.check("empty", schema.root, document(t, written(t, report.FormatJSON, review.Judge(review.Input{}), report.Options{}))) {
		t.Error(fault)
	}
	for name, spoil := range map[string]func(map[string]any){
		"no findings":    func(d map[string]any) { delete(d, "findings") },
		"another status": func(d map[string]any) { d["findings"].([]any)[0].(map[string]any)["status"] = "fine" },
		"no fingerprint": func(d map[string]any) { delete(d["findings"].([]any)[0].(map[string]any), "fingerprint") },
		"score 101":      func(d map[string]any) { d["score"] = 101.0 },
		"a list as app":  func(d map[string]any) { d["findings"].([]any)[0].(map[string]any)["app"] = []any{} },
	} {
		doc := document(t, written(t, report.FormatJSON, run, report.Options{}))
		spoil(doc)
		if len(schema.check("run", schema.root, doc)) == 0 {
			t.Errorf("%s: nobody notices", name)
		}
	}
}

// The log keeps to the parts of the SARIF 2.1.0 schema that it uses, authored
// from the standard with every object closed as there.
func TestSARIFSchema(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "sarif-2.1.0.part.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	schema := readSchema(t, data)
	in := seeded(t)
	run := review.Judge(in)
	for _, baseline := range []*review.Run{nil, run, {}} {
		log := document(t, written(t, report.FormatSARIF, run, report.Options{Baseline: baseline, Tool: "1.0.0"}))
		for _, fault := range schema.check("log", schema.root, log) {
			t.Error(fault)
		}
		checkSARIF(t, log["runs"].([]any)[0].(map[string]any), baseline != nil)
	}
	log := document(t, written(t, report.FormatSARIF, run, report.Options{}))
	log["runs"].([]any)[0].(map[string]any)["results"].([]any)[0].(map[string]any)["kind"] = "passed"
	if len(schema.check("log", schema.root, log)) == 0 {
		t.Error("a kind that does not exist goes unnoticed")
	}
}

// checkSARIF checks the rules of the standard that a schema cannot say.
func checkSARIF(t *testing.T, run map[string]any, compared bool) {
	t.Helper()
	rules := run["tool"].(map[string]any)["driver"].(map[string]any)["rules"].([]any)
	for i, item := range run["results"].([]any) {
		result := item.(map[string]any)
		if kind, level := result["kind"], result["level"]; (kind == "fail") == (level == "none") {
			t.Errorf("result %d: kind %v with level %v (§3.27.10)", i, kind, level)
		}
		rule := rules[int(result["ruleIndex"].(float64))].(map[string]any)
		if rule["id"] != result["ruleId"] {
			t.Errorf("result %d: ruleIndex leads to %v, ruleId is %v (§3.27.6)", i, rule["id"], result["ruleId"])
		}
		if _, ok := result["baselineState"]; ok != compared {
			t.Errorf("result %d: baselineState in a run with baseline %v (§3.27.24)", i, compared)
		}
	}
}

// With a baseline a result is new, unchanged, updated or absent.
func TestSARIFBaseline(t *testing.T) {
	in := seeded(t)
	before := review.Judge(in)
	in.Snapshot.Apps[0].Values["app.par.required"] = review.Of(false, "app setting")
	in.Snapshot.Apps = in.Snapshot.Apps[:3]
	added := in.Snapshot.Apps[0]
	added.ID = "added"
	in.Snapshot.Apps = append(in.Snapshot.Apps, added)
	log := document(t, written(t, report.FormatSARIF, review.Judge(in), report.Options{Baseline: before}))
	states := map[any]int{}
	for _, r := range log["runs"].([]any)[0].(map[string]any)["results"].([]any) {
		states[r.(map[string]any)["baselineState"]]++
	}
	if states["new"] != 4 || states["absent"] != 4 || states["updated"] < 1 || states["unchanged"] < 8 {
		t.Errorf("%v", states)
	}
}

// A waived fail keeps its level and is suppressed; metadata has file and line.
func TestSARIFResults(t *testing.T) {
	log := document(t, written(t, report.FormatSARIF, review.Judge(seeded(t)), report.Options{}))
	suppressed, placed := 0, 0
	for _, r := range log["runs"].([]any)[0].(map[string]any)["results"].([]any) {
		result := r.(map[string]any)
		if _, ok := result["suppressions"]; ok {
			suppressed++
			if result["level"] != "warning" {
				t.Errorf("a waived finding has level %v", result["level"])
			}
		}
		physical, _ := result["locations"].([]any)[0].(map[string]any)["physicalLocation"].(map[string]any)
		if physical == nil {
			continue
		}
		if uri := physical["artifactLocation"].(map[string]any)["uri"]; uri == "force-app/main/Mobile%20app.ecaGlblOauth-meta.xml" {
			placed++
			if line := physical["region"].(map[string]any)["startLine"]; line != 12.0 {
				t.Errorf("line %v", line)
			}
		}
	}
	if suppressed != 1 || placed != 1 {
		t.Errorf("%d suppressed, %d with the file", suppressed, placed)
	}
}
