package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the document and its page
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"countersign/internal/web"
)

// Document is the contract: OpenAPI 3.1.
//
//go:embed openapi.json
var Document []byte

//go:embed docs.html
var docsPage string

//go:embed docs.css
var docsStyle []byte

// Media of the pages.
var (
	mediaHTML = web.Media{"text/html; charset=utf-8"}
	mediaCSS  = web.Media{"text/css; charset=utf-8"}
)

// documents are what everybody may read: the contract, and a page that shows it.
// Nothing on it comes from another host, and nothing runs.
func (p *plane) documents(root string) []web.Route {
	page := sync.OnceValues(func() ([]byte, error) { return docs(Document, root) })
	public := func(path string, body func() ([]byte, error), media web.Media) web.Route {
		return web.Route{
			Methods: "GET", Pattern: root + path, CORS: web.AnyOrigin, Cache: web.FiveMinutes, Dialect: p.dialect,
			Handle: func(r *web.Request) (web.Answer, error) {
				b, err := body()
				if err != nil {
					return web.Answer{}, err
				}
				return public(r, b, media), nil
			},
		}
	}
	static := func(b []byte) func() ([]byte, error) { return func() ([]byte, error) { return b, nil } }
	return []web.Route{
		public("/openapi.json", static(Document), web.MediaJSON),
		public("/docs", page, mediaHTML),
		public("/docs.css", static(docsStyle), mediaCSS),
	}
}

// public answers with a text that everybody may read and keep.
//
// Spec: RFC 9110 §13.1.2.
func public(r *web.Request, body []byte, media web.Media) web.Answer {
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	if known := r.HTTP.Header.Get("If-None-Match"); known != "" && matches(known, tag) {
		return web.Answer{Status: http.StatusNotModified}.With("Etag", tag)
	}
	return web.Answer{Media: media, Body: body}.With("Etag", tag).
		With("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
}

// schema is as much of a schema as the page shows.
type schema struct {
	Ref         string            `json:"$ref"`
	Type        string            `json:"type"`
	Format      string            `json:"format"`
	Description string            `json:"description"`
	Enum        []string          `json:"enum"`
	Required    []string          `json:"required"`
	Items       *schema           `json:"items"`
	Properties  map[string]schema `json:"properties"`
}

// Kind names the type, as people read it.
func (s schema) Kind() string {
	switch {
	case s.Ref != "":
		return s.Ref[strings.LastIndex(s.Ref, "/")+1:]
	case s.Type == "array" && s.Items != nil:
		return "list of " + s.Items.Kind()
	case s.Format != "":
		return s.Format
	}
	return s.Type
}

// Needs says whether a member must be there.
func (s schema) Needs(name string) bool { return slices.Contains(s.Required, name) }

type parameter struct {
	Ref         string `json:"$ref"`
	Name        string `json:"name"`
	In          string `json:"in"`
	Description string `json:"description"`
	Schema      schema `json:"schema"`
}

type content map[string]struct {
	Schema  schema          `json:"schema"`
	Example json.RawMessage `json:"example"`
}

type described struct {
	ID         string                `json:"operationId"`
	Tags       []string              `json:"tags"`
	Summary    string                `json:"summary"`
	Security   []map[string][]string `json:"security"`
	Parameters []parameter           `json:"parameters"`
	Body       struct {
		Content content `json:"content"`
	} `json:"requestBody"`
	Responses map[string]struct {
		Description string  `json:"description"`
		Content     content `json:"content"`
	} `json:"responses"`
}

// contract is the document as the page reads it.
type contract struct {
	Info struct {
		Title       string `json:"title"`
		Summary     string `json:"summary"`
		Description string `json:"description"`
	} `json:"info"`
	Tags []struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	} `json:"tags"`
	Paths      map[string]map[string]described `json:"paths"`
	Components struct {
		Parameters map[string]parameter `json:"parameters"`
		Schemas    map[string]schema    `json:"schemas"`
	} `json:"components"`
}

// shownOperation is one operation as the page shows it.
type shownOperation struct {
	described
	Method, Path, Rights, Sends, Example, Answers string
}

// docs makes the page.
func docs(document []byte, root string) ([]byte, error) {
	var d contract
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	by := map[string][]shownOperation{}
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range []string{"get", "post", "patch", "delete"} {
			if o, ok := d.Paths[path][method]; ok {
				by[o.Tags[0]] = append(by[o.Tags[0]], d.shown(o, method, path))
			}
		}
	}
	t, err := template.New("docs").Parse(docsPage)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{"Root": root, "D": d, "By": by})
	return b.Bytes(), err
}

func (d *contract) shown(o described, method, path string) shownOperation {
	s := shownOperation{described: o, Method: strings.ToUpper(method), Path: path}
	for i, p := range o.Parameters {
		s.Parameters[i] = d.Components.Parameters[p.Ref[strings.LastIndex(p.Ref, "/")+1:]]
	}
	for _, scheme := range o.Security {
		s.Rights = strings.Join(scheme["oauth"], ", ")
	}
	for _, c := range o.Body.Content {
		s.Sends = c.Schema.Kind()
		var b bytes.Buffer
		if json.Indent(&b, c.Example, "", "  ") == nil {
			s.Example = b.String()
		}
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		if status >= "300" {
			continue
		}
		s.Answers = status
		for _, c := range o.Responses[status].Content {
			s.Answers += " " + c.Schema.Kind()
		}
	}
	return s
}
