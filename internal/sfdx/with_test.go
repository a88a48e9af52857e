package sfdx

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A project with a patch says what the patched files would say if they were read.
func TestWithIsWhatReadingThePatchedFilesGives(t *testing.T) {
	fsys := sample(t, "risky")
	p := mustRead(t, fsys)
	before := p.Check()
	var changes []Change
	for _, f := range before {
		changes = append(changes, f.Fix...)
	}
	diffs, _, err := p.Patch(changes)
	if err != nil || len(diffs) == 0 {
		t.Fatalf("%d diffs, %v", len(diffs), err)
	}
	got, want := p.With(diffs).Check(), mustRead(t, after(fsys, diffs)).Check()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("read anew (-), with (+):\n%s", d)
	}
	if len(got) >= len(before) {
		t.Errorf("%d findings before, %d after", len(before), len(got))
	}
	if d := cmp.Diff(before, p.Check()); d != "" {
		t.Errorf("the project itself changed:\n%s", d)
	}
}
