package admin

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"countersign/internal/review"
	"countersign/internal/sfdx"
)

func riskyCopy(t *testing.T) Metadata {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../sfdx/testdata/risky")); err != nil {
		t.Fatal(err)
	}
	m, err := ReadMetadata([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func fixed(t *testing.T, m Metadata, what Reviewing) MetadataFix {
	t.Helper()
	f, err := m.Fix(what, taken)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestMetadataFixMendsWhatItSays(t *testing.T) {
	m := riskyCopy(t)
	f := fixed(t, m, Reviewing{})
	if len(f.Diffs) == 0 || *f.After.Score.Score <= *f.Before.Score.Score {
		t.Fatalf("%d files, score %v to %v", len(f.Diffs), *f.Before.Score.Score, *f.After.Score.Score)
	}
	var mended []string
	for _, x := range f.Moved().Fixed {
		mended = append(mended, x.Control)
	}
	for _, id := range []string{"M07", "M09", "M16", "require-pkce", "weak-flows-off"} {
		if !slices.Contains(mended, id) {
			t.Errorf("%s is not mended", id)
		}
	}
	if err := m.Write(f.Diffs); err != nil {
		t.Fatal(err)
	}
	again, err := ReadMetadata([]string{"/" + strings.TrimPrefix(m.Path(m.Orgs[0].Dir), "/")})
	if err != nil {
		t.Fatal(err)
	}
	now, said := again.judge(taken), f.After
	if d := review.Compare(said, now); len(d.Broken)+len(d.Fixed) > 0 {
		t.Errorf("the verdicts after writing are not those that were shown: %+v", d)
	}
}

func TestMetadataFixIsNarrow(t *testing.T) {
	m := riskyCopy(t)
	f := fixed(t, m, Reviewing{Apps: []string{"Risky_Server"}})
	for _, d := range f.Diffs {
		if !strings.Contains(d.Path, "Risky_Server") {
			t.Errorf("%s is changed, too", d.Path)
		}
	}
	if _, err := m.Fix(Reviewing{Controls: []string{"nothing"}}, taken); !errors.Is(err, ErrNoControl) {
		t.Errorf("an unknown control: %v", err)
	}
	if _, err := m.Fix(Reviewing{Apps: []string{"nobody"}}, taken); !errors.Is(err, ErrNoMetadataApp) {
		t.Errorf("an unknown app: %v", err)
	}
}

// A fix that shuts everybody out is work for a person.
func TestMetadataFixLocksNobodyOut(t *testing.T) {
	f := fixed(t, riskyCopy(t), Reviewing{Controls: []string{"permitted-users", "M10"}})
	for _, x := range f.Moved().Broken {
		if x.Control == "M11" {
			t.Errorf("nobody can use %s any more", x.App)
		}
	}
	if !slices.ContainsFunc(f.Tasks, func(t sfdx.Task) bool {
		return t.App == "Risky_Login" && strings.Contains(t.Reason, "nobody could log in")
	}) {
		t.Errorf("it is not said: %+v", f.Tasks)
	}
}

func TestMetadataFixStopsAtAForeignChange(t *testing.T) {
	m := riskyCopy(t)
	f := fixed(t, m, Reviewing{Controls: []string{"require-pkce", "weak-flows-off"}})
	if len(f.Diffs) < 2 {
		t.Fatal("too few files to tell anything")
	}
	last := m.onDisk(f.Diffs[len(f.Diffs)-1].Path)
	if err := os.WriteFile(last, []byte("<changed/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := m.Write(f.Diffs); !errors.Is(err, ErrFileChanged) {
		t.Errorf("a file that changed meanwhile: %v", err)
	}
	first, err := os.ReadFile(m.onDisk(f.Diffs[0].Path))
	if err != nil || string(first) != string(f.Diffs[0].Before) {
		t.Error("another file was written all the same")
	}
}

func TestReplaceFileKeepsItsMode(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(name, []byte("new")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	data, _ := os.ReadFile(name)
	if err != nil || info.Mode().Perm() != 0o640 || string(data) != "new" {
		t.Errorf("%v %v %q", err, info.Mode(), data)
	}
	if left, _ := filepath.Glob(filepath.Dir(name) + "/.*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
