package sqlstore

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/grant"
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

func TestSweep(t *testing.T) {
	c := newCluster(t)
	c.o.AuditKeep = 100 * 24 * time.Hour
	db := c.open(t)
	ctx, day := t.Context(), 24*time.Hour
	e := func() audit.Event { return audit.New(c.clock.Now(), audit.GrantRevoked) }
	idle := &client.Client{ID: "app-idle-0001", Policy: client.Policy{RefreshPolicy: client.RefreshInactivity, RefreshTTL: client.Duration(10 * day)}}
	forever := &client.Client{ID: "app-forever-1", Policy: client.Policy{RefreshPolicy: client.RefreshInfinite}}
	dropped := &client.Client{ID: "app-dropped-1", Policy: client.Policy{RefreshPolicy: client.RefreshInfinite}}
	for _, app := range []*client.Client{idle, forever, dropped} {
		if err := db.CreateClient(ctx, app, e()); err != nil {
			t.Fatal(err)
		}
	}
	give := func(app *client.Client) grant.Redemption {
		r := redeem(c.clock.Now())
		r.Code.Client = app.ID
		if out, err := db.RedeemCode(ctx, r); out != oauth.Won || err != nil {
			t.Fatal(out, err)
		}
		return r
	}
	unused, used, infinite, ended, orphan := give(idle), give(idle), give(forever), give(forever), give(dropped)
	if _, err := db.EndGrant(ctx, ended.Code.ID, 0, c.clock.Now(), e()); err != nil {
		t.Fatal(err)
	}
	if err := db.DeleteClient(ctx, dropped.ID, e()); err != nil {
		t.Fatal(err)
	}
	short, long := account.CounterKey{1}, account.CounterKey{2}
	if _, err := db.CountFailure(ctx, c.clock.Now(), []account.Charge{{Key: short, Cost: time.Minute}, {Key: long, Cost: 30 * day}}, e()); err != nil {
		t.Fatal(err)
	}

	sweepAll(t, db)
	if n := db.Stats().Swept; n != 0 {
		t.Fatalf("%d rows were swept too early", n)
	}
	c.advance(t, 9*day)
	if out, err := db.TouchRefresh(ctx, used.Code.ID, 0, c.clock.Now(), time.Time{}); out != oauth.Won || err != nil {
		t.Fatal(out, err)
	}
	c.advance(t, 4*day)
	sweepAll(t, db)
	left := map[string]bool{}
	for name, r := range map[string]grant.Redemption{"unused": unused, "used": used, "infinite": infinite, "ended": ended, "orphan": orphan} {
		if _, err := db.Family(ctx, r.Code.ID, 0); err == nil {
			left[name] = true
		}
	}
	if diff := cmp.Diff(map[string]bool{"used": true, "infinite": true}, left); diff != "" {
		t.Errorf("families left (-want +got):\n%s", diff)
	}
	if n := rows(t, db, "ended"); n != 0 {
		t.Errorf("%d endings of 13 days ago are left", n)
	}
	if n := rows(t, db, "counter"); n != 1 {
		t.Errorf("%d counters are left, want the one that still counts", n)
	}
	if n := rows(t, db, "outbox"); n == 0 {
		t.Error("audit events went too early")
	}
	c.advance(t, 100*day)
	sweepAll(t, db)
	if n := rows(t, db, "outbox"); n != 0 {
		t.Errorf("%d audit events are left after %v", n, c.o.AuditKeep)
	}
}

// TestSweepIsGentle: one step removes a bounded number of rows, and steps are
// some seconds apart.
func TestSweepIsGentle(t *testing.T) {
	c := newCluster(t)
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
func TestList(t *testing.T) {
	c := newCluster(t)
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
