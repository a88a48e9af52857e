package sqlstore

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/client/clienttest"
	"countersign/internal/grant"
	"countersign/internal/grant/granttest"
	"countersign/internal/key"
	"countersign/internal/key/keytest"
	"countersign/internal/oauth"
)

// clock is a wall clock that stands until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// shortHold is how long the stores of tests try an unknown outcome again: long
// enough for several tries.
const shortHold = 200 * time.Millisecond

// cluster is one database and the nodes on it. Each engine of this package gives
// one to the contract suites.
type cluster struct {
	clock *clock
	o     Options
	nodes []*DB
}

func newCluster(t *testing.T) *cluster {
	c := &cluster{clock: newClock()}
	c.o = Options{Dir: t.TempDir(), Now: c.clock.Now}
	return c
}

func (c *cluster) open(t *testing.T) *DB {
	t.Helper()
	db := open(t, c.o)
	db.hold = shortHold
	c.nodes = append(c.nodes, db)
	return db
}

// advance moves the clock and lets every node do its round.
func (c *cluster) advance(t *testing.T, d time.Duration) {
	t.Helper()
	c.clock.Add(d)
	for _, db := range c.nodes {
		if db.closed.Load() {
			continue // of a sub-test that ended
		}
		db.beat(t.Context())
		if err := db.Ready(); err != nil {
			t.Fatal(err)
		}
	}
}

// hook puts a fault between the store and its commits.
func hook(db *DB) func(func(commit func() error) error) {
	return func(f func(func() error) error) {
		w := db.eng.(*sqliteEngine).writer
		if f == nil {
			w.onCommit.Store(nil)
			return
		}
		h := commitHook(f)
		w.onCommit.Store(&h)
	}
}

func allEvents(db *DB) func(t *testing.T) []audit.Event {
	return func(t *testing.T) []audit.Event {
		t.Helper()
		list, err := db.List(t.Context(), audit.Filter{Limit: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
}

func TestGrantContract(t *testing.T) {
	granttest.Run(t, func(t *testing.T) granttest.Database {
		c := newCluster(t)
		return granttest.Database{
			Now: c.clock.Now, Advance: c.advance,
			Open: func(t *testing.T) granttest.Node { return grantNode(t, c.open(t)) },
		}
	})
}

func grantNode(t *testing.T, db *DB) granttest.Node {
	endings := &grant.Endings{}
	db.Follow(func(c Changes) { endings.Add(c.Endings...) })
	if err := db.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	return granttest.Node{
		Store: db, Endings: endings, OnCommit: hook(db), Events: allEvents(db),
		Poll: func() error { return db.Poll(context.Background()) },
		ExpireLease: func() {
			db.running.Store(true) // as a server, which does not poll within a request
			db.lease.sent.Store(0)
		},
		Register: func(t *testing.T, id oauth.UserID) {
			t.Helper()
			a := &account.Account{ID: id, Username: string(id), State: account.Active}
			if err := db.RegisterAccount(t.Context(), a, audit.New(db.o.Now(), audit.UserCreated)); err != nil {
				t.Fatal(err)
			}
		},
		Epoch: func(t *testing.T, id oauth.UserID) int32 {
			t.Helper()
			a, err := db.Account(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			return a.Epoch
		},
	}
}

func TestAccountContract(t *testing.T) {
	for name, identifierKey := range map[string][]byte{"plain": nil, "keyed": []byte("a key outside the database")} {
		t.Run(name, func(t *testing.T) {
			accounttest.Run(t, func(t *testing.T) accounttest.Node {
				c := newCluster(t)
				c.o.IdentifierKey = identifierKey
				db := c.open(t)
				return accounttest.Node{Store: db, Now: c.clock.Now, Events: allEvents(db), OnCommit: hook(db)}
			})
		})
	}
}

func TestClientContract(t *testing.T) {
	clienttest.Run(t, func(t *testing.T) clienttest.Database {
		c := newCluster(t)
		return clienttest.Database{Now: c.clock.Now, Open: func(t *testing.T) clienttest.Node {
			db, d := c.open(t), &client.Directory{}
			db.Follow(func(c Changes) { d.Apply(c.Org, c.Clients) })
			poll := func() error { return db.Poll(context.Background()) }
			if err := poll(); err != nil {
				t.Fatal(err)
			}
			return clienttest.Node{Store: db, Directory: d, Poll: poll, Events: allEvents(db), OnCommit: hook(db)}
		}}
	})
}

func TestKeyContract(t *testing.T) {
	keytest.Run(t, func(t *testing.T) keytest.Database {
		c := newCluster(t)
		return keytest.Database{Now: c.clock.Now, Open: func(t *testing.T) keytest.Node {
			db := c.open(t)
			var told atomic.Pointer[[]*key.Key]
			told.Store(new([]*key.Key))
			db.Follow(func(c Changes) {
				if c.Keys != nil {
					told.Store(&c.Keys)
				}
			})
			poll := func() error { return db.Poll(context.Background()) }
			if err := poll(); err != nil {
				t.Fatal(err)
			}
			return keytest.Node{
				Store: db, Told: func() []*key.Key { return *told.Load() }, Poll: poll, Events: allEvents(db), OnCommit: hook(db),
			}
		}}
	})
}
