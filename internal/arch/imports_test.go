package arch

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
)

// importsGoDown holds every import of one of our packages against the table of
// levels. What a test file imports is its own affair: the compiler refuses
// cycles, and a test of a feature may well open a real store.
func importsGoDown(t tree) []string {
	var found []string
	for _, f := range t.files {
		if f.test {
			continue
		}
		from := strings.TrimPrefix(f.dir(), "internal/")
		if f.dir() != from && !known(from) {
			found = append(found, fmt.Sprintf("%s: %s stands in no level; give it a place in internal/arch/arch_test.go", f.path, from))
			continue
		}
		t.imports(f, func(imported string, spec *ast.ImportSpec) {
			to, ours := strings.CutPrefix(imported, module+"/internal/")
			if !ours {
				return
			}
			if sentence := forbidden(f.dir(), from, to); sentence != "" {
				found = append(found, t.at(spec)+": "+sentence)
			}
		})
	}
	return found
}

// forbidden says why a package in folder dir, called from, may not import to;
// "" if it may.
func forbidden(dir, from, to string) string {
	switch {
	case slices.Contains(judges, room(to)):
		return fmt.Sprintf("%s imports %s; nothing imports %s", from, to, room(to))
	case forTests(to) && !forTests(from) && !slices.Contains(judges, room(from)):
		return fmt.Sprintf("%s imports %s; packages named …test are for tests", from, to)
	case dir == from && !forTests(from): // outside internal: commands
		if to != "cli" && strings.HasPrefix(dir, "cmd/") {
			return fmt.Sprintf("%s imports %s; a command imports cli and nothing else", from, to)
		}
		return ""
	case !known(to), outside(from), room(from) == room(to):
		return "" // an unknown room is reported where it stands
	}
	above, below := level(from), level(to)
	switch {
	case above == 0 && slices.Contains(ground, room(to)) && !slices.Contains(ground, room(from)):
		return ""
	case above < below:
		return fmt.Sprintf("%s (level %d) imports %s (level %d); imports only go down", from, above, to, below)
	case above == below:
		return fmt.Sprintf("%s (level %d) imports %s (level %d); packages of one level do not import each other", from, above, to, below)
	}
	return ""
}

// room is the first element of a package's path below internal.
func room(pkg string) string {
	first, _, _ := strings.Cut(pkg, "/")
	return first
}

// level is the row of a package's room in the table, -1 if it has none.
func level(pkg string) int {
	return slices.IndexFunc(levels, func(row []string) bool { return slices.Contains(row, room(pkg)) })
}

// forTests reports whether a package exists for tests: its last element ends in
// "test", as grant/granttest.
func forTests(pkg string) bool { return strings.HasSuffix(path.Base(pkg), "test") }

// outside reports whether a package stands outside the levels: a judge, or a
// room of its own for tests.
func outside(pkg string) bool {
	return slices.Contains(judges, room(pkg)) || strings.HasSuffix(room(pkg), "test")
}

func known(pkg string) bool { return level(pkg) >= 0 || outside(pkg) }
