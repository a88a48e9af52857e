// Package keytest owns the contract of key.Store as tests: every engine must
// pass them. It knows no engine; whoever calls Run brings the databases and the
// ways to break them.
package keytest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/key"
	"countersign/internal/oauth"
)

// Database is one database, empty at first, that stores can be opened on.
type Database struct {
	Open func(t *testing.T) Node
	Now  func() time.Time
}

// Node is one open store. It tries unknown outcomes again for a moment only.
type Node struct {
	Store  key.Store
	Told   func() []*key.Key // every key the node was told of last, oldest first
	Poll   func() error
	Events func(t *testing.T) []audit.Event
	// OnCommit puts hook between the store and each COMMIT; nil takes it away.
	OnCommit func(hook func(commit func() error) error)
}

// Run tests that the stores of databases made by fresh keep the contract.
func Run(t *testing.T, fresh func(t *testing.T) Database) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, db Database)
	}{
		{"add and replace", addAndReplace},
		{"race", race},
		{"other nodes", elsewhere},
		{"answers lost", answersLost},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, fresh(t)) })
	}
}

func sample(db Database, id string, age time.Duration) *key.Key {
	return &key.Key{
		ID: id, Alg: "ES256", State: key.Next, Created: db.Now().Add(-age),
		Public: []byte("public half of " + id), Sealed: []byte("sealed half of " + id),
	}
}

func event(db Database, name audit.Name) audit.Event { return audit.New(db.Now(), name) }

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

func addAndReplace(t *testing.T, db Database) {
	n := db.Open(t)
	young, old := sample(db, "young", time.Hour), sample(db, "old", 48*time.Hour)
	must(t, n.Store.AddKey(t.Context(), young, event(db, audit.KeyAdded)))
	must(t, n.Store.AddKey(t.Context(), old, event(db, audit.KeyAdded)))
	expect(t, "the same key again", key.ErrConflict, n.Store.AddKey(t.Context(), sample(db, "old", 0), event(db, audit.KeyAdded)))
	stale := *old
	gone := *old
	gone.State = key.Removed
	must(t, n.Store.ReplaceKey(t.Context(), &gone, event(db, audit.KeyRetired)))
	expect(t, "an older version", key.ErrConflict, n.Store.ReplaceKey(t.Context(), &stale, event(db, audit.KeyRetired)))
	expect(t, "an unknown key", key.ErrNotFound, n.Store.ReplaceKey(t.Context(), sample(db, "unknown", 0), event(db, audit.KeyRetired)))
	got, err := n.Store.Keys(t.Context())
	must(t, err)
	want := []*key.Key{&gone, young}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys, oldest first, removed ones included (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, n.Told()); diff != "" {
		t.Errorf("what the node was told before the change returned (-want +got):\n%s", diff)
	}
	expectEvents(t, n, audit.KeyAdded, 2)
	expectEvents(t, n, audit.KeyRetired, 1)
}

// race: 64 nodes activate the next key at once; one does.
func race(t *testing.T, db Database) {
	n := db.Open(t)
	k := sample(db, "next", 0)
	must(t, n.Store.AddKey(t.Context(), k, event(db, audit.KeyAdded)))
	var won atomic.Int64
	var done sync.WaitGroup
	for range 64 {
		done.Go(func() {
			mine := *k
			mine.State, mine.Activated = key.Active, db.Now()
			switch err := n.Store.ReplaceKey(t.Context(), &mine, event(db, audit.KeyActivated)); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, key.ErrConflict):
				t.Error(err)
			}
		})
	}
	done.Wait()
	if won.Load() != 1 {
		t.Errorf("%d changes of one version", won.Load())
	}
	expectEvents(t, n, audit.KeyActivated, 1)
}

// elsewhere: whoever is told of one changed key is told all of them, so that a
// ring can be built from what it is told.
func elsewhere(t *testing.T, db Database) {
	a, b := db.Open(t), db.Open(t)
	first, second := sample(db, "first", time.Hour), sample(db, "second", 0)
	must(t, a.Store.AddKey(t.Context(), first, event(db, audit.KeyAdded)))
	must(t, b.Poll())
	must(t, a.Store.AddKey(t.Context(), second, event(db, audit.KeyAdded)))
	must(t, b.Poll())
	want := []*key.Key{first, second}
	if diff := cmp.Diff(want, b.Told()); diff != "" {
		t.Errorf("another node (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, db.Open(t).Told()); diff != "" {
		t.Errorf("a node that starts later (-want +got):\n%s", diff)
	}
}

// answersLost: each change is done once, whether the commit whose answer was
// lost happened or not.
func answersLost(t *testing.T, db Database) {
	n := db.Open(t)
	k := sample(db, "key", 0)
	lost := errors.New("the answer of the commit was lost")
	for i, do := range []func(e audit.Event) error{
		func(e audit.Event) error { return n.Store.AddKey(t.Context(), k, e) },
		func(e audit.Event) error { return n.Store.ReplaceKey(t.Context(), k, e) },
		func(e audit.Event) error { return n.Store.ReplaceKey(t.Context(), k, e) },
	} {
		calls := 0
		n.OnCommit(func(commit func() error) error {
			if calls++; calls > 1 {
				return commit()
			}
			if i%2 == 1 {
				return lost
			}
			return errors.Join(commit(), lost)
		})
		must(t, do(event(db, audit.KeyAdded)))
		n.OnCommit(nil)
		expectEvents(t, n, audit.KeyAdded, i+1)
	}
	n.OnCommit(func(func() error) error { return lost })
	expect(t, "no answer at all", oauth.ErrUnknownOutcome, n.Store.ReplaceKey(t.Context(), k, event(db, audit.KeyAdded)))
}
