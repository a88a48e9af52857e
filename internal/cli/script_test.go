package cli

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary answer to the name countersign, too.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_AS_COUNTERSIGN") != "" {
		os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
	}
	testscript.Main(m, map[string]func(){
		"countersign": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ())) },
	})
}

// TestScripts runs the sessions of testdata/script: one story each.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("COUNTERSIGN_DATA", filepath.Join(e.WorkDir, "data"))
			e.Setenv("SFDX", filepath.Join(started, "../sfdx/testdata"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit": expectExit, "field": keepField, "mode": expectMode, "copytree": copyFolder,
		},
	})
}

// expectExit is "exit CODE WORDS…": countersign ends with the code.
func expectExit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE WORDS...")
	}
	code := exitOK
	if err := ts.Exec("countersign", args[1:]...); err != nil {
		var end *exec.ExitError
		if !errors.As(err, &end) {
			ts.Fatalf("%v", err)
		}
		code = end.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s\n%s%s", code, args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
	ts.Check(os.WriteFile(ts.MkAbs("said"), []byte(ts.ReadFile("stderr")), 0o600))
}

// keepField is "field NAME VARIABLE": a member of the JSON object on stdout goes
// into an environment variable. A dot descends, a number picks from an array.
func keepField(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: field NAME VARIABLE")
	}
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	for name := range strings.SplitSeq(args[0], ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			v = x[int(name[0]-'0')]
		}
	}
	text, ok := v.(string)
	if !ok || text == "" {
		ts.Fatalf("%s is %v, want a text", args[0], v)
	}
	ts.Setenv(args[1], text)
}

// expectMode is "mode FILE 600".
func expectMode(ts *testscript.TestScript, neg bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := info.Mode().Perm().String(); neg || got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}

// copyFolder is "copytree FROM TO": scripts change a copy, never the samples.
func copyFolder(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: copytree FROM TO")
	}
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(args[0])))
}
