package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSummary(t *testing.T) {
	tests := []struct {
		name                    string
		in                      []string
		passed, failed, skipped int
		out                     string
	}{
		{
			name: "a sound package says one line",
			in: []string{
				`{"Action":"start","Package":"p"}`,
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: chatter\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Output":"PASS\n"}`,
				`{"Action":"output","Package":"p","Output":"chatter of the package\n"}`,
				`{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}`,
				`{"Action":"pass","Package":"p"}`,
			},
			passed: 1,
			out:    "ok  \tp\t0.1s\n",
		},
		{
			name: "a failed test shows its output, a skipped one its reason",
			in: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: {\"Action\":\"pass\"}\n"}`,
				`{"Action":"fail","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:1: no server\n"}`,
				`{"Action":"skip","Package":"p","Test":"TestB"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			failed: 1, skipped: 1,
			out: "    a_test.go:1: {\"Action\":\"pass\"}\n    b_test.go:1: no server\nFAIL\tp\t0.1s\n",
		},
		{
			name: "a package that does not compile is one failure",
			in: []string{
				`{"ImportPath":"p [p.test]","Action":"build-output","Output":"p/a.go:3: undefined: x\n"}`,
				`{"ImportPath":"p [p.test]","Action":"build-fail"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}`,
				`{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`,
			},
			failed: 1,
			out:    "p/a.go:3: undefined: x\nFAIL\tp [build failed]\n",
		},
		{
			name: "a package that dies shows what its tests had said",
			in: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"last words\n"}`,
				`{"Action":"output","Package":"p","Output":"exit status 2\n"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			failed: 1,
			out:    "last words\nexit status 2\n",
		},
		{
			name: "a package without tests counts nothing",
			in: []string{
				`{"Action":"output","Package":"p","Output":"?   \tp\t[no test files]\n"}`,
				`{"Action":"skip","Package":"p"}`,
			},
			out: "?   \tp\t[no test files]\n",
		},
		{
			name: "other lines are passed on",
			in:   []string{"go: no such module"},
			out:  "go: no such module\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var s summary
			var out strings.Builder
			if err := s.read(strings.NewReader(strings.Join(tt.in, "\n")+"\n"), &out); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.out, out.String()); diff != "" {
				t.Errorf("shown (-want +got):\n%s", diff)
			}
			want, got := [3]int{tt.passed, tt.failed, tt.skipped}, [3]int{s.passed, s.failed, s.skipped}
			if got != want {
				t.Errorf("passed, failed, skipped = %v, want %v", got, want)
			}
		})
	}
}
