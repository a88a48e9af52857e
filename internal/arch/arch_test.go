package arch

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// levels is the law of imports: a package may import packages of the rows above
// it and nothing else of ours. Sub-packages belong to the room of their first
// element: review/controls stands where review stands.
var levels = [][]string{
	{"oauth", "flow", "audit", "secret", "jose", "fault"},
	{"client", "account", "grant", "key", "usage", "load", "evidence", "staff"},
	{"authreq", "policy", "login", "review", "sfdx"},
	{"token", "headless", "authorize", "inspect", "admin", "gate", "probe"},
	{"web"},
	{"endpoint", "salesforce", "portal", "console", "api", "remote", "sqlstore", "config"},
	{"server"},
	{"cli"},
}

// ground is the part of level 0 that the rest of level 0 may stand on: words and
// random values, which import nothing of ours.
var ground = []string{"oauth", "secret"}

// judges look at the whole house and stand outside it: they import what they
// like and nothing imports them.
var judges = []string{"arch", "bench"}

func TestImports(t *testing.T)      { inspect(t, "imports", importsGoDown) }
func TestRules(t *testing.T)        { inspect(t, "rules", refusalsAreNamed) }
func TestComments(t *testing.T)     { inspect(t, "comments", namesAreExplained) }
func TestShape(t *testing.T)        { inspect(t, "shape", filesAreShort, packagesAreNouns, functionsSayWhat) }
func TestDependencies(t *testing.T) { inspect(t, "dependencies", dependenciesAreListed) }
func TestTools(t *testing.T)        { inspect(t, "tools", toolsStayOutside) }
func TestPaths(t *testing.T)        { inspect(t, "paths", pathsArePortable) }

// check looks at a tree and gives one sentence for each fault, in a fixed order.
type check func(tree) []string

// inspect runs checks on the house, where each sentence is a failure, and on the
// archives of testdata/<name>, each of which says in its file "want" what the
// checks must find there. One archive must be sound and one must be spoiled, so
// that no check can pass by finding nothing anywhere or something everywhere.
func inspect(t *testing.T, name string, checks ...check) {
	t.Helper()
	all := func(fsys fs.FS) []string {
		tr, err := load(fsys)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, c := range checks {
			found = append(found, c(tr)...)
		}
		return found
	}
	t.Run("house", func(t *testing.T) {
		for _, sentence := range all(os.DirFS(root(t))) {
			t.Error(sentence)
		}
	})
	archives, err := filepath.Glob(filepath.Join("testdata", name, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var sound, spoiled bool
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			fsys := unpack(t, file)
			want := lines(fsys["want"].Data)
			delete(fsys, "want")
			sound, spoiled = sound || len(want) == 0, spoiled || len(want) > 0
			if diff := cmp.Diff(want, all(fsys), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: sentences (-want +got):\n%s", file, diff)
			}
		})
	}
	if !sound || !spoiled {
		t.Errorf("testdata/%s needs one sound and one spoiled tree", name)
	}
}

// root is the folder of the main module's go.mod.
func root(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		t.Fatal(commandError(err))
	}
	return strings.TrimSpace(string(out))
}

// commandError puts what a command said on stderr into its error.
func commandError(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return errors.New(err.Error() + ": " + string(exit.Stderr))
	}
	return err
}

// unpack reads an archive: "-- name --" begins a file, the lines after it are
// its text, what stands before the first file is a comment.
func unpack(t *testing.T, file string) fstest.MapFS {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{"want": {}}
	var current *fstest.MapFile
	for line := range strings.Lines(string(data)) {
		if name, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(name, " --\n") {
			current = &fstest.MapFile{Mode: 0o644}
			fsys[strings.TrimSuffix(name, " --\n")] = current
			continue
		}
		if current != nil {
			current.Data = append(current.Data, line...)
		}
	}
	return fsys
}

// lines splits a text into its lines, leaving out empty ones.
func lines(data []byte) []string {
	return strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })
}
