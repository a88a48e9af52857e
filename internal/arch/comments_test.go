package arch

import (
	"fmt"
	"go/ast"
	"maps"
	"slices"
	"strings"
)

// namesAreExplained checks that every package has exactly one package comment,
// in the form that the go command shows, and every exported name a comment.
func namesAreExplained(t tree) []string {
	packages := map[string][]goFile{}
	for _, f := range t.files {
		if !f.test {
			packages[f.dir()] = append(packages[f.dir()], f)
		}
	}
	var found []string
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		found = append(found, packageComment(dir, packages[dir])...)
		for _, f := range packages[dir] {
			if !f.generated {
				found = append(found, t.silent(f)...)
			}
		}
	}
	return found
}

func packageComment(dir string, files []goFile) []string {
	var found, commented []string
	for _, f := range files {
		if f.ast.Doc == nil {
			continue
		}
		commented = append(commented, f.path)
		begin := "Package " + f.ast.Name.Name + " "
		if f.ast.Name.Name == "main" {
			begin = "Command "
		}
		if !strings.HasPrefix(f.ast.Doc.Text(), begin) {
			found = append(found, fmt.Sprintf("%s: the package comment does not begin with %q", f.path, begin))
		}
	}
	switch len(commented) {
	case 0:
		found = append(found, dir+": the package has no comment that says what it owns")
	case 1:
	default:
		found = append(found, dir+": the package has more than one comment: "+strings.Join(commented, ", "))
	}
	return found
}

// silent finds the exported names of a file that have no comment. A comment on a
// group of constants or variables stands for all of them; fields are left to the
// comment of their type.
func (t tree) silent(f goFile) []string {
	var found []string
	say := func(name *ast.Ident, comments ...*ast.CommentGroup) {
		if name.IsExported() && !slices.ContainsFunc(comments, spoken) {
			found = append(found, fmt.Sprintf("%s: %s has no comment", t.at(name), name.Name))
		}
	}
	for _, decl := range f.ast.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil || ast.IsExported(receiver(d)) {
				say(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					say(s.Name, s.Doc, d.Doc)
					verbs(s, say)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						say(name, s.Doc, s.Comment, d.Doc)
					}
				}
			}
		}
	}
	return found
}

// spoken reports whether a comment says something; a directive such as
// //nolint:errcheck does not.
func spoken(c *ast.CommentGroup) bool { return c != nil && strings.TrimSpace(c.Text()) != "" }

// verbs looks at the methods of an exported interface.
func verbs(s *ast.TypeSpec, say func(*ast.Ident, ...*ast.CommentGroup)) {
	i, ok := s.Type.(*ast.InterfaceType)
	if !ok || !s.Name.IsExported() {
		return
	}
	for _, m := range i.Methods.List {
		for _, name := range m.Names {
			say(name, m.Doc, m.Comment)
		}
	}
}

// receiver is the name of the type that a method belongs to.
func receiver(d *ast.FuncDecl) string {
	name := ""
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return name == ""
	})
	return name
}
