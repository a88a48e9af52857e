package sqlstore

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

func rows(t *testing.T, db *DB, table string) (n int) {
	t.Helper()
	err := db.eng.read(t.Context(), func(t tx) error {
		_, err := t.one("SELECT count(*) FROM "+table, nil, &n)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// sweepAll does steps of the sweep until a whole round is done.
func sweepAll(t *testing.T, db *DB) {
	t.Helper()
	for range 6 {
		db.sweeper.started = false
		if err := db.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

const day = 24 * time.Hour

func revoked(c *cluster) audit.Event { return audit.New(c.clock.Now(), audit.GrantRevoked) }

// sweepApp makes an app with a refresh policy.
func sweepApp(t *testing.T, c *cluster, db *DB, id oauth.ClientID, p client.Policy) func() secret.ID {
	t.Helper()
	if err := db.CreateClient(t.Context(), &client.Client{ID: id, Policy: p}, revoked(c)); err != nil {
		t.Fatal(err)
	}
	return func() secret.ID {
		t.Helper()
		r := redeem(c.clock.Now())
		r.Code.Client = id
		if out, err := db.RedeemCode(t.Context(), r); out != oauth.Won || err != nil {
			t.Fatal(out, err)
		}
		return r.Code.ID
	}
}

// TestSweepFamilies: a family goes when no token can bring it back: ended, of an
// app that is gone, or beyond the life that the app's policy gives.
func TestSweepFamilies(t *testing.T) { onBoth(t, testSweepFamilies) }

func testSweepFamilies(t *testing.T, c *cluster) {
	db := c.open(t)
	idle := sweepApp(t, c, db, "app-idle-0001", client.Policy{RefreshPolicy: client.RefreshInactivity, RefreshTTL: client.Duration(10 * day)})
	short := sweepApp(t, c, db, "app-short-001", client.Policy{RefreshPolicy: client.RefreshLifetime, RefreshTTL: client.Duration(10 * day)})
	forever := sweepApp(t, c, db, "app-forever-1", client.Policy{RefreshPolicy: client.RefreshInfinite})
	dropped := sweepApp(t, c, db, "app-dropped-1", client.Policy{RefreshPolicy: client.RefreshInfinite})
	families := map[string]secret.ID{
		"unused": idle(), "used": idle(), "old": short(), "infinite": forever(), "ended": forever(), "orphan": dropped(),
	}
	if _, err := db.EndGrant(t.Context(), families["ended"], 0, c.clock.Now(), revoked(c)); err != nil {
		t.Fatal(err)
	}
	if err := db.DeleteClient(t.Context(), "app-dropped-1", revoked(c)); err != nil {
		t.Fatal(err)
	}
	sweepAll(t, db)
	if n := db.Stats().Swept; n != 0 {
		t.Fatalf("%d rows were swept too early", n)
	}
	c.advance(t, 9*day)
	for _, name := range []string{"used", "old"} {
		if out, err := db.TouchRefresh(t.Context(), families[name], 0, c.clock.Now(), time.Time{}, audit.New(c.clock.Now(), audit.TokenRefreshed)); out != oauth.Won || err != nil {
			t.Fatal(name, out, err)
		}
	}
	c.advance(t, 4*day)
	sweepAll(t, db)
	left := map[string]bool{}
	for name, id := range families {
		if _, err := db.Family(t.Context(), id, 0); err == nil {
			left[name] = true
		}
	}
	if diff := cmp.Diff(map[string]bool{"used": true, "infinite": true}, left); diff != "" {
		t.Errorf("families left (-want +got):\n%s", diff)
	}
	if n := rows(t, db, "ended"); n != 0 {
		t.Errorf("%d endings of 13 days ago are left", n)
	}
}

func TestSweepCountersAndEvents(t *testing.T) { onBoth(t, testSweepCountersAndEvents) }

func testSweepCountersAndEvents(t *testing.T, c *cluster) {
	c.o.AuditKeep = 100 * day
	db := c.open(t)
	charges := []account.Charge{{Key: account.CounterKey{1}, Cost: time.Minute}, {Key: account.CounterKey{2}, Cost: 30 * day}}
	if _, err := db.CountFailure(t.Context(), c.clock.Now(), charges, revoked(c)); err != nil {
		t.Fatal(err)
	}
	for _, s := range []struct {
		wait             time.Duration
		counters, events int
	}{{0, 2, 1}, {13 * day, 1, 1}, {88 * day, 0, 0}} {
		c.advance(t, s.wait)
		sweepAll(t, db)
		if n := rows(t, db, "counter"); n != s.counters {
			t.Errorf("%v later: %d counters, want %d", s.wait, n, s.counters)
		}
		if n := rows(t, db, "outbox"); n != s.events {
			t.Errorf("%v later: %d events, want %d", s.wait, n, s.events)
		}
	}
}

// TestSweepIsGentle: one step removes a bounded number of rows, and steps are
// some seconds apart.
func TestSweepIsGentle(t *testing.T) { onBoth(t, testSweepIsGentle) }

func testSweepIsGentle(t *testing.T, c *cluster) {
	db := c.open(t)
	events := make([]audit.Event, 2*sweepBatch+1)
	for i := range events {
		events[i] = audit.New(c.clock.Now(), audit.RequestRefused)
	}
	if err := db.Record(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	c.clock.Add(2 * defaultAuditKeep)
	db.sweeper.started = false
	for range 10 { // at once: only the first does anything
		if err := db.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := rows(t, db, "outbox"); n != sweepBatch+1 {
		t.Errorf("%d rows left of %d after one step", n, len(events))
	}
	c.o.AuditKeep = -1
	keep := c.open(t)
	sweepAll(t, keep)
	if n := rows(t, keep, "outbox"); n != sweepBatch+1 {
		t.Errorf("events that are kept for ever were swept: %d left", n)
	}
}

// TestList: filters, bounds and both directions, over more rows than one read.
func TestList(t *testing.T) { onBoth(t, testList) }

func testList(t *testing.T, c *cluster) {
	db := c.open(t)
	var all []audit.Event
	for i := range 2*eventBatch + 10 {
		c.clock.Add(time.Millisecond)
		e := audit.New(c.clock.Now(), audit.RequestRefused)
		e.Rule = []string{"code.expired", "client.unknown"}[i%2]
		if i%400 == 0 {
			e.App, e.User, e.Name = "app-0001", "005000000000001AAA", audit.CodeRedeemed
		}
		all = append(all, e)
	}
	if err := db.Record(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
	if err := db.Record(t.Context(), all[:3]...); err != nil { // recorded again: the same rows
		t.Fatal(err)
	}
	for _, f := range []struct {
		name   string
		filter audit.Filter
		want   []int
	}{
		{"rare", audit.Filter{App: "app-0001"}, []int{0, 400, 800}},
		{"rare, newest first", audit.Filter{User: "005000000000001AAA", Newest: true}, []int{800, 400, 0}},
		{"newest two", audit.Filter{Newest: true, Limit: 2}, []int{len(all) - 1, len(all) - 2}},
		{"oldest two by rule", audit.Filter{Rule: "client.unknown", Limit: 2}, []int{1, 3}},
		{"after", audit.Filter{After: all[799].ID, Name: audit.CodeRedeemed}, []int{800}},
		{"since", audit.Filter{Since: all[1].Time, Limit: 2}, []int{1, 2}},
		{"since, newest first", audit.Filter{Since: all[len(all)-2].Time, Newest: true}, []int{len(all) - 1, len(all) - 2}},
		{"nothing", audit.Filter{App: "no-such-app"}, nil},
	} {
		got, err := db.List(t.Context(), f.filter)
		if err != nil {
			t.Fatal(err)
		}
		var want, ids []secret.ID
		for _, i := range f.want {
			want = append(want, all[i].ID)
		}
		for _, e := range got {
			ids = append(ids, e.ID)
		}
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f.name, diff)
		}
	}
	if got, err := db.List(t.Context(), audit.Filter{}); err != nil || len(got) != eventLimit {
		t.Errorf("%d events by default, %v; want %d", len(got), err, eventLimit)
	}
}
