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
	"countersign/internal/staff/stafftest"
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
const (
	shortHold = 200 * time.Millisecond
	fewTries  = 6
)

// cluster is one database and the nodes on it.
type cluster struct {
	clock *clock
	o     Options
	nodes []*DB
	tune  func(db *DB) // sets what only tests set
}

// newSQLite is an empty database of the default engine.
func newSQLite(t *testing.T) *cluster {
	c := &cluster{clock: newClock()}
	c.o = Options{Dir: t.TempDir(), Now: c.clock.Now}
	return c
}

// engines are the databases that the contract suites run on. An engine brings
// its empty database here and its commits to hook.
var engines = map[string]func(t *testing.T) *cluster{"sqlite": newSQLite, "postgres": newPostgres}

// onEachEngine runs a suite on every engine.
func onEachEngine(t *testing.T, suite func(t *testing.T, fresh func(t *testing.T) *cluster)) {
	for name, fresh := range engines {
		t.Run(name, func(t *testing.T) {
			if name != "sqlite" {
				postgresURL(t)
			}
			suite(t, fresh)
		})
	}
}

// onBoth runs a test of this package on every engine, each on an empty database.
func onBoth(t *testing.T, test func(t *testing.T, c *cluster)) {
	onEachEngine(t, func(t *testing.T, fresh func(t *testing.T) *cluster) { test(t, fresh(t)) })
}

func (c *cluster) open(t *testing.T) *DB {
	t.Helper()
	db := open(t, c.o)
	db.hold, db.least = shortHold, fewTries
	if c.tune != nil {
		c.tune(db)
	}
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
		var at *atomic.Pointer[commitHook]
		switch e := db.eng.(type) {
		case *sqliteEngine:
			at = &e.writer.onCommit
		case *postgresEngine:
			at = &e.onCommit
		}
		if f == nil {
			at.Store(nil)
			return
		}
		h := commitHook(f)
		at.Store(&h)
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

func TestGrantContract(t *testing.T) { onEachEngine(t, testGrants) }

// TestGrantContractByStatement: what PostgreSQL does in one statement, and other
// databases in several, comes to the same.
func TestGrantContractByStatement(t *testing.T) {
	postgresURL(t)
	testGrants(t, newPlainPostgres)
}

func testGrants(t *testing.T, fresh func(t *testing.T) *cluster) {
	granttest.Run(t, func(t *testing.T) granttest.Database {
		c := fresh(t)
		return granttest.Database{
			Now: c.clock.Now, Advance: c.advance,
			Open: func(t *testing.T) granttest.Node { return grantNode(t, c) },
		}
	})
}

func grantNode(t *testing.T, c *cluster) granttest.Node {
	endings := &grant.Endings{}
	db, poll := follow(t, c, func(c Changes) { endings.Add(c.Endings...) })
	return granttest.Node{
		Store: db, Endings: endings, OnCommit: hook(db), Events: allEvents(db), Poll: poll,
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
	onEachEngine(t, func(t *testing.T, fresh func(t *testing.T) *cluster) { testAccounts(t, fresh, nil) })
}

// TestAccountContractKeyed: the same with identifiers that nobody can guess from
// the table; the key is not the engine's business.
func TestAccountContractKeyed(t *testing.T) {
	testAccounts(t, newSQLite, []byte("a key outside the database"))
}

func testAccounts(t *testing.T, fresh func(t *testing.T) *cluster, identifierKey []byte) {
	accounttest.Run(t, func(t *testing.T) accounttest.Node {
		c := fresh(t)
		c.o.IdentifierKey = identifierKey
		db := c.open(t)
		return accounttest.Node{Store: db, Now: c.clock.Now, Events: allEvents(db), OnCommit: hook(db)}
	})
}

// follow opens a node that tells apply what it polls, and a poll of it.
func follow(t *testing.T, c *cluster, apply func(Changes)) (*DB, func() error) {
	t.Helper()
	db := c.open(t)
	db.Follow(apply)
	poll := func() error { return db.Poll(context.Background()) }
	if err := poll(); err != nil {
		t.Fatal(err)
	}
	return db, poll
}

func TestClientContract(t *testing.T) {
	onEachEngine(t, func(t *testing.T, fresh func(t *testing.T) *cluster) {
		clienttest.Run(t, func(t *testing.T) clienttest.Database {
			c := fresh(t)
			return clienttest.Database{Now: c.clock.Now, Open: func(t *testing.T) clienttest.Node {
				d := &client.Directory{}
				db, poll := follow(t, c, func(c Changes) { d.Apply(c.Org, c.Clients) })
				return clienttest.Node{Store: db, Directory: d, Poll: poll, Events: allEvents(db), OnCommit: hook(db)}
			}}
		})
	})
}

func TestKeyContract(t *testing.T) {
	onEachEngine(t, func(t *testing.T, fresh func(t *testing.T) *cluster) {
		keytest.Run(t, func(t *testing.T) keytest.Database {
			c := fresh(t)
			return keytest.Database{Now: c.clock.Now, Open: func(t *testing.T) keytest.Node {
				var told atomic.Pointer[[]*key.Key]
				told.Store(new([]*key.Key))
				db, poll := follow(t, c, func(c Changes) {
					if c.Keys != nil {
						told.Store(&c.Keys)
					}
				})
				return keytest.Node{
					Store: db, Told: func() []*key.Key { return *told.Load() }, Poll: poll, Events: allEvents(db), OnCommit: hook(db),
				}
			}}
		})
	})
}

func TestStaffContract(t *testing.T) {
	onEachEngine(t, func(t *testing.T, fresh func(t *testing.T) *cluster) {
		stafftest.Run(t, func(t *testing.T) stafftest.Node {
			c := fresh(t)
			db := c.open(t)
			return stafftest.Node{
				Store: db, Sessions: db, Now: c.clock.Now, Events: allEvents(db), OnCommit: hook(db),
				Later: func(t *testing.T, d time.Duration) { c.advance(t, d) },
			}
		})
	})
}
