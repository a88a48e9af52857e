package accounttest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/oauth"
)

func register(t *testing.T, n Node) {
	want := add(t, n, "ada", "ada@example.org")
	for _, text := range []string{"ada", "ADA", " ada ", "ada@example.org", "Ada@Example.ORG"} {
		got, err := n.Store.AccountByIdentifier(t.Context(), text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	if diff := cmp.Diff(want, read(t, n, want.ID)); diff != "" {
		t.Errorf("by id (-want +got):\n%s", diff)
	}
	bare := add(t, n, "bare", "")
	if got := read(t, n, bare.ID); got.Email != "" {
		t.Errorf("an e-mail address from nowhere: %q", got.Email)
	}
	_ = add(t, n, "same@example.org", "same@example.org") // one's own name is not taken
	expectEvents(t, n, audit.UserCreated, 3)
}

// identifiers: user names and e-mail addresses are one space, and refusing a
// person takes nothing.
func identifiers(t *testing.T, n Node) {
	_ = add(t, n, "ada", "ada@example.org")
	for _, c := range []struct{ username, email string }{
		{"ada", "new1@example.org"},
		{"ADA", "new1@example.org"},
		{"new1", "ada@example.org"},
		{"ada@example.org", "new1@example.org"}, // a name that is somebody's address
		{"new1", "Ada"},
		{"", "new1@example.org"}, // belongs to nobody, ever
	} {
		err := n.Store.RegisterAccount(t.Context(), New(n.Now(), c.username, c.email), event(n, audit.UserCreated))
		expect(t, c.username+" "+c.email, account.ErrTaken, err)
	}
	expectEvents(t, n, audit.UserCreated, 1)
	_ = add(t, n, "new1", "new1@example.org") // both still free
}

func registrationRace(t *testing.T, n Node) {
	won := race(t, account.ErrTaken, func(i int) error {
		a := New(n.Now(), "racer", "")
		if i%2 == 0 { // the same text by its other door
			a = New(n.Now(), "other-name-"+string(rune('a'+i/2)), "racer")
		}
		return n.Store.RegisterAccount(t.Context(), a, event(n, audit.UserCreated))
	})
	if won != 1 {
		t.Errorf("%d people have one identifier", won)
	}
	expectEvents(t, n, audit.UserCreated, 1)
}

func change(t *testing.T, n Node) {
	a := add(t, n, "ada", "")
	stale := *a
	a.Profile.Nickname, a.Groups = "Countess", []string{"poets", "engineers"}
	must(t, n.Store.ChangeAccount(t.Context(), a, event(n, audit.UserChanged)))
	if diff := cmp.Diff(a, read(t, n, a.ID)); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	if !a.Updated.After(stale.Updated) {
		t.Errorf("Updated did not grow: %v", a.Updated)
	}
	expect(t, "a change of an old state", account.ErrConflict, n.Store.ChangeAccount(t.Context(), &stale, event(n, audit.UserChanged)))
	a.Profile.Nickname = "" // what the first change returned can be changed again
	must(t, n.Store.ChangeAccount(t.Context(), a, event(n, audit.UserChanged)))
	must(t, n.Store.Rehash(t.Context(), a.ID, a.PasswordHash, "$new", event(n, audit.PasswordRehashed)))
	must(t, n.Store.ChangeAccount(t.Context(), a, event(n, audit.UserChanged))) // a login's rehash is no conflict
	if got := read(t, n, a.ID); got.Epoch != 0 || got.PasswordHash != "$new" {
		t.Errorf("a profile change touched epoch or password: %+v", got)
	}
	expectEvents(t, n, audit.UserChanged, 3)
}

func changeEmail(t *testing.T, n Node) {
	a, b := add(t, n, "ada", "ada@example.org"), add(t, n, "bob@example.org", "bob@example.org")
	a.Email = "bob@example.org"
	expect(t, "somebody's address", account.ErrTaken, n.Store.ChangeAccount(t.Context(), a, event(n, audit.UserChanged)))
	if got := read(t, n, a.ID); got.Email != "ada@example.org" {
		t.Errorf("a refused change changed the address to %s", got.Email)
	}
	a.Email = "countess@example.org"
	must(t, n.Store.ChangeAccount(t.Context(), a, event(n, audit.UserChanged)))
	found := func(text string, want error) {
		t.Helper()
		_, err := n.Store.AccountByIdentifier(t.Context(), text)
		expect(t, text, want, err)
	}
	found("ada@example.org", account.ErrNotFound)
	found("countess@example.org", nil)
	b.Email = ""
	must(t, n.Store.ChangeAccount(t.Context(), b, event(n, audit.UserChanged)))
	found("bob@example.org", nil) // it is the user name, too
	a.Email = ""
	must(t, n.Store.ChangeAccount(t.Context(), a, event(n, audit.UserChanged)))
	found("countess@example.org", account.ErrNotFound)
	_ = add(t, n, "new", "ada@example.org") // free again
}

func changeRace(t *testing.T, n Node) {
	a := add(t, n, "ada", "")
	won := race(t, account.ErrConflict, func(i int) error {
		mine := *a
		mine.Profile.Nickname = string(rune('A' + i))
		return n.Store.ChangeAccount(t.Context(), &mine, event(n, audit.UserChanged))
	})
	if won != 1 {
		t.Errorf("%d changes of one state", won)
	}
	expectEvents(t, n, audit.UserChanged, 1)
}

func password(t *testing.T, n Node) {
	a := add(t, n, "ada", "")
	must(t, n.Store.SetPassword(t.Context(), a.ID, "$argon2id$new", event(n, audit.PasswordChanged)))
	got := read(t, n, a.ID)
	if got.PasswordHash != "$argon2id$new" || got.Epoch != 1 || got.LastPassword.Before(a.LastPassword) {
		t.Errorf("after a new password: %+v", got)
	}
	a.Profile.Nickname = "x"
	must(t, n.Store.ChangeAccount(t.Context(), a, event(n, audit.UserChanged))) // another field, no conflict
	expectEvents(t, n, audit.PasswordChanged, 1)
}

func rehash(t *testing.T, n Node) {
	a := add(t, n, "ada", "")
	must(t, n.Store.Rehash(t.Context(), a.ID, a.PasswordHash, "$better", event(n, audit.PasswordRehashed)))
	must(t, n.Store.Rehash(t.Context(), a.ID, a.PasswordHash, "$stale", event(n, audit.PasswordRehashed))) // lost: no error
	got := read(t, n, a.ID)
	if got.PasswordHash != "$better" || got.Epoch != 0 || !got.LastPassword.Equal(a.LastPassword) {
		t.Errorf("after a rehash: %+v", got)
	}
	expectEvents(t, n, audit.PasswordRehashed, 1) // what did not happen is not reported
}

func state(t *testing.T, n Node) {
	a := add(t, n, "ada", "")
	must(t, n.Store.SetState(t.Context(), a.ID, account.Disabled, event(n, audit.UserDisabled)))
	if got := read(t, n, a.ID); got.State != account.Disabled || got.Epoch != 1 {
		t.Errorf("switched off: %+v", got)
	}
	must(t, n.Store.SetState(t.Context(), a.ID, account.Active, event(n, audit.UserEnabled)))
	if got := read(t, n, a.ID); got.State != account.Active || got.Epoch != 1 {
		t.Errorf("switched on again: %+v", got)
	}
	expectEvents(t, n, audit.UserDisabled, 1)
	expectEvents(t, n, audit.UserEnabled, 1)
}

func remove(t *testing.T, n Node) {
	a := add(t, n, "ada", "ada@example.org")
	must(t, n.Store.DeleteAccount(t.Context(), a.ID, event(n, audit.UserDeleted)))
	_, err := n.Store.Account(t.Context(), a.ID)
	expect(t, "the person", account.ErrNotFound, err)
	for _, text := range []string{"ada", "ada@example.org"} {
		_, err := n.Store.AccountByIdentifier(t.Context(), text)
		expect(t, text, account.ErrNotFound, err)
	}
	b := add(t, n, "ada", "ada@example.org") // the identifiers are free
	if got, err := n.Store.AccountByIdentifier(t.Context(), "ada"); err != nil || got.ID != b.ID {
		t.Errorf("the name leads to %v, %v", got, err)
	}
	expectEvents(t, n, audit.UserDeleted, 1)
}

func list(t *testing.T, n Node) {
	var want []oauth.UserID
	for i := range 5 {
		a := New(n.Now().Add(time.Duration(i)*time.Second), string(rune('e'-i)), "")
		must(t, n.Store.RegisterAccount(t.Context(), a, event(n, audit.UserCreated)))
		want = append(want, a.ID)
	}
	var got []oauth.UserID
	var after oauth.UserID
	for {
		page, err := n.Store.Accounts(t.Context(), after, 2)
		must(t, err)
		for _, a := range page {
			got, after = append(got, a.ID), a.ID
		}
		if len(page) < 2 {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("people by age (-want +got):\n%s", diff)
	}
}

// nobody: every change of a person who is not there says so and leaves no trace.
func nobody(t *testing.T, n Node) {
	ghost := New(n.Now(), "ghost", "")
	ctx, e := t.Context(), event(n, audit.UserChanged)
	_, err := n.Store.Account(ctx, ghost.ID)
	expect(t, "Account", account.ErrNotFound, err)
	_, err = n.Store.AccountByIdentifier(ctx, "ghost")
	expect(t, "AccountByIdentifier", account.ErrNotFound, err)
	_, err = n.Store.AccountByIdentifier(ctx, "")
	expect(t, "the empty identifier", account.ErrNotFound, err)
	expect(t, "ChangeAccount", account.ErrNotFound, n.Store.ChangeAccount(ctx, ghost, e))
	expect(t, "SetPassword", account.ErrNotFound, n.Store.SetPassword(ctx, ghost.ID, "$", e))
	expect(t, "SetState off", account.ErrNotFound, n.Store.SetState(ctx, ghost.ID, account.Disabled, e))
	expect(t, "SetState on", account.ErrNotFound, n.Store.SetState(ctx, ghost.ID, account.Active, e))
	expect(t, "DeleteAccount", account.ErrNotFound, n.Store.DeleteAccount(ctx, ghost.ID, e))
	expectEvents(t, n, audit.UserChanged, 0)
}

// answersLost: each change is done once, whatever became of the first answer.
func answersLost(t *testing.T, n Node) {
	a := New(n.Now(), "ada", "ada@example.org")
	changes := []struct {
		name audit.Name
		do   func(e audit.Event) error
	}{
		{audit.UserCreated, func(e audit.Event) error { return n.Store.RegisterAccount(t.Context(), a, e) }},
		{audit.UserChanged, func(e audit.Event) error { return n.Store.ChangeAccount(t.Context(), a, e) }},
		{audit.PasswordChanged, func(e audit.Event) error { return n.Store.SetPassword(t.Context(), a.ID, "$2", e) }},
		{audit.PasswordRehashed, func(e audit.Event) error { return n.Store.Rehash(t.Context(), a.ID, "$2", "$3", e) }},
		{audit.UserDisabled, func(e audit.Event) error { return n.Store.SetState(t.Context(), a.ID, account.Disabled, e) }},
		{audit.UserDeleted, func(e audit.Event) error { return n.Store.DeleteAccount(t.Context(), a.ID, e) }},
	}
	for i, c := range changes {
		n.OnCommit([]func(int) func(func() error) error{lose, refuse}[i%2](1))
		if err := c.do(event(n, c.name)); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		n.OnCommit(nil)
		expectEvents(t, n, c.name, 1)
		if c.name == audit.UserDisabled {
			if got := read(t, n, a.ID); got.Epoch != 2 {
				t.Errorf("epoch %d after a password and a switch, want 2", got.Epoch)
			}
		}
	}
	n.OnCommit(refuse(1 << 30))
	err := n.Store.RegisterAccount(t.Context(), New(n.Now(), "bob", ""), event(n, audit.UserCreated))
	expect(t, "no answer at all", oauth.ErrUnknownOutcome, err)
}
