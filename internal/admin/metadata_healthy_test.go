package admin

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"countersign/internal/review"
)

// healthyFails is what a careful reviewer finds wrong with the healthy sample,
// and why it is right: the sample keeps the twenty checks of its files, not
// every control. mended says that a file can be changed so that it passes.
var healthyFails = map[string]struct {
	why    string
	mended bool
}{
	"code-and-credentials-flow Shop_Login":  {"the policy opens the flow to guests: a code without a person", true},
	"refresh-token-lifetime Shop_Login":     {"a token that is used monthly never ends", true},
	"refresh-token-lifetime Shop_Server":    {"as Shop_Login", true},
	"app-single-logout Shop_Login":          {"no logout URL, and refresh tokens that outlive the session", false},
	"single-logout ":                        {"logout does not reach Shop_Login", false},
	"digital-signatures Shop_Server":        {"a certificate is there, and the secret opens the same doors", false},
	"sender-constrained-tokens Shop_Login":  {"bearer tokens; no setting of the files binds them", false},
	"sender-constrained-tokens Shop_Server": {"as Shop_Login", false},
}

func TestHealthySampleFailsWhereItShould(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../sfdx/testdata/healthy")); err != nil {
		t.Fatal(err)
	}
	m, err := ReadMetadata([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range m.judge(taken).Findings {
		if f.Status == review.Fail {
			got = append(got, f.Control+" "+f.App)
		}
	}
	slices.Sort(got)
	if want := slices.Sorted(maps.Keys(healthyFails)); !slices.Equal(got, want) {
		t.Errorf("fails are\n%q, want\n%q", got, want)
	}
	for name, row := range healthyFails {
		control, _, _ := strings.Cut(name, " ")
		mended := false
		for _, x := range fixed(t, m, Reviewing{Controls: []string{control}}).Moved().Fixed {
			mended = mended || x.Control+" "+x.App == name
		}
		if mended != row.mended {
			t.Errorf("%s: mended by a change of files: %v, want %v", name, mended, row.mended)
		}
	}
}
