package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/console"
	"countersign/internal/console/consoletest"
	"countersign/internal/gate"
	"countersign/internal/login"
	"countersign/internal/staff"
)

func TestLoginPage(t *testing.T) {
	h := consoletest.New(t)
	b := h.Visitor()
	consoletest.Golden(t, "login", b.Get("/console/login"))
	p := b.Post("/console/login", "name", `owner"><script>alert(1)</script>`, "password", "wrong")
	if p.Status != http.StatusUnprocessableEntity || strings.Contains(p.Body, "<script>") || !strings.Contains(p.Body, login.ErrFailed.Rule) {
		t.Errorf("a wrong name: %d\n%s", p.Status, p.Body)
	}
	consoletest.Golden(t, "login-failed", b.Post("/console/login", "name", "owner@example.com", "password", "wrong"))
	p = b.Follow("/console/login", "name", "OWNER@example.com", "password", consoletest.Password, "back", "/console/keys")
	if p.Status != http.StatusOK || !strings.Contains(p.Body, "<h1>Signing keys</h1>") {
		t.Errorf("signed in: %d %s", p.Status, p.Show())
	}
	if p := b.Get("/console/login"); p.Location != "/console/" {
		t.Errorf("signing in twice: %d %s", p.Status, p.Location)
	}
}

// TestNobodyIsSentElsewhere: back leads nowhere but into the console.
func TestNobodyIsSentElsewhere(t *testing.T) {
	h := consoletest.New(t)
	for _, evil := range []string{
		"https://evil.example/console/", "//evil.example/console/", `/\evil.example`, "/console/../..//evil.example", "javascript:alert(1)",
		"/console/\\\\evil", "http:/console/", "/elsewhere", "/console/login", "/console/%0d%0aX: y", "https:///console/", "/console/\nx",
	} {
		p := h.Visitor().Post("/console/login", "name", "owner@example.com", "password", consoletest.Password, "back", evil)
		u, err := url.Parse(p.Location)
		if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(p.Location, "/console/") || strings.ContainsAny(p.Location, "\\\r\n") || p.Location == "/console/login" {
			t.Errorf("%q leads to %q", evil, p.Location)
		}
	}
}

func TestLoginIsThrottled(t *testing.T) {
	h := consoletest.New(t)
	b := h.Visitor()
	var p consoletest.Page
	for range 8 {
		p = b.Post("/console/login", "name", "owner@example.com", "password", "wrong")
	}
	if p.Status != http.StatusTooManyRequests || p.Header.Get("Retry-After") == "" || !strings.Contains(p.Body, login.ErrThrottled.Rule) {
		t.Errorf("after eight tries: %d %s", p.Status, p.Show())
	}
	if n := len(h.Events(audit.LoginFailed)); n != 6 {
		t.Errorf("%d failures recorded", n)
	}
	if e := h.Events(audit.LoginFailed)[0]; e.App != gate.Client || string(e.User) != string(h.Members[staff.Owner].ID) {
		t.Errorf("whose failure: %+v", e)
	}
}

// TestSessionFixation: signing in gives a new session, and the one that the
// browser was given before is worth nothing.
func TestSessionFixation(t *testing.T) {
	h := consoletest.New(t)
	attacker, victim := h.SignedIn(staff.Auditor), h.Visitor()
	planted := attacker.Cookie("countersign-console")
	victim.SetCookie("countersign-console", planted)
	victim.Post("/console/login", "name", "owner@example.com", "password", consoletest.Password)
	if got := victim.Cookie("countersign-console"); got == planted || got == "" {
		t.Fatal("the planted session went on")
	}
	if p := attacker.Get("/console/keys"); p.Status == http.StatusOK && strings.Contains(p.Show(), "owner@example.com") {
		t.Error("the planted session is the owner's")
	}
	if p := victim.Get("/console/keys"); !strings.Contains(p.Show(), "owner@example.com") {
		t.Errorf("the owner is not signed in: %s", p.Show())
	}
}

func TestSessionEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(h *consoletest.House, b *consoletest.Browser)
		over bool
	}{
		"a moment later":   {func(h *consoletest.House, _ *consoletest.Browser) { h.Clock.Forward(29 * time.Minute) }, false},
		"idle too long":    {func(h *consoletest.House, _ *consoletest.Browser) { h.Clock.Forward(31 * time.Minute) }, true},
		"used all along":   {func(h *consoletest.House, b *consoletest.Browser) { use(h, b, 11*time.Hour) }, false},
		"absolute timeout": {func(h *consoletest.House, b *consoletest.Browser) { use(h, b, 13*time.Hour) }, true},
		"signed out":       {func(_ *consoletest.House, b *consoletest.Browser) { b.Post("/console/logout") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := consoletest.New(t)
			b := h.SignedIn(staff.Owner)
			token := b.Cookie("countersign-console")
			c.end(h, b)
			b.SetCookie("countersign-console", token) // a thief does not forget it
			p := b.Get("/console/keys?all=yes")
			if over := p.Status == http.StatusSeeOther; over != c.over {
				t.Errorf("%d, over: %v", p.Status, over)
			}
			if c.over && p.Location != "/console/login?back=%2Fconsole%2Fkeys%3Fall%3Dyes" {
				t.Errorf("sent to %s", p.Location)
			}
		})
	}
}

func use(h *consoletest.House, b *consoletest.Browser, d time.Duration) {
	for range d / (20 * time.Minute) {
		h.Clock.Forward(20 * time.Minute)
		b.Get("/console/keys")
	}
}

func TestCookies(t *testing.T) {
	for _, https := range []bool{true, false} {
		h := consoletest.Over(t, https)
		p := h.Visitor().Post("/console/login", "name", "owner@example.com", "password", consoletest.Password)
		c := p.Header.Get("Set-Cookie")
		want := []string{"countersign-console=", "Path=/", "HttpOnly", "SameSite=Lax"}
		if https {
			want = append(want, "__Host-countersign-console=", "Secure")
		}
		for _, w := range want {
			if !strings.Contains(c, w) {
				t.Errorf("https %v: %q is not in %s", https, w, c)
			}
		}
		if strings.Contains(c, "Domain") || !https && strings.Contains(c, "__Host-") {
			t.Errorf("https %v: %s", https, c)
		}
	}
}

func TestFirstOwner(t *testing.T) {
	h := consoletest.New(t)
	if link, err := h.Gate.Bootstrap(t.Context()); err != nil || link != "" {
		t.Errorf("a link for a first owner, though there is one: %v", err)
	}
	invited := *h.Members[staff.Editor]
	link, err := h.Desk.StaffLink(t.Context(), &invited)
	if err != nil {
		t.Fatal(err)
	}
	old := h.SignedIn(staff.Editor)
	b := h.Visitor()
	path := "/console/join?link=" + link
	consoletest.Golden(t, "join-reset", b.Get(path))
	b.Get(path) // looking does not use it up
	if p := b.Post("/console/join", "back", link, "password", "short"); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Body, "password.too-short") {
		t.Errorf("a short password: %d %s", p.Status, p.Show())
	}
	p := b.Follow("/console/join", "back", link, "password", "another walk along the shore")
	if p.Status != http.StatusOK || !strings.Contains(p.Show(), "editor@example.com editor") {
		t.Errorf("joined: %d %s", p.Status, p.Show())
	}
	if p := old.Get("/console/keys"); p.Status != http.StatusSeeOther {
		t.Error("the old session lives on after a reset")
	}
	for _, p := range []consoletest.Page{h.Visitor().Get(path), h.Visitor().Post("/console/join", "back", link, "password", "one more walk along the shore")} {
		if p.Status != http.StatusBadRequest || !strings.Contains(p.Body, gate.ErrLink.Rule) {
			t.Errorf("the link again: %d %s", p.Status, p.Show())
		}
	}
}

func TestForeignFormsAreRefused(t *testing.T) {
	h := consoletest.New(t)
	for name, spoil := range map[string]func(*http.Request){
		"another site":   func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"another host":   func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"another origin": func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "https://evil.example") },
		"null":           func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "null") },
		"no browser":     func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Del("Origin") },
	} {
		b := h.SignedIn(staff.Owner)
		b.Spoil = spoil
		for _, p := range []consoletest.Page{
			b.Post("/console/keys/rotate", "alg", "ES256", "when", "now"), b.Post("/console/logout"), b.Post("/console/theme", "theme", "dark"),
			b.Post("/console/login", "name", "owner@example.com", "password", consoletest.Password),
		} {
			if p.Status != http.StatusForbidden || !strings.Contains(p.Body, console.ErrCrossOrigin.Rule) {
				t.Errorf("%s: %d", name, p.Status)
			}
		}
		if n := len(h.Events(audit.KeyAdded)); n != 2 {
			t.Errorf("%s: %d keys", name, n)
		}
	}
}
