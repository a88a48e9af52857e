package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign/internal/console/consoletest"
	"countersign/internal/gate"
	"countersign/internal/staff"
)

var (
	offer  = regexp.MustCompile(`name="offer" value="([A-Z2-7]+)"`)
	secret = regexp.MustCompile(`<p class="secret"><code>([A-Z2-7 ]+)</code>`)
	codes  = regexp.MustCompile(`<code>([A-Z2-7]{5}-[A-Z2-7]{5})</code>`)
)

// TestAuthenticator goes the whole way: set one up, sign out, sign in with its
// code, with a recovery code, and prove who one is.
func TestAuthenticator(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Owner)
	consoletest.Golden(t, "account", b.Get("/console/account"))
	p := b.Get("/console/account/authenticator")
	seal, text := offer.FindStringSubmatch(p.Body), secret.FindStringSubmatch(p.Body)
	if seal == nil || text == nil || !strings.Contains(p.Body, `class="qr"`) {
		t.Fatalf("nothing to scan: %s", p.Show())
	}
	wrong := b.Post("/console/account/authenticator", "offer", seal[1], "code", "000000")
	if wrong.Status != http.StatusUnprocessableEntity || !strings.Contains(wrong.Body, gate.ErrCode.Rule) || secret.FindStringSubmatch(wrong.Body)[1] != text[1] {
		t.Errorf("a wrong code: %d %s", wrong.Status, wrong.Show())
	}
	p = b.Follow("/console/account/authenticator", "offer", seal[1], "code", consoletest.Code(text[1], h.Clock.Now()))
	recovery := codes.FindAllStringSubmatch(p.Body, -1)
	if len(recovery) != 10 {
		t.Fatalf("%d recovery codes: %s", len(recovery), p.Show())
	}
	if again := b.Get("/console/account"); codes.MatchString(again.Body) {
		t.Error("recovery codes are shown twice")
	}
	b.Post("/console/logout")
	signIn := func(code string) consoletest.Page {
		v := h.Visitor()
		p := v.Post("/console/login", "name", "owner@example.com", "password", consoletest.Password, "back", "/console/keys")
		if p.Location != "/console/code?back=%2Fconsole%2Fkeys" {
			t.Fatalf("no question for the code: %d %s", p.Status, p.Location)
		}
		if inside := v.Get("/console/keys"); inside.Status != http.StatusSeeOther {
			t.Fatalf("in without a code: %d", inside.Status)
		}
		return v.Follow("/console/code", "code", code, "back", "/console/keys")
	}
	h.Clock.Forward(time.Minute)
	code := consoletest.Code(text[1], h.Clock.Now())
	for _, c := range []struct {
		what, code string
		in         bool
	}{{"wrong", "000000", false}, {"right", code, true}, {"again", code, false}, {"recovery", recovery[0][1], true}, {"recovery again", recovery[0][1], false}} {
		p := signIn(c.code)
		if in := strings.Contains(p.Body, "<h1>Signing keys</h1>"); in != c.in {
			t.Errorf("%s: in %v, %d %s", c.what, in, p.Status, p.Show())
		}
	}
	consoletest.Golden(t, "code", signInPage(h))
}

func signInPage(h *consoletest.House) consoletest.Page {
	return h.Visitor().Follow("/console/login", "name", "owner@example.com", "password", consoletest.Password)
}

func TestSecondFactorIsRequired(t *testing.T) {
	h := consoletest.New(t)
	h.Gate.RequireFactor = true
	b := h.SignedIn(staff.Editor)
	for _, path := range []string{"/console/", "/console/keys", "/console/staff"} {
		if p := b.Get(path); p.Location != "/console/account/authenticator" {
			t.Errorf("%s without a second factor: %d %s", path, p.Status, p.Location)
		}
	}
	if p := b.Get("/console/account/authenticator"); p.Status != http.StatusOK || !strings.Contains(p.Show(), "Set one up to go on") {
		t.Errorf("setting it up: %d %s", p.Status, p.Show())
	}
	if p := b.Post("/console/keys/rotate", "alg", "ES256"); p.Status == http.StatusOK {
		t.Errorf("an action without a second factor: %d", p.Status)
	}
}

func TestSessionsPage(t *testing.T) {
	h := consoletest.New(t)
	one, two := h.SignedIn(staff.Owner), h.SignedIn(staff.Owner)
	p := one.Get("/console/account")
	name := regexp.MustCompile(`name="session" value="([A-Z2-7]+)"`).FindStringSubmatch(p.Body)
	if name == nil || !strings.Contains(p.Show(), "Firefox") || !strings.Contains(p.Show(), "203.0.113.7") {
		t.Fatalf("sessions: %s", p.Show())
	}
	if q := h.SignedIn(staff.Editor).Follow("/console/account/sessions/end", "session", name[1]); q.Status != http.StatusOK || two.Get("/console/keys").Status != http.StatusOK {
		t.Error("somebody ended another's session")
	}
	one.Follow("/console/account/sessions/end", "session", name[1])
	if two.Get("/console/keys").Status != http.StatusSeeOther {
		t.Error("the session goes on")
	}
	three := h.SignedIn(staff.Owner)
	one.Follow("/console/account/sessions/end-others")
	if three.Get("/console/keys").Status != http.StatusSeeOther || one.Get("/console/keys").Status != http.StatusOK {
		t.Error("the others go on, or this one ended, too")
	}
}

func TestChangePassword(t *testing.T) {
	h := consoletest.New(t)
	b, other := h.SignedIn(staff.Auditor), h.SignedIn(staff.Auditor)
	for want, pair := range map[string][2]string{
		"This is not your password.": {"wrong", "another walk along the shore"}, "password.too-short": {consoletest.Password, "short"},
	} {
		p := b.Post("/console/account/password", "old", pair[0], "new", pair[1])
		if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Body, want) || strings.Contains(p.Body, "another walk") {
			t.Errorf("%s: %d %s", want, p.Status, p.Show())
		}
	}
	p := b.Follow("/console/account/password", "old", consoletest.Password, "new", "another walk along the shore")
	if p.Status != http.StatusOK || !strings.Contains(p.Show(), "Your password is changed") {
		t.Errorf("changed: %d %s", p.Status, p.Show())
	}
	if other.Get("/console/keys").Status != http.StatusSeeOther {
		t.Error("the other session goes on")
	}
}
