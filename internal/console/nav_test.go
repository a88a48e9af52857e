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

// TestNavigation: it leads to pages that exist and that the role may see, and
// marks where one is.
func TestNavigation(t *testing.T) {
	h := consoletest.New(t)
	links := regexp.MustCompile(`<a href="([^"]+)"( aria-current="page")?>`)
	for _, r := range staff.Roles {
		b := h.SignedIn(r.Role)
		_, nav, _ := strings.Cut(b.Get("/console/keys").Body, `<nav class="nav"`)
		nav, _, _ = strings.Cut(nav, "</nav>")
		found := links.FindAllStringSubmatch(nav, -1)
		if len(found) < 3 {
			t.Errorf("%s: %d places", r.Role, len(found))
		}
		for _, l := range found {
			if p := b.Get(l[1]); p.Status != http.StatusOK {
				t.Errorf("%s: %s leads to %d", r.Role, l[1], p.Status)
			}
			if here := l[2] != ""; here != (l[1] == "/console/keys") {
				t.Errorf("%s: %s is marked: %v", r.Role, l[1], here)
			}
		}
	}
	for _, row := range console.Table() {
		if strings.HasPrefix(row.Path, "/console/people") && row.Method == http.MethodGet && row.Need == staff.Read {
			t.Errorf("%s shows people to those who may not see them", row.Path)
		}
	}
}
