package sfdx

import (
	"cmp"
	"path"
	"slices"
)

// Project is everything read from one set of roots.
type Project struct {
	Apps      []*App // by folder and name
	Orgs      []*Org // one per sfdx-project.json or metadata package; at least one
	Files     []*File
	Manifests []*Manifest
}

// unit is the part of a project under one manifest: names are unique in it and one
// set of org settings applies.
type unit struct {
	dir    string
	org    *Org
	files  map[string][]*File // by type
	broken map[string]bool    // types with a broken file that names no app
	apps   map[appKey]*App
}

type appKey struct {
	kind Kind
	name string
}

// assemble ties files to apps and orgs. It does not read anything.
func assemble(files []*File, manifests []*Manifest) *Project {
	p := &Project{Files: files, Manifests: manifests}
	units := map[string]*unit{}
	for _, f := range files {
		m := manifestOf(f, manifests)
		dir := "."
		if m != nil {
			dir = m.Dir
		}
		u := units[dir]
		if u == nil {
			u = newUnit(dir, m)
			units[dir] = u
		}
		u.add(f)
	}
	if len(units) == 0 {
		u := newUnit(".", nil)
		for _, m := range manifests {
			if path.Base(m.Path) == projectFileName {
				u = newUnit(m.Dir, m)
				break
			}
		}
		units[u.dir] = u
	}
	for _, u := range units {
		p.Orgs = append(p.Orgs, u.org)
		u.load()
		for _, a := range u.apps {
			u.org.Apps = append(u.org.Apps, a)
		}
		slices.SortFunc(u.org.Apps, byNameAndKind)
	}
	slices.SortFunc(p.Orgs, func(a, b *Org) int { return cmp.Compare(a.Dir, b.Dir) })
	for _, o := range p.Orgs {
		p.Apps = append(p.Apps, o.Apps...)
	}
	nameApps(p.Apps)
	return p
}

func byNameAndKind(a, b *App) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
}

// nameApps gives every app an id of its own: its name, unless two share it.
func nameApps(apps []*App) {
	count := map[string]int{}
	for _, a := range apps {
		count[a.Name]++
	}
	for _, a := range apps {
		a.ID = a.Name
		if count[a.Name] == 1 {
			continue
		}
		if a.Kind == ConnectedApp {
			a.ID = typeConnected + "/" + a.ID
		}
		if a.unit.dir != "." {
			a.ID = a.unit.dir + "/" + a.ID
		}
	}
}

// manifestOf returns the manifest a file belongs to: a package.xml beside its type
// folder if the file is in metadata format, else the nearest sfdx-project.json.
func manifestOf(f *File, manifests []*Manifest) *Manifest {
	var best *Manifest
	for _, m := range manifests {
		if path.Base(m.Path) == packageFileName {
			if f.Format == Metadata && path.Dir(path.Dir(f.Path)) == m.Dir {
				return m
			}
			continue
		}
		if inside(m.Dir, f.Path) && (best == nil || len(m.Dir) > len(best.Dir) || best.Dir == ".") {
			best = m
		}
	}
	return best
}

func newUnit(dir string, m *Manifest) *unit {
	u := &unit{
		dir: dir, files: map[string][]*File{}, broken: map[string]bool{}, apps: map[appKey]*App{},
		org: &Org{Dir: dir, Manifest: m, files: map[string][]*File{}},
	}
	if m != nil {
		u.org.APIVersion = m.APIVersion
	}
	return u
}

// add ties one file to its app or to the org.
func (u *unit) add(f *File) {
	u.files[f.Type] = append(u.files[f.Type], f)
	t := f.schema()
	switch {
	case t == nil:
	case f.Type == typeHeader:
		u.give(appKey{ExternalClientApp, f.Name}, f)
	case f.Type == typeConnected:
		u.give(appKey{ConnectedApp, f.Name}, f)
	case t.tied && f.tie != "":
		u.give(appKey{ExternalClientApp, f.tie}, f)
	case t.tied:
		u.broken[f.Type] = u.broken[f.Type] || f.Broken != nil
	default:
		u.org.files[f.Type] = append(u.org.files[f.Type], f)
	}
}

func (u *unit) give(key appKey, f *File) {
	a := u.apps[key]
	if a == nil {
		a = &App{Name: key.name, Kind: key.kind, Org: u.org, unit: u, files: map[string][]*File{}}
		u.apps[key] = a
	}
	a.files[f.Type] = append(a.files[f.Type], f)
	f.app = a
}

func (u *unit) load() {
	u.org.load()
	for _, a := range u.apps {
		a.Undeclared = a.Kind == ExternalClientApp && len(a.files[typeHeader]) == 0
		if c := a.files[typeConnected]; len(c) > 0 {
			a.Unreadable = !slices.ContainsFunc(c, (*File).readable)
		}
		a.load()
	}
}

// App returns the app with an id, or nil.
func (p *Project) App(id string) *App {
	for _, a := range p.Apps {
		if a.ID == id {
			return a
		}
	}
	return nil
}

// file returns the file with a path, or nil.
func (p *Project) file(name string) *File {
	i, ok := slices.BinarySearchFunc(p.Files, name, func(f *File, s string) int { return cmp.Compare(f.Path, s) })
	if !ok {
		return nil
	}
	return p.Files[i]
}
