package arch

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// module is the path of the main module; imports below it are ours.
const module = "countersign"

// tree is a source tree: the house itself, or a small one from testdata.
type tree struct {
	fset  *token.FileSet
	files []goFile          // every Go file of the main module, sorted by path
	texts map[string][]byte // every text file, Go or not
}

// goFile is one parsed Go file.
type goFile struct {
	path      string // from the root, with slashes
	test      bool   // named _test.go
	generated bool
	lines     int
	ast       *ast.File
}

// dir is the folder the file stands in.
func (f goFile) dir() string { return path.Dir(f.path) }

// at gives the place of a node as path:line.
func (t tree) at(n ast.Node) string {
	p := t.fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// load reads a tree. Folders with a go.mod of their own are other modules: their
// texts count, their Go files do not.
func load(fsys fs.FS) (tree, error) {
	t := tree{fset: token.NewFileSet(), texts: map[string][]byte{}}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name == ".git" && !d.IsDir() {
			return nil // a second work tree's link to its repository
		}
		if d.IsDir() {
			if skipped(name) {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || name == ".git" { // a file, in a second worktree
			return nil
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil || bytes.IndexByte(data, 0) >= 0 {
			return err
		}
		t.texts[name] = data
		return nil
	})
	if err != nil {
		return tree{}, err
	}
	return t, t.parse()
}

// skipped reports whether a folder is no part of the source: what git ignores,
// and the spoiled trees that prove the checks of this package.
func skipped(dir string) bool {
	switch dir {
	case ".git", ".tools", "bin", "demo-data", "internal/arch/testdata":
		return true
	}
	return path.Base(dir) == "node_modules"
}

func (t *tree) parse() error {
	for name, data := range t.texts {
		if !strings.HasSuffix(name, ".go") || !t.ours(name) {
			continue
		}
		parsed, err := parser.ParseFile(t.fset, name, data, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if ignored(parsed) {
			continue
		}
		t.files = append(t.files, goFile{
			path:      name,
			test:      strings.HasSuffix(name, "_test.go"),
			generated: ast.IsGenerated(parsed),
			lines:     bytes.Count(data, []byte("\n")),
			ast:       parsed,
		})
	}
	slices.SortFunc(t.files, func(a, b goFile) int { return strings.Compare(a.path, b.path) })
	return nil
}

// ours reports whether a file belongs to the main module as the go command sees
// it: not below testdata, a hidden folder, or another go.mod.
func (t *tree) ours(name string) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		base := path.Base(dir)
		if base == "testdata" || base[0] == '.' || base[0] == '_' {
			return false
		}
		if _, other := t.texts[dir+"/go.mod"]; other {
			return false
		}
	}
	return true
}

// ignored reports whether a file carries the constraint "ignore", which says
// that it belongs to no package.
func ignored(f *ast.File) bool {
	for _, group := range f.Comments {
		for _, c := range group.List {
			if c.Pos() > f.Package || !constraint.IsGoBuild(c.Text) {
				continue
			}
			expr, err := constraint.Parse(c.Text)
			if err == nil && !expr.Eval(func(tag string) bool { return tag != "ignore" }) {
				return true
			}
		}
	}
	return false
}

// imports calls do with every import path of a file and its place.
func (t tree) imports(f goFile, do func(imported string, spec *ast.ImportSpec)) {
	for _, spec := range f.ast.Imports {
		if imported, err := strconv.Unquote(spec.Path.Value); err == nil {
			do(imported, spec)
		}
	}
}
