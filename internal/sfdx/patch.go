package sfdx

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Change is one value to be written.
type Change struct {
	// App is the id of the app, or the name of the site; empty for an org setting.
	App string
	// Setting is a name of the control catalogue's vocabulary ("app.pkce.required")
	// with a value in its sense, or a metadata name
	// ("ExtlClntAppGlobalOauthSettings.isPkceRequired") with the value that shall
	// stand in the file, so that only here inverted flags stay inverted.
	Setting string
	// Value is a bool, int, int64, string, []string or time.Duration. With a
	// metadata name, nil removes the element.
	Value any
	// File narrows the change to one file if several could be meant: two projects
	// with org settings, or two sites of one name. May be empty.
	File string
}

// Task is what a patch cannot do: a person has to.
type Task struct {
	App     string
	Setting string // of the change, or the id of the check that will speak
	Reason  string
}

// FileDiff is one file before and after a patch.
type FileDiff struct {
	Path    string
	Before  []byte // nil if the file is created
	After   []byte
	Created bool
}

// Patch works out the files that result from changes. It changes single text nodes
// and leaves everything else in a file as it is; it does not write anything. A
// setting that metadata cannot express, and every finding that the patch itself
// would bring about, comes back as a task. A change that makes no sense (unknown
// app or setting, a value the setting cannot have) is an error, and then nothing
// is changed. Values already in force are left alone.
func (p *Project) Patch(changes []Change) ([]FileDiff, []Task, error) {
	b := &batch{p: p.copy(), changes: changes, done: map[int]bool{}}
	var errs []error
	for i, c := range changes {
		if b.done[i] {
			continue
		}
		if err := b.apply(c); err != nil {
			errs = append(errs, fmt.Errorf("change %d (%s): %w", i+1, c.Setting, err))
		}
	}
	if len(errs) > 0 {
		return nil, nil, fmt.Errorf("sfdx: %w", errors.Join(errs...))
	}
	b.missed()
	diffs := b.diffs(p)
	if len(diffs) > 0 {
		b.newFindings(p)
	}
	return diffs, b.tasks, nil
}

// copy gives a project whose files can be replaced without touching p.
func (p *Project) copy() *Project {
	files := make([]*File, len(p.Files))
	for i, f := range p.Files {
		c := *f
		c.app = nil
		files[i] = &c
	}
	return assemble(files, p.Manifests)
}

// batch applies changes one after the other to a copy of the project, so that each
// sees what the ones before it did.
type batch struct {
	p       *Project
	changes []Change
	done    map[int]bool // changes dealt with together with an earlier one
	tasks   []Task
}

func (b *batch) task(c Change, format string, args ...any) {
	b.tasks = append(b.tasks, Task{App: c.App, Setting: c.Setting, Reason: fmt.Sprintf(format, args...)})
}

// edit is one element to be set, in metadata words.
type edit struct {
	setting string // "Type.path"
	values  []string
	remove  bool
}

func (b *batch) apply(c Change) error {
	if strings.HasPrefix(c.Setting, "app.") || strings.HasPrefix(c.Setting, "server.") {
		return b.applyVocabulary(c)
	}
	e, err := rawEdit(c)
	if err != nil {
		return err
	}
	return b.write(c, e)
}

// rawEdit turns a change by metadata name into an edit.
func rawEdit(c Change) (edit, error) {
	typ, path, _ := strings.Cut(c.Setting, ".")
	t := typeNamed(typ)
	if t == nil {
		return edit{}, errors.New("neither a name of the vocabulary nor of a metadata type")
	}
	schema, ok := t.at(path)
	if !ok || schema.kind == group || schema.kind == opaque || path == tie {
		return edit{}, errors.New("not an element whose value can be set")
	}
	e := edit{setting: c.Setting}
	if c.Value == nil {
		e.remove = true
		return e, nil
	}
	values, err := asStrings(c.Value)
	if err != nil {
		return edit{}, err
	}
	if !schema.repeated && len(values) != 1 {
		separator := ", "
		if schema.name == callback {
			separator = "\n"
		}
		values = []string{strings.Join(values, separator)}
	}
	e.values = values
	return e, nil
}

const callback = "callbackUrl"

// check refuses what must not be written. Parts of a list that stand in the file
// already are not judged again.
func (e edit) check(schema element, files []*File, path string) error {
	for _, v := range e.values {
		if schema.comma {
			v = strings.Join(slices.DeleteFunc(splitList(v), func(part string) bool { return listed(files, path, part) }), ", ")
		}
		switch {
		case schema.secret || holdsPrivateKey(v):
			return errors.New("a secret is never written into a file")
		case !isXMLText(v):
			return errors.New("the value has characters that XML cannot hold")
		case v != "" && !schema.accepts(v):
			return fmt.Errorf("%q is not a value of <%s>", clip(v, 60), schema.name)
		}
	}
	return nil
}

// listed says whether a list in one of the files has a part already.
func listed(files []*File, path, part string) bool {
	return slices.ContainsFunc(files, func(f *File) bool {
		return f.Root != nil && slices.Contains(splitList(f.Root.text(path)), part)
	})
}

