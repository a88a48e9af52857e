// Package consoletest furnishes a house with a console, for tests of its pages:
// administrators of every role, a browser that is signed in as one of them, and
// golden pages. It speaks to the very routes that the server serves, without a
// network.
package consoletest

import (
	"context"
	"html"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/audit"
	"countersign/internal/console"
	"countersign/internal/gate"
	"countersign/internal/housetest"
	"countersign/internal/login"
	"countersign/internal/secret"
	"countersign/internal/staff"
	"countersign/internal/web"
)

// Password is that of every administrator of the house.
const Password = "quite a long walk by the river"

// hashing is cheap: what a password costs is login's own test.
var hashing = account.Params{MemoryKiB: 64, Time: 1, Parallelism: 1}

// House is a furnished house with a console.
type House struct {
	*housetest.House
	Gate    *gate.Gate
	Desk    *admin.Desk
	Handler http.Handler
	Members map[staff.Role]*staff.Member
	HTTPS   bool
}

// New furnishes the house; the console believes that it is reached by https.
func New(t testing.TB) *House {
	t.Helper()
	return Over(t, true)
}

// Over is New for https or for plain http.
func Over(t testing.TB, https bool) *House {
	t.Helper()
	in := housetest.New(t)
	h := &House{House: in, Members: map[staff.Role]*staff.Member{}, HTTPS: https}
	h.Desk = &admin.Desk{
		Apps: in.DB, People: in.DB, Grants: in.DB, Signing: in.DB, Members: in.DB, Log: in.DB, Book: in.DB, Seen: in.DB, Index: &admin.AppIndex{}, Load: in.DB, Keys: in.Keys, Now: in.Clock.Now,
		Password: admin.PasswordRules{Params: hashing},
	}
	h.Gate = gate.New(gate.Options{
		Members: in.DB, Sessions: in.DB, People: in.DB, Log: in.DB, Keys: in.Keys, Pool: login.NewPool(2, 100, time.Minute),
		Params: hashing, Now: in.Clock.Now,
	})
	routes, err := console.Routes(console.Deps{Issuer: housetest.Issuer, Desk: h.Desk, Gate: h.Gate, Keys: in.Keys, Address: "https://as.example", HTTPS: https, Now: in.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	site := &web.Site{Log: slog.New(slog.DiscardHandler), Now: in.Clock.Now, HTTPS: https}
	if h.Handler, err = site.Handler(routes...); err != nil {
		t.Fatal(err)
	}
	hash, err := account.HashPassword(hashing, Password)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range staff.Roles {
		m := &staff.Member{
			ID: staff.ID(secret.NewRecordID(secret.PrefixStaff, in.Clock.Now())), Name: string(r.Role) + "@example.com", Role: r.Role,
			State: staff.Active, PasswordHash: hash, Created: in.Clock.Now().Truncate(time.Millisecond),
		}
		in.Clock.Forward(time.Millisecond)
		if err := in.DB.AddMember(context.Background(), m, audit.New(in.Clock.Now(), audit.StaffInvited)); err != nil {
			t.Fatal(err)
		}
		h.Members[r.Role] = m
	}
	return h
}

// Visitor is a browser in which nobody is signed in.
func (h *House) Visitor() *Browser { return &Browser{house: h, cookies: map[string]string{}} }

// SignedIn is a browser in which the house's administrator of this role signed
// in a moment ago.
func (h *House) SignedIn(role staff.Role) *Browser {
	h.T.Helper()
	b := h.Visitor()
	p := b.Post("/console/login", "name", h.Members[role].Name, "password", Password)
	if p.Status != http.StatusSeeOther {
		h.T.Fatalf("signing in as %s: %d\n%s", role, p.Status, p.Body)
	}
	return b
}

// Show is the text of a page without its markup: for tests that look for words.
func (p Page) Show() string {
	var b strings.Builder
	inside := false
	for _, r := range p.Body {
		switch {
		case r == '<':
			inside = true
		case r == '>':
			inside = false
			b.WriteByte(' ')
		case !inside:
			b.WriteRune(r)
		}
	}
	return html.UnescapeString(strings.Join(strings.Fields(b.String()), " "))
}
