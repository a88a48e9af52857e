package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"countersign/internal/console"
	"countersign/internal/console/consoletest"
	"countersign/internal/staff"
)

// placeholders are the segments of a path that vary.
var placeholders = regexp.MustCompile(`\{[a-z]+\}`)

// TestPermissionMatrix takes every role, and nobody, to every row of the table:
// whoever may gets past the door, whoever may not is told so, and nothing is
// done for those.
func TestPermissionMatrix(t *testing.T) {
	h := consoletest.New(t)
	browsers := map[staff.Role]*consoletest.Browser{"": h.Visitor()}
	for _, r := range staff.Roles {
		browsers[r.Role] = h.SignedIn(r.Role)
	}
	allowed, refused := 0, 0
	for _, row := range console.Table() {
		if row.Path == "/console/logout" {
			continue // ends the sessions that the test needs; TestSessionEnds has it
		}
		path := strings.Replace(row.Path, "{file}", "style.css", 1)
		path = placeholders.ReplaceAllString(path, "unknown")
		for role, b := range browsers {
			p := b.Do(row.Method, path, "")
			want := outcome(row, role)
			if got := reached(p); got != want {
				t.Errorf("%q: %s %s: %s, want %s (%d)\n%s", role, row.Method, row.Path, got, want, p.Status, p.Show())
			}
			if want == "in" {
				allowed++
			} else {
				refused++
			}
		}
	}
	if allowed < 20 || refused < 10 {
		t.Errorf("%d allowed, %d refused: the matrix is hollow", allowed, refused)
	}
}

// outcome is what must become of a role at a row.
func outcome(row console.Row, role staff.Role) string {
	switch {
	case row.Need == "anyone":
		return "in"
	case role == "":
		return "sign in first"
	case row.Need == "signed-in" || role.May(row.Need):
		return "in"
	}
	return "not allowed"
}

// reached is what became of a request.
func reached(p consoletest.Page) string {
	switch {
	case p.Status == http.StatusSeeOther && strings.HasPrefix(p.Location, "/console/login?"):
		return "sign in first"
	case p.Status == http.StatusForbidden && strings.Contains(p.Body, console.ErrPermission.Rule):
		return "not allowed"
	case p.Status >= 500 || p.Status == http.StatusForbidden:
		return "broken"
	}
	return "in"
}

// TestEveryAnswerIsGuarded: the policy, no frames, no cache, on every page and
// refusal.
func TestEveryAnswerIsGuarded(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Owner)
	for _, row := range console.Table() {
		if row.Method != http.MethodGet {
			continue
		}
		path := placeholders.ReplaceAllString(row.Path, "unknown")
		p := b.Get(path)
		csp := p.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'", "script-src 'self'", "style-src 'self'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: %s is not in the policy %q", path, want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") || p.Header.Get("X-Frame-Options") != "DENY" || p.Header.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(p.Header.Get("Cache-Control"), "no-store") || p.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: %v", path, p.Header)
		}
		for _, bad := range []string{" style=", "<script>", " onclick=", "javascript:", "<style"} {
			if strings.Contains(p.Body, bad) {
				t.Errorf("%s: %q in the page", path, bad)
			}
		}
	}
}
