package console_test

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/console/consoletest"
	"countersign/internal/staff"
)

func TestHome(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Owner)
	for _, name := range []audit.Name{
		audit.UserCreated, audit.AppChanged, audit.LoginSucceeded, audit.CodeIssued, audit.TokenRefreshed, audit.LoginFailed, audit.CodeReplayed, audit.KeyAdded, audit.GrantRevoked,
	} {
		h.Clock.Forward(time.Minute) // so that their order is the same in every run
		e := h.Event(name)
		e.App, e.Actor = "shop-confidential", `<img src=x onerror="alert(1)">`
		if err := h.DB.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	p := b.Get("/console/")
	consoletest.Golden(t, "home", p)
	if strings.Contains(p.Body, "<img") {
		t.Error("what an event says became markup")
	}
	for _, want := range []string{"You sign in with a password alone", "You are the only owner", "3 administrators sign in with a password alone", "code.replayed"} {
		if !strings.Contains(p.Show(), want) {
			t.Errorf("%q is not said: %s", want, p.Show())
		}
	}
	if strings.Contains(p.Show(), "user.created") {
		t.Error("more than eight events")
	}
	if p := h.SignedIn(staff.Auditor).Get("/console/"); strings.Contains(p.Show(), "only owner") {
		t.Error("an auditor is told what only owners can do")
	}
}