// write puts an edit into the file it belongs to, which is created if need be.
func (b *batch) write(c Change, e edit) error {
	typ, path, _ := strings.Cut(e.setting, ".")
	schema, _ := typeNamed(typ).at(path)
	o, files, err := b.targets(c, typ)
	if err != nil {
		return err
	}
	if err := e.check(schema, files, path); err != nil {
		return err
	}
	for _, f := range files {
		if !f.readable() {
			b.task(c, "%s cannot be read; repair it first.", f.Path)
			return nil
		}
	}
	if len(files) == 0 {
		if e.remove {
			return nil
		}
		f, err := b.create(c, o, typ)
		if err != nil {
			return err
		}
		files = []*File{f}
	}
	for i, f := range files {
		if i > 0 && f.Root.first(path) == nil {
			continue
		}
		f.load(f.edited(path, e))
		if f.Broken != nil {
			return fmt.Errorf("%s would become unreadable: %w", f.Path, f.Broken)
		}
		if !f.holds(path, e) {
			return fmt.Errorf("%s does not take the value; change <%s> by hand", f.Path, schema.name)
		}
	}
	b.reload(c, o)
	return nil
}

// holds says whether an edit has come true.
func (f *File) holds(path string, e edit) bool {
	elements := f.Root.all(path)
	var got []string
	for _, el := range elements {
		if v := el.value(); !slices.Contains(got, v) && v != "" {
			got = append(got, v)
		}
	}
	want := slices.DeleteFunc(slices.Clone(e.values), func(v string) bool { return strings.TrimSpace(v) == "" })
	slices.Sort(got)
	slices.Sort(want)
	if e.remove {
		return len(elements) == 0
	}
	return slices.Equal(got, slices.Compact(want))
}

func (b *batch) reload(c Change, o *Org) {
	if a := b.p.App(c.App); a != nil {
		a.load()
	}
	o.load()
}

// targets finds the files of a type that a change is about.
func (b *batch) targets(c Change, typ string) (*Org, []*File, error) {
	if typ == typeConnected || typ == typeHeader || typeNamed(typ).tied {
		a := b.p.App(c.App)
		switch {
		case a == nil:
			return nil, nil, fmt.Errorf("there is no app %q", c.App)
		case (a.Kind == ConnectedApp) != (typ == typeConnected):
			return nil, nil, fmt.Errorf("%s is a %s and has no %s", a.ID, a.Kind, typ)
		}
		return a.Org, b.narrow(c, a.files[typ]), nil
	}
	o, err := b.org(c)
	if err != nil {
		return nil, nil, err
	}
	files := b.narrow(c, o.files[typ])
	if typeNamed(typ).file == "" {
		files = slices.DeleteFunc(slices.Clone(files), func(f *File) bool { return f.Name != c.App })
		if len(files) != 1 {
			return nil, nil, fmt.Errorf("%d files of type %s have the name %q; name the file", len(files), typ, c.App)
		}
	}
	return o, files, nil
}

func (b *batch) narrow(c Change, files []*File) []*File {
	if i := slices.IndexFunc(files, func(f *File) bool { return f.Path == c.File }); i >= 0 {
		return files[i : i+1]
	}
	return files
}

// org finds the org a setting belongs to.
func (b *batch) org(c Change) (*Org, error) {
	for _, o := range b.p.Orgs {
		if len(b.p.Orgs) == 1 || c.File != "" && b.p.file(c.File) != nil && b.p.dirOf(b.p.file(c.File)) == o.Dir {
			return o, nil
		}
	}
	return nil, fmt.Errorf("the files belong to %d projects; name the file", len(b.p.Orgs))
}

// diffs compares the files of the copy with those of the project.
func (b *batch) diffs(before *Project) []FileDiff {
	var out []FileDiff
	for _, f := range b.p.Files {
		old := before.file(f.Path)
		switch {
		case old == nil:
			out = append(out, FileDiff{Path: f.Path, After: f.data, Created: true})
		case !bytes.Equal(old.data, f.data):
			out = append(out, FileDiff{Path: f.Path, Before: old.data, After: f.data})
		}
	}
	slices.SortFunc(out, func(a, b FileDiff) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

// newFindings turns what the patch itself brings about into tasks: a flow that is
// switched on while the org gate is off, an enablement that leads nowhere.
func (b *batch) newFindings(before *Project) {
	type key struct{ id, app, file string }
	had, messages := map[key]int{}, map[string]bool{}
	for _, f := range before.Check() {
		had[key{f.ID, f.App, f.File}]++
		messages[f.ID+f.App+f.Message] = true
	}
	for _, f := range b.p.copy().Check() {
		k := key{f.ID, f.App, f.File}
		had[k]--
		if had[k] < 0 && !messages[f.ID+f.App+f.Message] {
			b.tasks = append(b.tasks, Task{App: f.App, Setting: f.ID, Reason: f.Message + " " + f.Remedy})
		}
	}
}
