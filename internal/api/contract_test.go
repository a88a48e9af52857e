package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/admin"
	"countersign/internal/api"
)

// document is the contract as the tests read it.
type document struct {
	OpenAPI    string `json:"openapi"`
	Paths      map[string]map[string]operation
	Components struct {
		Parameters map[string]parameter
		Schemas    map[string]map[string]any
		Security   map[string]struct {
			Flows map[string]struct{ Scopes map[string]string }
		} `json:"securitySchemes"`
	}
}

type parameter struct {
	Ref      string `json:"$ref"`
	Name, In string
}

type body struct {
	Content map[string]struct {
		Schema  map[string]any
		Example json.RawMessage
	}
}

type operation struct {
	ID         string `json:"operationId"`
	Summary    string
	Security   []map[string][]string
	Parameters []parameter
	Request    *body `json:"requestBody"`
	Responses  map[string]body
}

// row is an operation as the table has it.
type row struct {
	id, method, path string
	rights, query    []string
}

func contract(t *testing.T) *document {
	t.Helper()
	d := &document{}
	must(t, json.Unmarshal(api.Document, d))
	if d.OpenAPI != "3.1.0" {
		t.Fatal(d.OpenAPI)
	}
	return d
}

func (d *document) operations() []row {
	var out []row
	for path, methods := range d.Paths {
		for method, o := range methods {
			r := row{o.ID, strings.ToUpper(method), path, o.Security[0]["oauth"], nil}
			for _, p := range o.Parameters {
				if p = d.Components.Parameters[last(p.Ref)]; p.In == "query" {
					r.query = append(r.query, p.Name)
				}
			}
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b row) int { return strings.Compare(a.id, b.id) })
	return out
}

