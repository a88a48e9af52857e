package consoletest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden pages anew")

// Golden compares a page with testdata/golden/NAME.html; with -update it writes
// the file. What is drawn at random (ids, key ids, links) is numbered, so that
// pages of two runs are alike.
func Golden(t *testing.T, name string, p Page) {
	t.Helper()
	got := scrub(p.Body)
	file := filepath.Join("testdata", "golden", name+".html")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run go test -update to make it", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the page is not that of %s; if it should be, run go test -update (-want +got):\n%s", file, diff)
	}
}

var (
	random = regexp.MustCompile(`[A-Za-z0-9_-]{18,}`)
	mark   = regexp.MustCompile(`\?v=[0-9a-f]+`)
	nav    = regexp.MustCompile(`(?s)(<nav class="nav"[^>]*>).*?</nav>`)
	spaces = regexp.MustCompile(`[ \t]+\n`)
	places = regexp.MustCompile(`(?s)(<nav class="nav".*?>).*?</nav>`) // the same on every page, and grows
	blanks = regexp.MustCompile(`\n{2,}`)
)

// scrub takes out what differs between runs.
func scrub(body string) string {
	body = mark.ReplaceAllString(body, "?v=MARK")
	body = nav.ReplaceAllString(body, "$1…</nav>") // or a new page would change all others; the navigation has a test of its own
	body = blanks.ReplaceAllString(spaces.ReplaceAllString(body, "\n"), "\n")
	body = places.ReplaceAllString(body, "$1</nav>")
	names := map[string]string{}
	return random.ReplaceAllStringFunc(body, func(s string) string {
		if !drawn(s) {
			return s
		}
		if names[s] == "" {
			names[s] = fmt.Sprintf("RANDOM-%d", len(names)+1)
		}
		return names[s]
	})
}

// drawn says whether a word looks like one that was drawn at random: small and
// capital letters and digits, all mixed. An id may have no digit, but begins with
// the time, and the clock of a house with its day.
func drawn(s string) bool {
	if strings.HasPrefix(s, "AaI") {
		return true
	}
	return strings.ContainsAny(s, "0123456789") && strings.ToLower(s) != s && strings.ToUpper(s) != s
}
