// Package page owns how our HTML looks: the frame around every page, the widgets
// that pages are made of, charts that are drawn on the server, and the one
// stylesheet. Everything is a template with contextual escaping; nothing here or
// in a page may turn data into markup by itself (template.HTML). It knows no
// route and no person; the console gives it what to show.
//
// A page is a file NAME.html that defines "content". It sees the Frame as dot,
// and what its handler gave as .Body. Widgets are templates that take one value:
//
//	{{template "field" .Body.Name}}     page.Field: label, hint, input, error with rule and remedy
//	{{template "switch" .Body.PKCE}}    page.Switch
//	{{template "choice" .Body.Kind}}    page.Choice: radio buttons as cards
//	{{template "badge" .State}}         page.Badge, or {{template "badge" (badge "good" "Active")}}
//	{{template "moment" .Created}}      page.Moment: "3 hours ago", the full time on hover
//	{{template "filters" .Body.Find}}   page.Filters above a table
//	{{template "pager" .Body.Pager}}    page.Pager below it
//	{{template "empty" .Body.None}}     page.Empty: what to do when there is nothing
//	{{template "confirm" .Body}}        page.Confirm: a page of its own before what cannot be undone
//	{{template "facts" .Body.Facts}}    []page.Fact: a list of names and values
//	{{template "icon" "key"}}           one of the icons in widgets.html
//	{{template "ring" .Body.Score}}     charts: see chart.go
//
// Styles are classes of style.css; an inline style or script is refused by the
// Content-Security-Policy.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed frame.html widgets.html charts.html style.css htmx.min.js
var files embed.FS

// Set is the pages of one site.
type Set struct {
	pages map[string]*template.Template
	style []byte
	htmx  []byte
	mark  string // of the stylesheet and the script, so that new ones are fetched
}

// funcs are what templates may call. Each returns data, never markup.
var funcs = template.FuncMap{
	"badge": func(tone any, text string) Badge { return Badge{Tone: Tone(fmt.Sprint(tone)), Text: text} },
	"lower": strings.ToLower,
	"join":  strings.Join,
	"count": Count,
}

// New reads the pages *.html in a folder; part-*.html are no pages, but define
// what several of them share. Errors: a template that cannot be
// read.
func New(pages fs.FS) (*Set, error) {
	base, err := template.New("frame").Funcs(funcs).ParseFS(files, "*.html")
	if err != nil {
		return nil, fmt.Errorf("read widgets: %w", err)
	}
	names, err := fs.Glob(pages, "*.html")
	if err != nil {
		return nil, err
	}
	isPart := func(name string) bool { return strings.HasPrefix(name, "part-") }
	if slices.ContainsFunc(names, isPart) {
		if base, err = base.ParseFS(pages, "part-*.html"); err != nil {
			return nil, fmt.Errorf("read parts of pages: %w", err)
		}
	}
	s := &Set{pages: map[string]*template.Template{}}
	for _, name := range slices.DeleteFunc(names, isPart) {
		one, err := base.Clone()
		if err == nil {
			_, err = one.ParseFS(pages, name)
		}
		if err != nil {
			return nil, fmt.Errorf("read page %s: %w", name, err)
		}
		s.pages[strings.TrimSuffix(path.Base(name), ".html")] = one
	}
	if s.style, err = files.ReadFile("style.css"); err != nil {
		return nil, err
	}
	if s.htmx, err = files.ReadFile("htmx.min.js"); err != nil {
		return nil, err
	}
	sum := sha256.New()
	sum.Write(s.style)
	sum.Write(s.htmx)
	s.mark = hex.EncodeToString(sum.Sum(nil)[:6])
	return s, nil
}

// Style is the stylesheet.
func (s *Set) Style() []byte { return s.style }

// Script is htmx, which makes pages that ask again do it without a flicker. Every
// page works without it.
func (s *Set) Script() []byte { return s.htmx }

// Render writes a page into its frame. Errors: a page that does not exist, or
// that does not fit what it is given.
func (s *Set) Render(name string, f Frame) ([]byte, error) {
	t := s.pages[name]
	if t == nil {
		return nil, fmt.Errorf("there is no page %q", name)
	}
	f.Mark = s.mark
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "frame.html", f); err != nil {
		return nil, fmt.Errorf("write page %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// Frame is what stands around a page.
type Frame struct {
	Title  string
	Crumbs []Link  // the way here, without the page itself
	Nav    []Group // empty: nobody is signed in
	Who    *Who
	Site   string // what the server is called
	Theme  Theme
	Here   string // path of this page, for the forms of the frame
	Notice *Notice
	Again  int  // seconds until the page is asked for again, because something is under way; 0: never
	Wide   bool // use the whole width: tables and matrices
	Alone  bool // nothing around it, though somebody is signed in
	Body   any
	May    func(permission string) bool // for buttons: {{if call $.May "edit-apps"}}
	Mark   string                       // set by Render
}

// Theme is light, dark, or the system's if empty.
type Theme string

// Themes.
const (
	Light Theme = "light"
	Dark  Theme = "dark"
)

// Who is signed in.
type Who struct{ Name, Role string }

// Group is a part of the navigation.
type Group struct {
	Title string
	Links []Link
}

// Link leads to another page.
type Link struct {
	Text, Path, Icon string
	Current          bool
}

// Count writes a number with its noun: 1 app, 12 apps.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%s %s", Number(n), many)
}

// Number writes a number in groups of three: 12 345.
func Number(n int) string {
	if n < 0 {
		return "−" + Number(-n)
	}
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}
