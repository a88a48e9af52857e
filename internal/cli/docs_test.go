package cli

import (
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/admin"
	"countersign/internal/oauth"
)

var update = flag.Bool("update", false, "write the reference pages instead of comparing them")

// TestReferenceIsFresh holds docs/reference against the tables it is made of.
func TestReferenceIsFresh(t *testing.T) {
	pages, err := referencePages()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range pages {
		path := filepath.Join("..", "..", "docs", "reference", name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s is stale; run: go run ./cmd/countersign docs\n(-tables +page)\n%s", path, diff)
		}
	}
}

// TestEveryRuleHasAFix: whoever meets a rule is told what to do.
func TestEveryRuleHasAFix(t *testing.T) {
	areas := map[string]bool{}
	for _, e := range oauth.Declared() {
		area, _, _ := strings.Cut(e.Rule, ".")
		areas[area], areas[e.Rule] = true, true
		if fixOf(e.Rule) == "" {
			t.Errorf("%s: no fix", e.Rule)
		}
	}
	for name, fix := range fixes {
		if !areas[name] {
			t.Errorf("there is a fix for %s, which no rule is", name)
		}
		if !strings.HasSuffix(fix, ".") {
			t.Errorf("%s: the fix is no sentence: %q", name, fix)
		}
	}
}

// TestEveryRuleIsSpelled: each dialect says each rule in its own words.
func TestEveryRuleIsSpelled(t *testing.T) {
	for _, e := range oauth.Declared() {
		s := &session{globals: &globals{Output: "json"}, out: &strings.Builder{}}
		if err := s.explainRule(*e); err != nil {
			t.Errorf("%s: %v", e.Rule, err)
		}
	}
}

func TestEveryFieldIsAFlag(t *testing.T) {
	page, err := cliPage()
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(page, "## countersign app create")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, f := range admin.AppFields {
		if !strings.Contains(section, "`--"+f.Name) {
			t.Errorf("app create has no flag --%s", f.Name)
		}
	}
	if _, section, _ = strings.Cut(page, "## countersign app set"); strings.Contains(section[:strings.Index(section, "\n## ")], "`--type") {
		t.Error("app set offers --type, which cannot change")
	}
}

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		in, hint, want string
	}{
		{"openid,profile email", "SCOPE", "openid|profile|email"},
		{"https://a.example/?x=1,2,com.example:/cb +https://b.example", "URI", "https://a.example/?x=1,2|com.example:/cb|+https://b.example"},
		{"https://a.example,-https://b.example", "ORIGIN", "https://a.example|-https://b.example"},
		{"", "SCOPE", ""},
	} {
		if got := strings.Join(split([]string{tt.in}, tt.hint), "|"); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

// TestDemoPair: the pair that the demo prints fits together.
func TestDemoPair(t *testing.T) {
	sum := sha256.Sum256([]byte(demoVerifier))
	if got := base64.RawURLEncoding.EncodeToString(sum[:]); got != demoChallenge {
		t.Errorf("challenge %s, want %s", demoChallenge, got)
	}
	if text := (demo{}).text(); strings.ContainsAny(strings.ReplaceAll(text, "{}", ""), "{}") {
		t.Errorf("a placeholder was left in:\n%s", text)
	}
}
