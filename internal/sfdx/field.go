package sfdx

import (
	"slices"
	"strconv"
	"strings"
)

// field ties one setting of an App to its element in metadata.
type field interface {
	load(a *App)
	// home is where the setting stands in an External Client App, and in a
	// Connected App ("" if it has no equivalent there).
	home() (typ, path, connected string)
	// render gives the element for a new External Client App file, or nothing if
	// the setting is at its default.
	render(a *App) []*output
	// plain says whether the setting has the value the org would give it by itself.
	plain(a *App) bool
}

// scalar is a setting with one value in one element.
type scalar[T comparable] struct {
	typ, path string
	connected string
	at        func(*App) *Setting[T]
	parse     func(string) (T, bool)
	print     func(T) string

	def, defConnected Setting[T]             // only V and Origin are used
	parseConnected    func(string) (T, bool) // if its values are spelt otherwise there
}

func (s scalar[T]) home() (typ, path, connected string) { return s.typ, s.path, s.connected }

// orElse sets the documented default.
func (s scalar[T]) orElse(v T) scalar[T] {
	s.def = Setting[T]{V: v, Origin: Default}
	s.defConnected = s.def
	return s
}

// orElseConnected sets a default that differs in Connected Apps.
func (s scalar[T]) orElseConnected(v T) scalar[T] {
	s.defConnected = Setting[T]{V: v, Origin: Default}
	return s
}

// unknownConnected says that nothing tells the value in a Connected App that leaves
// it out.
func (s scalar[T]) unknownConnected() scalar[T] {
	s.defConnected = Setting[T]{}
	return s
}

func (s scalar[T]) readConnected(parse func(string) (T, bool)) scalar[T] {
	s.parseConnected = parse
	return s
}

// inverted turns a flag round: true in the file is false in the model.
func inverted(s scalar[bool]) scalar[bool] {
	s.parse = func(text string) (bool, bool) { v, ok := parseBool(text); return !v, ok }
	s.print = func(v bool) string { return strconv.FormatBool(!v) }
	return s
}

func (s scalar[T]) load(a *App) {
	*s.at(a) = loadScalar(a.look(s.typ, s.path, s.connected), s, a.Kind)
}

func loadScalar[T comparable](l look, s scalar[T], k Kind) Setting[T] {
	parse, def := s.parse, s.def
	if k == ConnectedApp {
		def = s.defConnected
		if s.parseConnected != nil {
			parse = s.parseConnected
		}
	}
	out := Setting[T]{Element: l.element, File: l.file, Line: l.line}
	if !l.defined {
		return out
	}
	values := l.set()
	if len(values) == 0 {
		out.V, out.Origin = def.V, def.Origin
		return out
	}
	out.File, out.Line = values[0].file.Path, values[0].Line
	for i, e := range values {
		v, ok := parse(e.value())
		if !ok || len(e.Children) > 0 || i > 0 && v != out.V {
			// No value, or two that contradict each other: nobody knows which
			// one Salesforce would take.
			return Setting[T]{Element: out.Element, File: e.file.Path, Line: e.Line}
		}
		out.V = v
	}
	out.Origin = Given
	return out
}

func (s scalar[T]) render(a *App) []*output {
	v := *s.at(a)
	if v.Origin == Unknown || v.Origin == Default && v.V == s.def.V {
		return nil
	}
	text := s.print(v.V)
	if text == "" {
		return nil
	}
	return []*output{{name: s.path, text: text}}
}

func (s scalar[T]) plain(a *App) bool {
	v := *s.at(a)
	return v.Origin == Unknown || v.V == s.def.V && s.def.Known()
}

func parseText(s string) (string, bool) { return s, true }

func printText(s string) string { return s }

func printInt(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func parseInt(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil
}

func parseDecimal(s string) (float64, bool) {
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// list is a setting with several values: comma-separated or one per line in one
// element, or, in a Connected App, in repeated elements.
type list struct {
	typ, path string
	connected string
	at        func(*App) *Setting[[]string]
	split     func(string) []string
	join      string
	unknown   bool // if left out, nothing tells the value
}

func (l list) home() (typ, path, connected string) { return l.typ, l.path, l.connected }

func (l list) load(a *App) {
	found := a.look(l.typ, l.path, l.connected)
	out := Setting[[]string]{Element: found.element, File: found.file, Line: found.line}
	if found.defined {
		if !l.unknown {
			out.Origin = Default
		}
		for i, e := range found.set() {
			if i == 0 {
				out.File, out.Line = e.file.Path, e.Line
			}
			out.Origin = Given
			out.V = append(out.V, l.split(e.value())...)
		}
	}
	*l.at(a) = out
}

func (l list) render(a *App) []*output {
	v := *l.at(a)
	if !v.Known() || len(v.V) == 0 {
		return nil
	}
	return []*output{{name: l.path, text: strings.Join(v.V, l.join)}}
}

func (l list) plain(a *App) bool { return len(l.at(a).V) == 0 }

func splitLines(s string) []string {
	var out []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// output is an element to be written.
type output struct {
	name     string // dotted path for a single nested element
	text     string
	children []*output
}

// look is what the files of an app say about one element.
type look struct {
	element string // "Type.path"
	defined bool   // the file is there and readable, or its absence means defaults
	file    string // where the element would stand
	line    int
	found   []located
}

type located struct {
	*Element
	file *File
}

// set returns the elements that give a value.
func (l look) set() []located {
	return slices.DeleteFunc(slices.Clone(l.found), func(e located) bool { return !e.set() })
}

// look finds an element by its place in an External Client App or, if the app is a
// Connected App, there.
func (a *App) look(typ, path, connected string) look {
	if a.Kind == ConnectedApp {
		typ, path = typeConnected, connected
	}
	l := look{element: typ + "." + path}
	if a.Kind == ConnectedApp && connected == "" {
		// No equivalent: off, as far as a default says so.
		l.defined = a.readable(typ)
		l.file, l.line = a.at().file, a.at().line
		return l
	}
	l.defined = a.readable(typ)
	for i, f := range a.files[typ] {
		if f.Root == nil {
			continue
		}
		if i == 0 {
			l.file, l.line = f.Path, f.Root.Line
		}
		if !f.readable() {
			continue
		}
		for _, e := range f.Root.all(path) {
			l.found = append(l.found, located{e, f})
		}
	}
	return l
}

// readable says whether what the files of a type leave out has its default. A
// policy file that is missing altogether counts as readable: the org creates it
// with the documented defaults. The other files may lie elsewhere.
func (a *App) readable(typ string) bool {
	files := a.files[typ]
	for _, f := range files {
		if f.Broken != nil {
			return false
		}
	}
	if len(files) > 0 {
		return true
	}
	made := typ == typePolicy || typ == typePlugins
	return made && !a.unit.broken[typ] && !a.Undeclared
}
