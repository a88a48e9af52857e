// Package stafftest owns the contract of staff.Store and staff.Sessions as
// tests: every engine must pass them. It knows no engine; whoever calls Run
// brings the databases and the ways to break them.
package stafftest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/secret"
	"countersign/internal/staff"
)

// Node is one open store on an empty database.
type Node struct {
	Store    staff.Store
	Sessions staff.Sessions
	Now      func() time.Time
	Events   func(t *testing.T) []audit.Event
	// OnCommit puts hook between the store and each COMMIT; nil takes it away.
	OnCommit func(hook func(commit func() error) error)
	// Later moves the clock and lets the node do its round.
	Later func(t *testing.T, d time.Duration)
}

// Run tests that the stores made by open keep the contract.
func Run(t *testing.T, open func(t *testing.T) Node) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, n Node)
	}{
		{"add and read", addAndRead},
		{"change", change},
		{"last owner", lastOwner},
		{"last owner race", lastOwnerRace},
		{"remove", remove},
		{"links", tickets},
		{"link race", ticketRace},
		{"first owner race", bootstrapRace},
		{"sessions", sessions},
		{"sessions end", sessionsEnd},
		{"sweep", sweep},
		{"answers lost", answersLost},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
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

func member(n Node, name string, role staff.Role) *staff.Member {
	now := n.Now().Truncate(time.Millisecond)
	return &staff.Member{
		ID: staff.ID(secret.NewRecordID(secret.PrefixStaff, now)), Name: name, Role: role, State: staff.Active,
		PasswordHash: "$argon2id$of-" + name, Factor: []byte("sealed"), Step: 7, Recovery: [][]byte{{1, 2}, {3}}, Created: now,
	}
}

func add(t *testing.T, n Node, name string, role staff.Role) *staff.Member {
	t.Helper()
	m := member(n, name, role)
	must(t, n.Store.AddMember(t.Context(), m, event(n, audit.StaffInvited)))
	return m
}

func hash(text string) (h staff.Hash) {
	copy(h[:], text)
	return h
}

func session(n Node, m *staff.Member, name string) staff.Session {
	now := n.Now()
	return staff.Session{
		Hash: hash(name), Member: m.ID, Begun: now, Seen: now, Proved: now, Until: now.Add(time.Hour), Address: "192.0.2.1", Agent: "Browser",
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

// race runs f by many at once and says how many had no error; others must have
// the allowed one.
func race(t *testing.T, racers int, allowed []error, f func(i int) error) int {
	t.Helper()
	var won atomic.Int64
	var done sync.WaitGroup
	start := make(chan struct{})
	for i := range racers {
		done.Go(func() {
			<-start
			err := f(i)
			if err == nil {
				won.Add(1)
				return
			}
			for _, a := range allowed {
				if errors.Is(err, a) {
					return
				}
			}
			t.Errorf("racer %d: %v", i, err)
		})
	}
	close(start)
	done.Wait()
	return int(won.Load())
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
