//go:build faults

package servertest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"countersign/internal/fault"
)

// TestEveryFaultIsSeen takes one defence after the other away. With each of them
// missing at least one script must fail; with all of them in place none may. A
// script that was never seen red proves nothing.
func TestEveryFaultIsSeen(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	fault.Set("")
	for _, f := range files {
		if r := run(f); r.failed {
			t.Fatalf("%s fails with every defence in place:\n%s", f, r.log.String())
		}
	}
	for _, f := range fault.All {
		t.Run(string(f), func(t *testing.T) {
			if f == fault.AnyIssuer {
				t.Skip("only a proof has a key of the server to sign such a token with: see TestProofsSeeFaults")
			}
			fault.Set(f)
			defer fault.Set("")
			for _, file := range files {
				if r := run(file); r.failed {
					t.Logf("seen by %s", filepath.Base(file))
					return
				}
			}
			t.Error("no script notices")
		})
	}
}

// recorder is a testscript.T that remembers instead of failing a test.
type recorder struct {
	failed bool
	log    strings.Builder
}

type failNow struct{}

func run(file string) *recorder {
	r := &recorder{}
	defer func() {
		if v := recover(); v != nil {
			if _, ok := v.(failNow); !ok {
				panic(v)
			}
		}
	}()
	testscript.RunT(r, testscript.Params{Files: []string{file}, Cmds: Commands(), Setup: Setup, RequireExplicitExec: true})
	return r
}

func (r *recorder) Skip(...any)    {}
func (r *recorder) Parallel()      {}
func (r *recorder) Verbose() bool  { return false }
func (r *recorder) Log(a ...any)   { fmt.Fprintln(&r.log, a...) }
func (r *recorder) Fatal(a ...any) { r.Log(a...); r.FailNow() }
func (r *recorder) FailNow()       { r.failed = true; panic(failNow{}) }

// Run runs the script as testing would, in the same recorder.
func (r *recorder) Run(_ string, f func(testscript.T)) {
	defer func() {
		if v := recover(); v != nil {
			if _, ok := v.(failNow); !ok {
				panic(v)
			}
		}
	}()
	f(r)
}
