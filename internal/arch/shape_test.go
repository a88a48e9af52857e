package arch

import (
	"fmt"
	"go/ast"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// maxLines is the length of a file above which it holds more than one thing.
const maxLines = 400

// vague names say that a package has no subject of its own.
var vague = []string{
	"model", "models", "util", "utils", "common", "types", "helper", "helpers",
	"service", "services", "manager", "managers", "misc", "shared", "base",
}

// filesAreShort looks at written code; tests are lists, and generated files are
// as long as they are.
func filesAreShort(t tree) []string {
	var found []string
	for _, f := range t.files {
		if !f.test && !f.generated && f.lines > maxLines {
			found = append(found, fmt.Sprintf("%s has %d lines; above %d it holds more than one thing", f.path, f.lines, maxLines))
		}
	}
	return found
}

// packagesAreNouns refuses packages that are named after nothing.
func packagesAreNouns(t tree) []string {
	found := map[string]bool{}
	for _, f := range t.files {
		for _, name := range []string{path.Base(f.dir()), strings.TrimSuffix(f.ast.Name.Name, "_test")} {
			if slices.Contains(vague, name) {
				found[fmt.Sprintf("%s: a package named %s owns no record, decision, endpoint or job", f.dir(), name)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

var emptyWord = regexp.MustCompile(`^Get[A-Z]|Impl$`)

// functionsSayWhat refuses names with words that say nothing: Get and Impl.
func functionsSayWhat(t tree) []string {
	var found []string
	for _, f := range t.files {
		if f.test || f.generated {
			continue
		}
		for _, decl := range f.ast.Decls {
			for _, name := range declared(decl) {
				if emptyWord.MatchString(name.Name) {
					found = append(found, fmt.Sprintf("%s: %s: leave out Get and Impl, they say nothing", t.at(name), name.Name))
				}
			}
		}
	}
	return found
}

// declared gives the functions and types of a declaration.
func declared(decl ast.Decl) []*ast.Ident {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		return []*ast.Ident{d.Name}
	case *ast.GenDecl:
		var names []*ast.Ident
		for _, spec := range d.Specs {
			if s, ok := spec.(*ast.TypeSpec); ok {
				names = append(names, s.Name)
			}
		}
		return names
	}
	return nil
}

// ownPath matches what exists on one person's machine only: a home folder, a
// workplace, the folder that somebody had checked the project out into.
var ownPath = regexp.MustCompile(`(?:^|[\s"'\x60(=:,])(?:/(?:home|Users)/[A-Za-z0-9._-]+/|/(?:root|work)/|[A-Z]:\\Users\\|(?:\.\./)+shared/)`)

// pathsArePortable looks through every text of the tree, documents and scripts
// included.
func pathsArePortable(t tree) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(t.texts)) {
		if loc := ownPath.FindIndex(t.texts[name]); loc != nil {
			line := strings.Count(string(t.texts[name][:loc[1]]), "\n") + 1
			found = append(found, fmt.Sprintf("%s:%d: %s exists on one machine only", name, line, strings.Trim(string(t.texts[name][loc[0]:loc[1]]), " \t\n\"'`(=:,")))
		}
	}
	return found
}
