package remote

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/format"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write operations.go anew")

// TestOperationsAreFresh: operations.go is what the contract says today.
func TestOperationsAreFresh(t *testing.T) {
	document, err := os.ReadFile("../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(document)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("operations.go", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("operations.go")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(got), "\n"), strings.Split(string(want), "\n")); diff != "" {
		t.Errorf("run: go test ./internal/remote -update\n%s", diff)
	}
}

type parameter struct {
	Ref         string `json:"$ref"`
	Name        string
	In          string
	Description string
	Schema      struct{ Type string }
}

type operation struct {
	ID         string `json:"operationId"`
	Summary    string
	Parameters []parameter
	Body       *struct{} `json:"requestBody"`
	path       string
	method     string
}

// generate writes a method for each operation, in the order of their names.
func generate(document []byte) ([]byte, error) {
	var d struct {
		Paths      map[string]map[string]operation
		Components struct{ Parameters map[string]parameter }
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, err
	}
	all := map[string]operation{}
	for path, methods := range d.Paths {
		for method, o := range methods {
			o.path, o.method = path, strings.ToUpper(method)
			for i, p := range o.Parameters {
				o.Parameters[i] = d.Components.Parameters[p.Ref[strings.LastIndex(p.Ref, "/")+1:]]
			}
			all[o.ID] = o
		}
	}
	var b bytes.Buffer
	b.WriteString("// Code generated from internal/api/openapi.json by go test ./internal/remote -update. DO NOT EDIT.\n\npackage remote\n\nimport (\n\"context\"\n\"net/http\"\n\"net/url\"\n)\n")
	for _, id := range slices.Sorted(maps.Keys(all)) {
		write(&b, all[id])
	}
	return format.Source(b.Bytes())
}

var goTypes = map[string]string{"string": "string", "integer": "int", "boolean": "bool", "array": "[]string"}

func write(b *bytes.Buffer, o operation) {
	name := exported(o.ID)
	var given []parameter
	args := "ctx context.Context"
	path := fmt.Sprintf("%q", o.path)
	for _, p := range o.Parameters {
		if p.In != "path" {
			given = append(given, p)
			continue
		}
		args += ", " + local(p.Name) + " string"
		path = strings.Replace(path, "{"+p.Name+"}", `"+url.PathEscape(`+local(p.Name)+`)+"`, 1)
	}
	path = strings.TrimSuffix(path, `+""`)
	if len(given) > 0 {
		fmt.Fprintf(b, "\n// %sParams are what %s may be given; zero values are left out.\ntype %sParams struct {\n", name, name, name)
		for _, p := range given {
			fmt.Fprintf(b, "%s %s // %s\n", exported(p.Name), goTypes[p.Schema.Type], p.Description)
		}
		b.WriteString("}\n")
		args += ", p " + name + "Params"
	}
	if o.Body != nil {
		args += ", body any"
	}
	fmt.Fprintf(b, "\n// %s: %s\nfunc (c *Client) %s(%s, into any) error {\n", name, o.Summary, name, args)
	fmt.Fprintf(b, "q := request{method: %q, path: %s, query: url.Values{}, header: http.Header{}", o.method, path)
	if o.Body != nil {
		b.WriteString(", body: body")
	}
	b.WriteString("}\n")
	for _, p := range given {
		writer, into := map[string]string{"string": "text", "integer": "number", "boolean": "boolean", "array": "list"}[p.Schema.Type], "q.query"
		if p.In == "header" {
			writer, into = "match", "q.header"
		}
		fmt.Fprintf(b, "%s(%s, %q, p.%s)\n", writer, into, p.Name, exported(p.Name))
	}
	b.WriteString("return c.do(ctx, q, into)\n}\n")
}

// exported writes a name as Go does: app_id is AppID, If-Match is IfMatch.
func exported(name string) string {
	var out string
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '_' || r == '-' }) {
		if part == "id" {
			out += "ID"
			continue
		}
		out += strings.ToUpper(part[:1]) + part[1:]
	}
	return out
}

func local(name string) string {
	text := exported(name)
	return strings.ToLower(text[:1]) + text[1:]
}
