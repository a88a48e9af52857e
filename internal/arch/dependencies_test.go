package arch

import (
	"fmt"
	"go/ast"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The one document that lists the modules we import, and why.
const dependenciesDoc = "docs/dependencies.md"

// dependenciesAreListed compares the modules that our code imports with go.mod
// and with the table in docs/dependencies.md, whose rows are
// "| `module` | importers | licence | reason |".
func dependenciesAreListed(t tree) []string {
	used, found := t.modules()
	listed, faults := listedModules(string(t.texts[dependenciesDoc]))
	found = append(found, faults...)
	for _, m := range slices.Sorted(maps.Keys(used)) {
		importers := strings.Join(slices.Sorted(maps.Keys(used[m])), ", ")
		if importers == "" {
			importers = "tests"
		}
		row, ok := listed[m]
		if !ok {
			found = append(found, fmt.Sprintf("%s: no row for %s, imported by %s", dependenciesDoc, m, importers))
		} else if row != importers {
			found = append(found, fmt.Sprintf("%s: %s is imported by %s, not by %s", dependenciesDoc, m, importers, row))
		}
	}
	for _, m := range slices.Sorted(maps.Keys(listed)) {
		if used[m] == nil {
			found = append(found, fmt.Sprintf("%s: a row for %s, which nothing imports", dependenciesDoc, m))
		}
	}
	return found
}

// modules gives the modules that our code imports, each with the rooms that do so
// outside tests.
func (t tree) modules() (used map[string]map[string]bool, found []string) {
	used = map[string]map[string]bool{}
	required := requirements(t.texts["go.mod"])
	for _, f := range t.files {
		t.imports(f, func(imported string, spec *ast.ImportSpec) {
			if !foreign(imported) {
				return
			}
			m := owner(imported, required)
			if m == "" {
				found = append(found, fmt.Sprintf("%s: %s comes from no module that go.mod requires", t.at(spec), imported))
				return
			}
			if used[m] == nil {
				used[m] = map[string]bool{}
			}
			if pkg := strings.TrimPrefix(f.dir(), "internal/"); !f.test && !forTests(pkg) {
				used[m][room(pkg)] = true
			}
		})
	}
	return used, found
}

// foreign reports whether an import is neither ours nor of the standard library,
// whose paths have no dot in their first element.
func foreign(imported string) bool {
	return strings.Contains(room(imported), ".")
}

// owner is the required module that an import path belongs to, "" if there is none.
func owner(imported string, required map[string]string) string {
	longest := ""
	for m := range required {
		if (imported == m || strings.HasPrefix(imported, m+"/")) && len(m) > len(longest) {
			longest = m
		}
	}
	return longest
}

// requirements reads the require lines of a go.mod file: module → version.
func requirements(gomod []byte) map[string]string {
	required := map[string]string{}
	directive := ""
	for _, line := range lines(gomod) {
		line, _, _ = strings.Cut(line, "//")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 2 && fields[1] == "(":
			directive = fields[0]
		case len(fields) == 1 && fields[0] == ")":
			directive = ""
		case directive == "require" && len(fields) == 2:
			required[fields[0]] = fields[1]
		case len(fields) == 3 && fields[0] == "require":
			required[fields[1]] = fields[2]
		}
	}
	return required
}

// listedModules reads the table's rows, module → importers, and complains of a
// row that leaves something out.
func listedModules(doc string) (listed map[string]string, found []string) {
	listed = map[string]string{}
	for line := range strings.Lines(doc) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i, cell := range cells {
			cells[i] = strings.TrimSpace(cell)
		}
		name := strings.Trim(cells[0], "`")
		if !strings.HasPrefix(line, "|") || name == cells[0] {
			continue // not a row, or the head of the table
		}
		if _, twice := listed[name]; twice {
			found = append(found, fmt.Sprintf("%s: two rows for %s", dependenciesDoc, name))
		}
		if len(cells) != 4 || slices.Contains(cells, "") {
			found = append(found, fmt.Sprintf("%s: the row for %s does not give importer, licence and reason", dependenciesDoc, name))
			cells = append(cells, "")
		}
		listed[name] = strings.ReplaceAll(cells[1], "`", "")
	}
	return listed, found
}

// toolsStayOutside keeps linters and their hundreds of modules out of the
// product's module graph: tools.mod has its own.
func toolsStayOutside(t tree) []string {
	var found []string
	required := requirements(t.texts["go.mod"])
	for _, line := range lines(t.texts["go.mod"]) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "tool" {
			found = append(found, "go.mod: has tools; they belong in tools.mod")
		}
	}
	tools := toolPackages(t.texts["tools.mod"])
	if len(tools) == 0 {
		found = append(found, "tools.mod: names no tool")
	}
	for _, tool := range tools {
		if m := owner(tool, required); m != "" {
			found = append(found, fmt.Sprintf("go.mod: requires %s, the module of tool %s", m, tool))
		}
	}
	if len(lines(t.texts["tools.mod"])) > 0 && !slices.Contains(lines(t.texts["tools.mod"]), "module "+module) {
		found = append(found, "tools.mod: is not for module "+module)
	}
	return found
}

// toolPackages reads the tool lines of a go.mod file.
func toolPackages(gomod []byte) []string {
	var tools []string
	inside := false
	for _, line := range lines(gomod) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 2 && fields[0] == "tool" && fields[1] == "(":
			inside = true
		case len(fields) == 1 && fields[0] == ")":
			inside = false
		case inside && len(fields) > 0:
			tools = append(tools, fields[0])
		case len(fields) == 2 && fields[0] == "tool":
			tools = append(tools, fields[1])
		}
	}
	return tools
}

// TestPins holds the C library that SQLite was translated with: modernc.org/libc
// changes its internals between releases, so only the version that
// modernc.org/sqlite itself asks for is right.
func TestPins(t *testing.T) {
	if sentence := pinFault(
		[]byte("require (\n\tmodernc.org/libc v1.2.0 // indirect\n\tmodernc.org/sqlite v1.5.0\n)\n"),
		[]byte("require modernc.org/libc v1.1.0\n"),
	); sentence == "" {
		t.Error("a wrong pin was not found")
	}
	gomod, err := os.ReadFile(root(t) + "/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite").Output()
	if err != nil {
		t.Fatal(commandError(err))
	}
	theirs, err := os.ReadFile(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	if sentence := pinFault(gomod, theirs); sentence != "" {
		t.Error(sentence)
	}
}

// pinFault compares the libc that we require with the one that SQLite requires.
func pinFault(ours, sqlite []byte) string {
	const libc = "modernc.org/libc"
	have, want := requirements(ours)[libc], requirements(sqlite)[libc]
	if have == want && want != "" {
		return ""
	}
	return fmt.Sprintf("go.mod: %s is %s, but modernc.org/sqlite %s was made with %s; run go get %s@%s",
		libc, have, requirements(ours)["modernc.org/sqlite"], want, libc, want)
}
