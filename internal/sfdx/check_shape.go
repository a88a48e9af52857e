package sfdx

import (
	"fmt"
	"strings"
)

// checkShape is M01: what stands in the wrong place, or has a name or value that
// Salesforce does not know. Salesforce refuses such a file or, worse, keeps the
// default of the setting that was meant.
func checkShape(p *Project, r *report) {
	given := map[string]*File{}
	for _, f := range p.Files {
		if f.Broken != nil {
			continue
		}
		if f.Type == "" {
			r.add(Medium, "", place{f.Path, f.Root.Line},
				fmt.Sprintf("<%s> is not the root element of a metadata type that belongs here.", clip(f.Root.Name, 60)), expectedRoot(f))
			continue
		}
		app := appOf(f)
		checkPlace(f, app, r)
		checkTwice(p, f, app, given, r)
		if f.space != namespace {
			r.add(Medium, app, place{f.Path, f.Root.Line}, fmt.Sprintf("The root element <%s> lacks the namespace of Salesforce metadata.", f.Type),
				fmt.Sprintf(`Write <%s xmlns="%s">.`, f.Type, namespace))
		}
		s := shape{f: f, app: app, r: r}
		s.children(f.Root, f.schema().element, "")
	}
}

func expectedRoot(f *File) string {
	if t := typeBySuffix(f.suffix, f.Name); t != nil {
		return fmt.Sprintf("A file with the suffix %s has the root element <%s>.", f.suffix, t.name)
	}
	return "Move the file, or correct its root element."
}

// appOf returns the id of the app a file belongs to, or "".
func appOf(f *File) string {
	if f.app == nil {
		return ""
	}
	return f.app.ID
}

// checkPlace reports a wrong suffix, file name or folder.
func checkPlace(f *File, app string, r *report) {
	t := f.schema()
	at := place{f.Path, f.Root.Line}
	ending := ""
	if f.Format == Source {
		ending = sourceSuffix
	}
	switch {
	case f.suffix != t.suffix:
		r.add(Medium, app, at, fmt.Sprintf("The suffix %s%s is wrong for <%s>: Salesforce does not recognise the file and leaves it out of the deploy.", clip(f.suffix, 60), ending, t.name),
			fmt.Sprintf("Rename it to %s%s%s.", f.Name, t.suffix, ending))
	case t.file != "" && f.Name != t.file:
		r.add(Medium, app, at, fmt.Sprintf("<%s> must stand in a file of the name %s%s%s.", t.name, t.file, t.suffix, ending), "Rename the file.")
	}
	if wrongFolder(f.folder, t.folder) {
		r.add(Medium, app, at, fmt.Sprintf("<%s> lies in the folder %s/, where Salesforce does not look for it.", t.name, f.folder),
			fmt.Sprintf("Move the file to %s/.", t.folder))
	}
}

// wrongFolder holds for the home of another type and for a folder whose name looks
// like a misspelling. Projects may sort their files into folders of their own.
func wrongFolder(folder, home string) bool {
	if folder == "" || folder == home {
		return false
	}
	if len(typesIn(folder)) > 0 {
		return true
	}
	lower := strings.ToLower(folder)
	return strings.HasPrefix(lower, "extlclntapp") || strings.HasPrefix(lower, "externalclient") || distance(lower, strings.ToLower(home)) <= 2
}

// checkTwice reports a second file of a type that an app or org has once.
func checkTwice(p *Project, f *File, app string, given map[string]*File, r *report) {
	t := f.schema()
	if t.tied && f.tie == "" || !t.tied && t.file == "" && f.Type != typeHeader && f.Type != typeConnected {
		return
	}
	key := f.Type + "\n" + app
	if app == "" {
		key += "\n" + p.dirOf(f)
	}
	if first, ok := given[key]; ok {
		r.add(Medium, app, place{f.Path, f.Root.Line}, fmt.Sprintf("A second <%s>, beside %s: which one counts is undecided.", f.Type, first.Path),
			"Keep one of the two files.")
		return
	}
	given[key] = f
}

