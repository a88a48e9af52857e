package sfdx

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// create adds a new file of a type, with nothing but what ties it to its app.
func (b *batch) create(c Change, o *Org, typ string) (*File, error) {
	t := typeNamed(typ)
	a := b.p.App(c.App)
	if t.file == "" && (a == nil || !t.tied) {
		return nil, fmt.Errorf("there is no file of type %s to change", typ)
	}
	if t.file == "" && !isFileName(a.Name) {
		return nil, fmt.Errorf("%q cannot be the name of a file", a.Name)
	}
	dir, format := b.packageDir(a, o)
	name := t.file
	var content []*output
	if name == "" {
		name = fileName(a, typ)
		content = []*output{{name: tie, text: a.Name}}
		if _, ok := t.at("label"); ok {
			content = append(content, &output{name: "label", text: name})
		}
		if typ == typePlugins {
			content = append(content, &output{name: "isEnabled", text: "true"})
		}
	}
	f, how := recognise(path.Join(dir, t.folder, name+t.suffix+ending(format)))
	if how == ignore || b.p.file(f.Path) != nil {
		return nil, fmt.Errorf("%s cannot be created", f.Path)
	}
	f.load(document(t, content))
	if typ == typeGlobal || typ == typeSettings {
		b.task(c, "%s was not in the project and is created with what this patch sets. Retrieve the org's own file first, lest a deploy resets the rest.", f.Path)
	}
	b.p.Files = append(b.p.Files, &f)
	slices.SortFunc(b.p.Files, func(x, y *File) int { return cmp.Compare(x.Path, y.Path) })
	if a != nil {
		a.files[typ] = append(a.files[typ], &f)
		f.app = a
	} else {
		o.files[typ] = append(o.files[typ], &f)
	}
	return &f, nil
}

// packageDir is the folder that holds the type folders, and the format of the files
// beside.
func (b *batch) packageDir(a *App, o *Org) (string, Format) {
	var beside []*File
	if a != nil {
		for i := range types {
			beside = append(beside, a.files[types[i].name]...)
		}
	}
	for _, f := range b.p.Files {
		if a == nil && b.p.dirOf(f) == o.Dir {
			beside = append(beside, f)
		}
	}
	for _, f := range beside {
		if t := f.schema(); t != nil && path.Base(path.Dir(f.Path)) == t.folder {
			return path.Dir(path.Dir(f.Path)), f.Format
		}
	}
	if len(beside) > 0 {
		return path.Dir(beside[0].Path), beside[0].Format
	}
	if o.Manifest != nil && len(o.Manifest.Packages) > 0 {
		return path.Join(o.Manifest.Packages[0], "main", "default"), Source
	}
	return o.Dir, Source
}

// fileName is the usual name of an app's file of a type, without suffix.
func fileName(a *App, typ string) string {
	switch typ {
	case typeHeader:
		return a.Name
	case typeGlobal:
		return a.Name + "_glbl"
	case typeSettings:
		return a.Name + "_oauth"
	case typePolicy:
		// The name under which the org creates it: that of the OAuth settings.
		for _, f := range a.files[typeSettings] {
			return f.Name + "_defaultPolicy"
		}
		return a.Name + "_oauth_defaultPolicy"
	case typePlugins:
		return a.Name + "_plcy"
	}
	return a.Name + strings.ReplaceAll(typeNamed(typ).suffix, ".", "_")
}

func ending(f Format) string {
	if f == Source {
		return sourceSuffix
	}
	return ""
}

// isFileName says whether a name can stand in a path by itself.
func isFileName(name string) bool {
	return name != "" && name[0] != '.' && len(name) <= 200 && !strings.ContainsAny(name, "/\\:\x00\n\r") && isXMLText(name)
}

// document writes a whole file: declaration, namespace, four blanks, schema order.
func document(t *fileType, content []*output) []byte {
	var s strings.Builder
	fmt.Fprintf(&s, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%s xmlns=\"%s\">\n", t.name, namespace)
	writeElements(&s, t.element, content, fourBlanks)
	fmt.Fprintf(&s, "</%s>\n", t.name)
	return []byte(s.String())
}

// writeElements writes elements in schema order; elements of one name keep theirs.
func writeElements(s *strings.Builder, schema element, content []*output, indent string) {
	rank := func(o *output) int { _, i, _ := schema.child(o.name); return i }
	slices.SortStableFunc(content, func(a, b *output) int { return rank(a) - rank(b) })
	for _, o := range content {
		if len(o.children) == 0 {
			fmt.Fprintf(s, "%s<%s>%s</%[2]s>\n", indent, o.name, escapeText(o.text))
			continue
		}
		child, _, _ := schema.child(o.name)
		fmt.Fprintf(s, "%s<%s>\n", indent, o.name)
		writeElements(s, child, o.children, indent+fourBlanks)
		fmt.Fprintf(s, "%s</%s>\n", indent, o.name)
	}
}
