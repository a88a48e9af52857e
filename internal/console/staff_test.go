package console_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"countersign/internal/console/consoletest"
	"countersign/internal/staff"
)

func TestStaffPages(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Owner)
	consoletest.Golden(t, "staff", b.Get("/console/staff"))
	consoletest.Golden(t, "staff-reviewer", h.SignedIn(staff.Reviewer).Get("/console/staff"))
	consoletest.Golden(t, "staff-invite", b.Get("/console/staff/invite"))
	editor := "/console/staff/" + string(h.Members[staff.Editor].ID)
	consoletest.Golden(t, "staff-member", b.Get(editor))
	consoletest.Golden(t, "staff-remove", b.Get(editor+"/remove"))
}

func TestInviteAndJoin(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Owner)
	for name, want := range map[string]string{"a:b": "A user name has 1 to 320 bytes", "EDITOR@example.com": "Another administrator has this name."} {
		p := b.Post("/console/staff/invite", "name", name, "role", "editor")
		if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Show(), want) {
			t.Errorf("%s: %d %s", name, p.Status, p.Show())
		}
	}
	p := b.Follow("/console/staff/invite", "name", "nina@example.com", "role", "reviewer")
	link := regexp.MustCompile(`<code>(https://as\.example/console/join\?link=[^<]+)</code>`).FindStringSubmatch(p.Body)
	if link == nil {
		t.Fatalf("no link: %s", p.Show())
	}
	u, err := url.Parse(html.UnescapeString(link[1]))
	if err != nil {
		t.Fatal(err)
	}
	nina := h.Visitor()
	consoletest.Golden(t, "join-invite", nina.Get(u.RequestURI()))
	p = nina.Follow("/console/join", "back", u.Query().Get("link"), "password", "the first password of nina")
	if p.Status != http.StatusOK || !strings.Contains(p.Show(), "nina@example.com reviewer") {
		t.Errorf("joined: %d %s", p.Status, p.Show())
	}
}

func TestRolesAndStates(t *testing.T) {
	h := consoletest.New(t)
	b, editor := h.SignedIn(staff.Owner), h.SignedIn(staff.Editor)
	of := func(r staff.Role) string { return "/console/staff/" + string(h.Members[r].ID) }
	b.Follow(of(staff.Editor)+"/role", "role", "auditor")
	if p := editor.Get("/console/keys"); !strings.Contains(p.Show(), "editor@example.com auditor") {
		t.Errorf("the role holds from the next click on: %s", p.Show())
	}
	for path, pair := range map[string][2]string{"/role": {"role", "editor"}, "/state": {"state", "off"}, "/remove": {"", ""}} {
		p := b.Post(of(staff.Owner)+path, pair[0], pair[1])
		if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Show(), "Nobody changes their own role") {
			t.Errorf("an owner's own %s: %d %s", path, p.Status, p.Show())
		}
	}
	if p := b.Post(of(staff.Editor)+"/role", "role", "king"); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("no role: %d", p.Status)
	}
	b.Follow(of(staff.Editor)+"/state", "state", "off")
	if editor.Get("/console/keys").Status != http.StatusSeeOther {
		t.Error("switched off, and still in")
	}
	p := b.Follow(of(staff.Editor) + "/remove")
	if !strings.Contains(p.Show(), "editor@example.com is removed.") || b.Get(of(staff.Editor)).Status != http.StatusNotFound {
		t.Errorf("removed: %s", p.Show())
	}
}