func (p *Project) dirOf(f *File) string {
	if m := manifestOf(f, p.Manifests); m != nil {
		return m.Dir
	}
	return "."
}

// shape walks one file beside its schema.
type shape struct {
	f   *File
	app string
	r   *report
}

func (s shape) add(e *Element, message, remedy string) {
	s.r.add(Medium, s.app, place{s.f.Path, e.Line}, message, remedy)
}

func (s shape) children(e *Element, schema element, path string) {
	seen := map[string]int{}
	for _, c := range e.Children {
		want, _, known := schema.child(c.Name)
		everywhere := path == "" && c.Name == "fullName"
		switch {
		case c.foreign || !known && !everywhere && !schema.open:
			s.unknown(c, schema, path)
			continue
		case !known || want.kind == opaque:
			continue
		}
		if first, twice := seen[c.Name]; twice && !want.repeated {
			s.add(c, fmt.Sprintf("<%s> stands here a second time (first in line %d): which value counts is undecided.", c.Name, first), "Keep one of the two.")
		} else {
			seen[c.Name] = c.Line
		}
		if want.kind == group {
			s.children(c, want, join(path, c.Name))
			continue
		}
		s.value(c, want)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// value checks the text of a leaf.
func (s shape) value(c *Element, want element) {
	if len(c.Children) > 0 {
		s.add(c, fmt.Sprintf("<%s> holds further elements, but it takes a plain value.", c.Name), "Write the value as text.")
		return
	}
	v := c.value()
	if v == "" || want.accepts(v) {
		return
	}
	if want.secret {
		s.add(c, fmt.Sprintf("<%s> has a value it cannot have.", c.Name), "Remove the value.")
		return
	}
	for _, part := range want.parts(v) {
		if !want.accepts(part) {
			s.add(c, fmt.Sprintf("%q is not a value of <%s>.", clip(part, 60), c.Name), allowed(part, want))
		}
	}
}

// allowed says what to write for a value that does not exist.
func allowed(v string, want element) string {
	switch {
	case want.kind == flag:
		return "Write true or false."
	case want.name == "refreshTokenPolicy":
		return "Write infinite, zero, specific_lifetime:N:DAYS or specific_inactivity:N:DAYS."
	case want.check != nil:
		return "Write a number from 1 to 720 (minutes)."
	case len(want.values) == 0:
		return "Write a number."
	}
	near := nearest(v, want.values)
	switch {
	case near != "" && len(want.values) > 12:
		return fmt.Sprintf("Write %s.", near)
	case near != "":
		return fmt.Sprintf("Write %s. Allowed: %s.", near, strings.Join(want.values, ", "))
	}
	return fmt.Sprintf("Allowed: %s.", strings.Join(want.values, ", "))
}

// unknown reports an element the schema does not have and says which one was meant.
func (s shape) unknown(c *Element, schema element, path string) {
	owner := join(s.f.Type, path)
	owner = strings.TrimSuffix(owner, ".")
	message := fmt.Sprintf("<%s> is not an element of %s: Salesforce refuses the file.", clip(c.Name, 60), owner)
	var names []string
	for _, child := range schema.children {
		names = append(names, child.name)
	}
	if near := nearest(c.Name, names); near != "" {
		s.add(c, message, fmt.Sprintf("Write <%s>, or remove the element.", near))
		return
	}
	if elsewhere := whereElse(c.Name); elsewhere != "" {
		s.add(c, message, elsewhere)
		return
	}
	s.add(c, message, "Remove the element.")
}

// whereElse says where an element of this name does exist.
func whereElse(name string) string {
	for _, f := range fields {
		typ, path, connected := f.home()
		if lastName(connected) == name && lastName(path) != name {
			return fmt.Sprintf("It belongs to Connected Apps (%s). In an External Client App write <%s>, in the %s file.", connected, lastName(path), typeNamed(typ).suffix)
		}
		if lastName(path) == name {
			return fmt.Sprintf("It belongs to %s: move it to the %s file.", typ, typeNamed(typ).suffix)
		}
	}
	return ""
}

func lastName(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }
