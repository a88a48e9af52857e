// Package clienttest owns the contract of client.Store as tests: every engine
// must pass them. It knows no engine; whoever calls Run brings the databases and
// the ways to break them.
package clienttest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
)

// Database is one database, empty at first, that stores can be opened on.
type Database struct {
	Open func(t *testing.T) Node
	Now  func() time.Time
}

// Node is one open store. It tries unknown outcomes again for a moment only.
type Node struct {
	Store     client.Store
	Directory *client.Directory // what the node was told
	Poll      func() error
	Events    func(t *testing.T) []audit.Event
	// OnCommit puts hook between the store and each COMMIT; nil takes it away.
	OnCommit func(hook func(commit func() error) error)
}

// Run tests that the stores of databases made by fresh keep the contract.
func Run(t *testing.T, fresh func(t *testing.T) Database) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, db Database)
	}{
		{"create", create},
		{"create race", createRace},
		{"replace", replace},
		{"replace race", replaceRace},
		{"delete", remove},
		{"list", list},
		{"newer", newer},
		{"server settings", org},
		{"other nodes", elsewhere},
		{"answers lost", answersLost},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, fresh(t)) })
	}
}

func app(db Database, id oauth.ClientID) *client.Client {
	now := db.Now()
	return &client.Client{
		ID: id, Name: "App " + string(id), Type: client.Confidential, Platform: client.Web, Created: now, Updated: now,
		Secrets: []client.Secret{{ID: "s1", Hash: [32]byte{1, 2, 3}, Hint: "wxyz", Created: now}},
		Settings: client.Settings{
			AuthMethod: client.AuthSecretBasic, RedirectURIs: []string{"https://app.example/cb"}, Scopes: oauth.Scopes{"openid"},
			Flows: flow.Switches{flow.CodeAndCredentials: {On: true, RequireSecret: true}}, CodeTTL: client.Duration(time.Minute),
		},
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

func stored(t *testing.T, n Node, id oauth.ClientID) *client.Client {
	t.Helper()
	c, err := n.Store.Client(t.Context(), id)
	must(t, err)
	return c
}

func create(t *testing.T, db Database) {
	n := db.Open(t)
	c := app(db, "app-0001")
	must(t, n.Store.CreateClient(t.Context(), c, event(db, audit.AppCreated)))
	if diff := cmp.Diff(c, stored(t, n, c.ID)); diff != "" || c.Version == 0 {
		t.Errorf("version %d (-want +got):\n%s", c.Version, diff)
	}
	if e := n.Directory.Lookup(c.ID); e == nil || e.Version != c.Version {
		t.Errorf("the node that made the app does not know it: %v", e)
	}
	expect(t, "the same id again", client.ErrExists, n.Store.CreateClient(t.Context(), app(db, c.ID), event(db, audit.AppCreated)))
	_, err := n.Store.Client(t.Context(), "no-such-app")
	expect(t, "an unknown app", client.ErrNotFound, err)
	expectEvents(t, n, audit.AppCreated, 1)
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

func createRace(t *testing.T, db Database) {
	nodes := []Node{db.Open(t), db.Open(t)}
	won := race(t, client.ErrExists, func(i int) error {
		return nodes[i%2].Store.CreateClient(t.Context(), app(db, "app-0001"), event(db, audit.AppCreated))
	})
	if won != 1 {
		t.Errorf("%d apps with one id", won)
	}
	expectEvents(t, nodes[0], audit.AppCreated, 1)
}

func replace(t *testing.T, db Database) {
	n := db.Open(t)
	c := app(db, "app-0001")
	expect(t, "an app that is not there", client.ErrNotFound, n.Store.ReplaceClient(t.Context(), c, event(db, audit.AppChanged)))
	must(t, n.Store.CreateClient(t.Context(), c, event(db, audit.AppCreated)))
	stale := *c
	next := *c
	next.Disabled = true
	must(t, n.Store.ReplaceClient(t.Context(), &next, event(db, audit.AppChanged)))
	if diff := cmp.Diff(&next, stored(t, n, c.ID)); diff != "" {
		t.Errorf("replaced (-want +got):\n%s", diff)
	}
	if e := n.Directory.Lookup(c.ID); !e.Disabled || e.Effective.Enabled {
		t.Error("the node that made the change does not know it")
	}
	expect(t, "an older version", client.ErrConflict, n.Store.ReplaceClient(t.Context(), &stale, event(db, audit.AppChanged)))
	again := next
	again.Disabled = false // what a change returned can be changed again
	must(t, n.Store.ReplaceClient(t.Context(), &again, event(db, audit.AppChanged)))
	expectEvents(t, n, audit.AppChanged, 2)
}

func replaceRace(t *testing.T, db Database) {
	nodes := []Node{db.Open(t), db.Open(t)}
	c := app(db, "app-0001")
	must(t, nodes[0].Store.CreateClient(t.Context(), c, event(db, audit.AppCreated)))
	won := race(t, client.ErrConflict, func(i int) error {
		mine := *c
		mine.Name = fmt.Sprint("name ", i)
		return nodes[i%2].Store.ReplaceClient(t.Context(), &mine, event(db, audit.AppChanged))
	})
	if won != 1 {
		t.Errorf("%d changes of one version", won)
	}
	expectEvents(t, nodes[0], audit.AppChanged, 1)
}

// remove: a deleted app is gone, and its id is never given to another one:
// tokens of the old app must not come alive.
func remove(t *testing.T, db Database) {
	n := db.Open(t)
	c := app(db, "app-0001")
	must(t, n.Store.CreateClient(t.Context(), c, event(db, audit.AppCreated)))
	must(t, n.Store.DeleteClient(t.Context(), c.ID, event(db, audit.AppDeleted)))
	if n.Directory.Lookup(c.ID) != nil {
		t.Error("the node that deleted the app still knows it")
	}
	_, err := n.Store.Client(t.Context(), c.ID)
	expect(t, "Client", client.ErrNotFound, err)
	expect(t, "ReplaceClient", client.ErrNotFound, n.Store.ReplaceClient(t.Context(), c, event(db, audit.AppChanged)))
	expect(t, "DeleteClient", client.ErrNotFound, n.Store.DeleteClient(t.Context(), c.ID, event(db, audit.AppDeleted)))
	expect(t, "CreateClient", client.ErrExists, n.Store.CreateClient(t.Context(), app(db, c.ID), event(db, audit.AppCreated)))
	if all, err := n.Store.Clients(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("list: %v, %v", all, err)
	}
	expectEvents(t, n, audit.AppDeleted, 1)
}

func list(t *testing.T, db Database) {
	n := db.Open(t)
	for _, c := range []struct {
		id   oauth.ClientID
		name string
	}{{"app-0003", "Bakery"}, {"app-0002", "Zoo"}, {"app-0001", "Zoo"}, {"app-0004", "Atlas"}} {
		a := app(db, c.id)
		a.Name = c.name
		must(t, n.Store.CreateClient(t.Context(), a, event(db, audit.AppCreated)))
	}
	all, err := n.Store.Clients(t.Context())
	must(t, err)
	var got []oauth.ClientID
	for _, c := range all {
		got = append(got, c.ID)
	}
	if diff := cmp.Diff([]oauth.ClientID{"app-0004", "app-0003", "app-0001", "app-0002"}, got); diff != "" {
		t.Errorf("apps by name, then id (-want +got):\n%s", diff)
	}
}

// newer: what changed since a version, and nothing else.
func newer(t *testing.T, db Database) {
	n := db.Open(t)
	for _, id := range []oauth.ClientID{"app-0001", "app-0002", "app-0003"} {
		must(t, n.Store.CreateClient(t.Context(), app(db, id), event(db, audit.AppCreated)))
	}
	must(t, n.Store.DeleteClient(t.Context(), "app-0003", event(db, audit.AppDeleted)))
	all, reached, err := n.Store.NewerClients(t.Context(), 0)
	must(t, err)
	if len(all) != 2 || all["app-0001"] == nil || all["app-0002"].Version == 0 {
		t.Fatalf("all apps: %v", all)
	}
	if same, again, err := n.Store.NewerClients(t.Context(), reached); err != nil || len(same) != 0 || again != reached {
		t.Errorf("nothing changed: %v, version %d of %d, %v", same, again, reached, err)
	}
	c := all["app-0002"]
	c.Name = "Other"
	must(t, n.Store.ReplaceClient(t.Context(), c, event(db, audit.AppChanged)))
	must(t, n.Store.DeleteClient(t.Context(), "app-0001", event(db, audit.AppDeleted)))
	changed, last, err := n.Store.NewerClients(t.Context(), reached)
	must(t, err)
	gone, told := changed["app-0001"]
	if len(changed) != 2 || !told || gone != nil || changed["app-0002"].Name != "Other" || last <= reached {
		t.Errorf("since version %d: %v, version %d", reached, changed, last)
	}
}

func org(t *testing.T, db Database) {
	n := db.Open(t)
	first, err := n.Store.Org(t.Context())
	must(t, err)
	if first.ID == "" || first.SiteID == "" || first.Version == 0 {
		t.Fatalf("settings of a new database: %+v", first)
	}
	next := first
	next.Name, next.RequirePKCE = "Example", true
	must(t, n.Store.ReplaceOrg(t.Context(), next, event(db, audit.OrgChanged)))
	if got := n.Directory.Org(); got.Name != "Example" || !got.RequirePKCE {
		t.Errorf("the node that made the change knows %+v", got)
	}
	expect(t, "an older version", client.ErrConflict, n.Store.ReplaceOrg(t.Context(), first, event(db, audit.OrgChanged)))
	got, err := db.Open(t).Store.Org(t.Context())
	next.Version = got.Version
	if diff := cmp.Diff(next, got); diff != "" || err != nil || got.Version <= first.Version {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	expectEvents(t, n, audit.OrgChanged, 1)
}

// elsewhere: one poll carries every change to another node, in order, and a node
// that opens later learns all of it.
func elsewhere(t *testing.T, db Database) {
	a, b := db.Open(t), db.Open(t)
	keep, drop := app(db, "app-0001"), app(db, "app-0002")
	must(t, a.Store.CreateClient(t.Context(), keep, event(db, audit.AppCreated)))
	must(t, a.Store.CreateClient(t.Context(), drop, event(db, audit.AppCreated)))
	must(t, b.Poll())
	if b.Directory.Lookup(keep.ID) == nil || b.Directory.Lookup(drop.ID) == nil {
		t.Fatal("one poll later another node does not know a new app")
	}
	next := *keep
	next.Disabled = true
	must(t, a.Store.ReplaceClient(t.Context(), &next, event(db, audit.AppChanged)))
	must(t, a.Store.DeleteClient(t.Context(), drop.ID, event(db, audit.AppDeleted)))
	settings, err := a.Store.Org(t.Context())
	must(t, err)
	settings.Name = "Elsewhere"
	must(t, a.Store.ReplaceOrg(t.Context(), settings, event(db, audit.OrgChanged)))
	must(t, b.Poll())
	for name, n := range map[string]Node{"another node": b, "a node that starts later": db.Open(t)} {
		if e := n.Directory.Lookup(keep.ID); e == nil || !e.Disabled {
			t.Errorf("%s does not know that an app was switched off", name)
		}
		if n.Directory.Lookup(drop.ID) != nil {
			t.Errorf("%s does not know that an app was deleted", name)
		}
		if n.Directory.Org().Name != "Elsewhere" {
			t.Errorf("%s does not know the server's settings", name)
		}
	}
}

var errAnswerLost = errors.New("the answer of the commit was lost")

// faultOnce loses the answer of the next commit, which happens or not.
func faultOnce(happens bool) func(func() error) error {
	calls := 0
	return func(commit func() error) error {
		if calls++; calls > 1 {
			return commit()
		}
		if happens {
			if err := commit(); err != nil {
				return err
			}
		}
		return errAnswerLost
	}
}

// answersLost: each change is done once, whatever became of the first answer.
func answersLost(t *testing.T, db Database) {
	n := db.Open(t)
	c := app(db, "app-0001")
	for i, change := range []struct {
		name audit.Name
		do   func(e audit.Event) error
	}{
		{audit.AppCreated, func(e audit.Event) error { return n.Store.CreateClient(t.Context(), c, e) }},
		{audit.AppChanged, func(e audit.Event) error { return n.Store.ReplaceClient(t.Context(), c, e) }},
		{audit.AppDeleted, func(e audit.Event) error { return n.Store.DeleteClient(t.Context(), c.ID, e) }},
	} {
		n.OnCommit(faultOnce(i%2 == 0))
		if err := change.do(event(db, change.name)); err != nil {
			t.Fatalf("%s: %v", change.name, err)
		}
		n.OnCommit(nil)
		expectEvents(t, n, change.name, 1)
	}
	n.OnCommit(func(func() error) error { return errAnswerLost })
	err := n.Store.CreateClient(t.Context(), app(db, "app-0002"), event(db, audit.AppCreated))
	expect(t, "no answer at all", oauth.ErrUnknownOutcome, err)
}