func last(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// TestEveryRouteIsDescribedAndEveryDescriptionServed: the table and the document
// say the same, with rights and parameters.
func TestEveryRouteIsDescribedAndEveryDescriptionServed(t *testing.T) {
	var served []row
	for _, o := range api.Operations() {
		served = append(served, row{o.ID, o.Method, o.Path, o.Rights, o.Query})
	}
	slices.SortFunc(served, func(a, b row) int { return strings.Compare(a.id, b.id) })
	described := contract(t).operations()
	for _, list := range [][]row{served, described} {
		for i := range list {
			slices.Sort(list[i].rights)
			slices.Sort(list[i].query)
			if len(list[i].rights) == 0 {
				list[i].rights = nil
			}
		}
	}
	if diff := cmp.Diff(described, served, cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("the document (-) and the routes (+):\n%s", diff)
	}
}

func TestTheDocumentNamesEveryRight(t *testing.T) {
	want := map[string]string{}
	for _, r := range admin.Rights {
		want[string(r.Scope)] = r.What
	}
	got := contract(t).Components.Security["oauth"].Flows["clientCredentials"].Scopes
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestTheDocumentNamesEverySetting: a field of admin is a member of the schema of
// its record, of the kind that it takes.
func TestTheDocumentNamesEverySetting(t *testing.T) {
	schemas := contract(t).Components.Schemas
	check := func(schema string, fields map[string]string) {
		got := map[string]string{}
		for name, s := range schemas[schema]["properties"].(map[string]any) {
			got[name], _ = s.(map[string]any)["type"].(string)
		}
		if diff := cmp.Diff(fields, got); diff != "" {
			t.Errorf("%s in openapi.json is not what admin can set; mend the document: fields (-), document (+):\n%s", schema, diff)
		}
	}
	check("AppSettings", kinds(admin.AppFields))
	check("PersonSettings", kinds(admin.UserFields))
	check("OrgSettings", kinds(admin.OrgFields))
}

func kinds[T any](fields []admin.Field[T]) map[string]string {
	out := map[string]string{}
	for _, f := range fields {
		switch {
		case f.Hint == admin.OnOff:
			out[f.Name] = "boolean"
		case f.Many:
			out[f.Name] = "array"
		default:
			out[f.Name] = "string"
		}
	}
	return out
}

// TestExamplesAreValid: each example is what its schema says, and says no more.
func TestExamplesAreValid(t *testing.T) {
	d := contract(t)
	n := 0
	for path, methods := range d.Paths {
		for method, o := range methods {
			if o.Request == nil {
				continue
			}
			c := o.Request.Content["application/json"]
			if len(c.Example) == 0 {
				t.Errorf("%s %s has no example", method, path)
				continue
			}
			var v any
			must(t, json.Unmarshal(c.Example, &v))
			for _, fault := range d.check(c.Schema, v, o.ID) {
				t.Error(fault)
			}
			n++
		}
	}
	if n < 10 {
		t.Errorf("only %d examples", n)
	}
}

// TestTheCheckFindsFaults: what would pass everything would prove nothing.
func TestTheCheckFindsFaults(t *testing.T) {
	d := contract(t)
	for text, fault := range map[string]string{
		`{"settings":{"name":1}}`:               "x.settings.name: not a string",
		`{"settings":{"flow":"a"}}`:             "x.settings.flow: not an array",
		`{"settings":{"type":"odd"}}`:           "x.settings.type: odd is none of its words",
		`{"settings":{},"bogus":true}`:          "x.bogus: not described",
		`{}`:                                    "x.settings: missing",
		`{"settings":{"first-party":"on"}}`:     "x.settings.first-party: not a boolean",
		`{"settings":{"redirect-uri":[1]}}`:     "x.settings.redirect-uri[0]: not a string",
		`{"settings":{},"consent":{"waive":1}}`: "x.consent.waive: not an object",
	} {
		var v any
		must(t, json.Unmarshal([]byte(text), &v))
		if got := d.check(map[string]any{"$ref": "#/components/schemas/NewApp"}, v, "x"); !slices.Contains(got, fault) {
			t.Errorf("%s: %q, want %q", text, got, fault)
		}
	}
}

// check holds a value against a schema of the subset that the document uses.
func (d *document) check(schema map[string]any, v any, at string) (faults []string) {
	if ref, ok := schema["$ref"].(string); ok {
		return d.check(d.Components.Schemas[last(ref)], v, at)
	}
	fault := func(text string) []string { return append(faults, at+": "+text) }
	switch schema["type"] {
	case "object":
		o, ok := v.(map[string]any)
		if !ok {
			return fault("not an object")
		}
		return d.checkObject(schema, o, at)
	case "array":
		list, ok := v.([]any)
		if !ok {
			return fault("not an array")
		}
		for i, x := range list {
			faults = append(faults, d.check(schema["items"].(map[string]any), x, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case "string":
		return append(faults, checkText(schema, v, at)...)
	case "integer", "boolean":
		n, isNumber := v.(float64)
		if _, isBool := v.(bool); schema["type"] == "boolean" && !isBool {
			return fault("not a boolean")
		} else if schema["type"] == "integer" && (!isNumber || n != float64(int64(n))) {
			return fault("not an integer")
		}
	}
	return faults
}

func checkText(schema map[string]any, v any, at string) []string {
	s, ok := v.(string)
	if !ok {
		return []string{at + ": not a string"}
	}
	if words, ok := schema["enum"].([]any); ok && !slices.Contains(words, any(s)) {
		return []string{at + ": " + s + " is none of its words"}
	}
	return nil
}

func (d *document) checkObject(schema, o map[string]any, at string) (faults []string) {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := o[name.(string)]; !ok {
			faults = append(faults, at+"."+name.(string)+": missing")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		s, ok := properties[name].(map[string]any)
		if more, is := schema["additionalProperties"].(map[string]any); !ok && is {
			s, ok = more, true
		}
		if !ok {
			if schema["additionalProperties"] != true {
				faults = append(faults, at+"."+name+": not described")
			}
			continue
		}
		faults = append(faults, d.check(s, o[name], at+"."+name)...)
	}
	return faults
}

// described sends, expects success, and holds the answer against its schema, of
// which every member must be described.
func (p *plane) described(d *document, seen map[string]bool, method, path, pattern, body string, headers ...string) reply {
	p.t.Helper()
	o := d.Paths[pattern][strings.ToLower(method)]
	r := p.send(method, "/api/v1"+path, body, headers...)
	c, ok := o.Responses[fmt.Sprint(r.Code)]
	if !ok || r.Code >= http.StatusBadRequest {
		p.t.Fatalf("%s %s: %d %s", method, path, r.Code, r.Body)
	}
	seen[o.ID] = true
	schema, has := c.Content["application/json"]
	if !has {
		if r.Body.Len() > 0 {
			p.t.Errorf("%s: a body that is not described: %s", o.ID, r.Body)
		}
		return r
	}
	for _, fault := range append(d.check(schema.Schema, r.json, o.ID), d.undescribed(schema.Schema, r.json, o.ID)...) {
		p.t.Errorf("%s %s: %s", method, path, fault)
	}
	return r
}

// undescribed finds members that a schema with properties does not name: an
// answer may grow over time, but not behind the document's back.
func (d *document) undescribed(schema map[string]any, v any, at string) (faults []string) {
	if ref, ok := schema["$ref"].(string); ok {
		return d.undescribed(d.Components.Schemas[last(ref)], v, at)
	}
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			faults = append(faults, d.undescribed(schema["items"].(map[string]any), x, at+"[]")...)
		}
	case map[string]any:
		properties, ok := schema["properties"].(map[string]any)
		if !ok || strings.Contains(fmt.Sprint(schema["description"]), "review.schema.json") || at == "showControl" || at == "listControls.items[]" || strings.HasSuffix(at, "Fix") || at == "compareRuns" {
			return nil
		}
		for name, x := range v {
			s, ok := properties[name].(map[string]any)
			if !ok {
				faults = append(faults, at+"."+name+" is not described")
				continue
			}
			faults = append(faults, d.undescribed(s, x, at+"."+name)...)
		}
	}
	return faults
}
