// Package accounttest owns the contract of account.Store as tests: every engine
// must pass them. It knows no engine; whoever calls Run brings the databases and
// the ways to break them.
package accounttest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// Node is one open store on an empty database. It tries unknown outcomes again
// for a moment only.
type Node struct {
	Store  account.Store
	Now    func() time.Time
	Events func(t *testing.T) []audit.Event
	// OnCommit puts hook between the store and each COMMIT; nil takes it away.
	OnCommit func(hook func(commit func() error) error)
}

// Run tests that the stores made by open keep the contract.
func Run(t *testing.T, open func(t *testing.T) Node) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, n Node)
	}{
		{"register", register},
		{"identifiers belong to one person", identifiers},
		{"registration race", registrationRace},
		{"change", change},
		{"change of e-mail address", changeEmail},
		{"change race", changeRace},
		{"password", password},
		{"rehash", rehash},
		{"state", state},
		{"delete", remove},
		{"list", list},
		{"nobody", nobody},
		{"answers lost", answersLost},
		{"counters", counters},
		{"counter race", counterRace},
		{"counter answer lost", counterAnswerLost},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// New is a person who was not registered yet.
func New(now time.Time, username, email string) *account.Account {
	return &account.Account{
		ID: oauth.UserID(secret.NewRecordID(secret.PrefixUser, now)), Username: username, Email: email,
		State: account.Active, PasswordHash: "$argon2id$of-" + username, Groups: []string{"staff"},
		Profile: account.Profile{Name: "Ada " + username, Locale: "de-AT", EmailVerified: true},
		Created: now, Updated: now, LastPassword: now,
	}
}

func event(n Node, name audit.Name) audit.Event { return audit.New(n.Now(), name) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, what string, want, got error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func add(t *testing.T, n Node, username, email string) *account.Account {
	t.Helper()
	a := New(n.Now(), username, email)
	must(t, n.Store.RegisterAccount(t.Context(), a, event(n, audit.UserCreated)))
	return a
}

func read(t *testing.T, n Node, id oauth.UserID) *account.Account {
	t.Helper()
	a, err := n.Store.Account(t.Context(), id)
	must(t, err)
	return a
}

func expectEvents(t *testing.T, n Node, name audit.Name, want int) {
	t.Helper()
	got := 0
	for _, e := range n.Events(t) {
		if e.Name == name {
			got++
		}
	}
	if got != want {
		t.Errorf("%d events %s, want %d", got, name, want)
	}
}

var errAnswerLost = errors.New("the answer of the commit was lost")

// lose loses the answers of the next n commits, which happen.
func lose(n int) func(func() error) error {
	return func(commit func() error) error {
		err := commit()
		if n--; n >= 0 && err == nil {
			err = errAnswerLost
		}
		return err
	}
}

// refuse leaves out the next n commits and loses their answers.
func refuse(n int) func(func() error) error {
	return func(commit func() error) error {
		if n--; n >= 0 {
			return errAnswerLost
		}
		return commit()
	}
}

const racers = 64

// race runs f once for each racer, all at once, and returns how many had no
// error; other errors than the allowed one fail the test.
func race(t *testing.T, allowed error, f func(i int) error) int {
	t.Helper()
	var won atomic.Int64
	var done sync.WaitGroup
	start := make(chan struct{})
	for i := range racers {
		done.Go(func() {
			<-start
			switch err := f(i); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, allowed):
				t.Errorf("racer %d: %v", i, err)
			}
		})
	}
	close(start)
	done.Wait()
	return int(won.Load())
}
