package sfdx

import (
	"bytes"
	"path"
	"strings"
)

// Format is how a project lays out its files.
type Format int

// The two formats: Foo.eca-meta.xml as the Salesforce CLI keeps it in source
// control, and Foo.eca as the Metadata API sends and takes it.
const (
	Source Format = iota
	Metadata
)

const sourceSuffix = "-meta.xml"

// File is one metadata file.
type File struct {
	Path   string
	Name   string // file name without suffix, which is the API name of an app
	Format Format
	Type   string      // name of the metadata type; "" if nothing tells it
	Root   *Element    // nil or incomplete if Broken is set
	Broken *Unreadable // why the file could not be read

	data   []byte
	space  string // namespace of the root
	suffix string // as written, with its dot and without -meta.xml
	folder string // nearest folder that is the home of some type, or the parent
	tie    string // content of <externalClientApplication>
	app    *App   // the app it belongs to, if any
}

func typeNamed(name string) *fileType {
	for i := range types {
		if types[i].name == name {
			return &types[i]
		}
	}
	return nil
}

// typesIn returns the types whose home is a folder.
func typesIn(folder string) []*fileType {
	var out []*fileType
	for i := range types {
		if types[i].folder == folder {
			out = append(out, &types[i])
		}
	}
	return out
}

// typeBySuffix returns the type of a suffix; the settings share theirs and are
// told apart by their file name.
func typeBySuffix(suffix, name string) *fileType {
	for i := range types {
		if t := &types[i]; t.suffix == suffix && (t.file == "" || t.file == name) {
			return t
		}
	}
	return nil
}

// interest says how much a path looks like metadata of ours.
type interest int

const (
	ignore interest = iota
	sniff           // read it if its beginning names one of our types
	read
)

// recognise looks at a path alone. A file that has a known suffix but lies in the
// wrong folder is read, and so is one with a wrong suffix in a known folder, so
// that the mistake can be reported; other software's files are not.
func recognise(p string) (File, interest) {
	f := File{Path: p}
	base := path.Base(p)
	name, isSource := strings.CutSuffix(base, sourceSuffix)
	if !isSource {
		f.Format = Metadata
	}
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		dot = len(name)
	}
	f.Name, f.suffix = name[:dot], name[dot:]
	home, parent := homeOf(p)
	f.folder = home
	if home == "" {
		f.folder = parent
	}
	known := typeBySuffix(f.suffix, f.Name) != nil
	switch {
	case base == "" || base[0] == '.':
		return f, ignore
	case known && (isSource || home != ""):
		return f, read
	case known || home != "" || looksLikeSuffix(f.suffix):
		return f, sniff
	}
	return f, ignore
}

// homeOf returns the nearest folder of a path that is the home of a type, and the
// folder the file lies in.
func homeOf(p string) (home, parent string) {
	dir := path.Dir(p)
	parent = path.Base(dir)
	if dir == "." {
		return "", ""
	}
	for dir != "." && dir != "/" {
		if len(typesIn(path.Base(dir))) > 0 {
			return path.Base(dir), parent
		}
		dir = path.Dir(dir)
	}
	return "", parent
}

// looksLikeSuffix holds for misspellings of our suffixes, such as .ecaGlobalOauth.
func looksLikeSuffix(suffix string) bool {
	lower := strings.ToLower(suffix)
	if strings.HasPrefix(lower, ".eca") {
		return true
	}
	for i := range types {
		if strings.ToLower(types[i].suffix) == lower {
			return true
		}
	}
	return false
}

// sniffBytes is how much of a file is read to see whether it is ours.
const sniffBytes = 4096

// mentionsType says whether text opens an element of one of our types.
func mentionsType(head []byte) bool {
	for i := range types {
		name := types[i].name
		for rest := head; ; {
			at := bytes.Index(rest, []byte("<"+name))
			if at < 0 {
				break
			}
			rest = rest[at+1+len(name):]
			if len(rest) > 0 && bytes.IndexByte([]byte(" \t\r\n/>"), rest[0]) >= 0 {
				return true
			}
		}
	}
	return false
}

// load parses the bytes of a file and finds its type and its app.
func (f *File) load(data []byte) {
	f.data = data
	f.Root, f.space, f.Broken = parse(data)
	if f.Root != nil && typeNamed(f.Root.Name) != nil {
		f.Type = f.Root.Name
	}
	f.settle()
}

// settle fills what can be told without a readable root.
func (f *File) settle() {
	if f.Type == "" && (f.Root == nil || f.Broken != nil) {
		if t := typeBySuffix(f.suffix, f.Name); t != nil {
			f.Type = t.name
		} else if home := typesIn(f.folder); len(home) == 1 {
			f.Type = home[0].name
		}
	}
	if t := typeNamed(f.Type); t != nil && t.tied && f.Root != nil {
		f.tie = f.Root.text(tie)
	}
}

// readable says whether the content can be judged.
func (f *File) readable() bool { return f.Broken == nil && f.Root != nil && f.Type != "" }

// schema returns the type of a readable file.
func (f *File) schema() *fileType { return typeNamed(f.Type) }

// lineAt returns the line of a byte offset.
func (f *File) lineAt(offset int) int {
	return 1 + bytes.Count(f.data[:offset], []byte("\n"))
}

// textLine returns the line on which the text of an element begins.
func (f *File) textLine(e *Element) int {
	if len(e.texts) == 0 {
		return e.Line
	}
	return f.lineAt(e.texts[0].from)
}
