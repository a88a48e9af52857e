package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/console"
	"countersign/internal/console/consoletest"
	"countersign/internal/key"
	"countersign/internal/staff"
)

func TestKeysPage(t *testing.T) {
	h := consoletest.New(t)
	consoletest.Golden(t, "keys", h.SignedIn(staff.Owner).Get("/console/keys"))
	consoletest.Golden(t, "keys-auditor", h.SignedIn(staff.Auditor).Get("/console/keys"))
	consoletest.Golden(t, "keys-rotate", h.SignedIn(staff.Owner).Get("/console/keys/rotate"))
}

func keyOf(t *testing.T, h *consoletest.House, state key.State) *key.Key {
	t.Helper()
	all, err := h.Desk.SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		if k.State == state && k.Alg == "ES256" {
			return k
		}
	}
	return nil
}

func TestRotateAndRemoveKey(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Owner)
	old := keyOf(t, h, key.Active)

	p := b.Follow("/console/keys/rotate", "alg", "ES256", "when", "later")
	next := keyOf(t, h, key.Next)
	if next == nil || !strings.Contains(p.Show(), "The key "+next.ID+" was made and is published.") {
		t.Fatalf("no key was made: %s", p.Show())
	}
	if again := b.Get("/console/keys"); strings.Contains(again.Show(), "was made and is published") {
		t.Error("the notice is said twice")
	}
	p = b.Get("/console/keys/" + old.ID + "/retire")
	consoletest.Golden(t, "keys-retire", p)
	p = b.Follow("/console/keys/" + old.ID + "/retire")
	if !strings.Contains(p.Show(), "The key "+old.ID+" is removed") || keyOf(t, h, key.Active).ID != next.ID {
		t.Errorf("after removing: %s", p.Show())
	}
	if strings.Contains(p.Body, "/"+old.ID+"/retire") || !strings.Contains(p.Show(), "Show 1 removed key, too") {
		t.Errorf("a removed key is listed: %s", p.Show())
	}
	consoletest.Golden(t, "keys-all", b.Get("/console/keys?all=yes"))
	events := h.Events(audit.KeyRetired)
	if len(events) == 0 || events[len(events)-1].Actor != "staff:owner@example.com" {
		t.Errorf("who removed the key: %+v", events)
	}
}

func TestKeysThatCannotBe(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Owner)
	if p := b.Get("/console/keys/unknown/retire"); p.Status != http.StatusNotFound || !strings.Contains(p.Body, console.ErrGone.Rule) {
		t.Errorf("an unknown key: %d", p.Status)
	}
	p := b.Post("/console/keys/" + keyOf(t, h, key.Active).ID + "/retire")
	if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Show(), "Make a new one first") {
		t.Errorf("the only key: %d %s", p.Status, p.Show())
	}
	if p := b.Post("/console/keys/rotate", "alg", "HS256"); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Show(), "signs with ES256 or RS256") {
		t.Errorf("another algorithm: %d %s", p.Status, p.Show())
	}
}

// TestRemovingAKeyNeedsARecentProof: a browser left open is not enough.
func TestRemovingAKeyNeedsARecentProof(t *testing.T) {
	h := consoletest.New(t)
	b := h.SignedIn(staff.Owner)
	k := keyOf(t, h, key.Active)
	h.Clock.Forward(11 * time.Minute)
	if p := b.Get("/console/keys"); p.Status != http.StatusOK {
		t.Fatalf("reading needs a proof, too: %d", p.Status)
	}
	path := "/console/keys/" + k.ID + "/retire"
	for _, p := range []consoletest.Page{b.Get(path), b.Post(path)} {
		if p.Status != http.StatusSeeOther || !strings.HasPrefix(p.Location, "/console/prove?back=") {
			t.Fatalf("no question who is there: %d %s", p.Status, p.Location)
		}
	}
	p := b.Get(b.Get(path).Location)
	consoletest.Golden(t, "prove", p)
	if p := b.Post("/console/prove", "back", path, "password", "wrong wrong wrong"); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong password: %d", p.Status)
	}
	if p := b.Get(path); p.Status != http.StatusSeeOther {
		t.Error("a wrong password is a proof")
	}
	if p := b.Follow("/console/prove", "back", path, "password", consoletest.Password); p.Status != http.StatusOK || !strings.Contains(p.Show(), "Remove this key?") {
		t.Errorf("after the proof: %d %s", p.Status, p.Show())
	}
}
