package audit

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 123_456_789, time.UTC)

func TestEventRoundTrip(t *testing.T) {
	e := New(noon, CodeRedeemed).With("a", "1")
	e.App, e.User, e.Rule = "app", "005000000000001AAA", "code.spent"
	back, err := Decode(e.ID, e.Encode())
	if err != nil || !cmp.Equal(back, e) {
		t.Errorf("%v\n%s", err, cmp.Diff(e, back))
	}
	two := e.With("b", "2")
	if len(e.Detail) != 1 || len(two.Detail) != 2 {
		t.Error("With changes the event it was called on")
	}
}

func TestFilter(t *testing.T) {
	e := New(noon, CodeRedeemed)
	e.App, e.User, e.Rule = "app", "u", "r"
	for _, f := range []Filter{{}, {App: "app"}, {User: "u"}, {Name: CodeRedeemed}, {Rule: "r"}} {
		if !f.Match(e) {
			t.Errorf("%+v does not choose it", f)
		}
	}
	for _, f := range []Filter{{App: "x"}, {User: "x"}, {Name: CodeIssued}, {Rule: "x"}, {App: "app", Rule: "x"}} {
		if f.Match(e) {
			t.Errorf("%+v chooses it", f)
		}
	}
}

func TestCatalogueIsCompleteAndSaysSomething(t *testing.T) {
	seen := map[Name]bool{}
	for _, c := range Catalogue {
		if seen[c.Name] || !strings.Contains(string(c.Name), ".") || !strings.HasSuffix(c.What, ".") {
			t.Errorf("row %q: repeated, oddly named or empty", c.Name)
		}
		seen[c.Name] = true
	}
	source, err := os.ReadFile("catalogue.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`Name = "([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
		if !seen[Name(m[1])] {
			t.Errorf("%s has no row", m[1])
		}
		delete(seen, Name(m[1]))
	}
	for name := range seen {
		t.Errorf("%s is no constant", name)
	}
}
