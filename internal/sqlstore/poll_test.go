package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// TestRun: with its own poller, a second database handle knows within a second
// what the first one ended, and what it changed.
func TestRun(t *testing.T) { onBoth(t, testRun) }

func testRun(t *testing.T, c *cluster) {
	c.o.Now = time.Now
	a, b := c.open(t), c.open(t)
	endings, apps := &grant.Endings{}, &client.Directory{}
	told := make(chan struct{}, 100)
	b.Follow(func(c Changes) {
		endings.Add(c.Endings...)
		apps.Apply(c.Org, c.Clients)
		told <- struct{}{}
	})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := b.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer running.Wait()
	defer cancel()
	<-told // everything
	if err := b.Run(ctx); err == nil {
		t.Error("polled twice")
	}
	// A busy machine makes a look late now and then; one of a few is in time.
	took := time.Hour
	for try := 0; try < 8 && took > time.Second; try++ {
		r := redeem(time.Now())
		if out, err := b.RedeemCode(t.Context(), r); out != oauth.Won || err != nil {
			t.Fatal(out, err)
		}
		start := time.Now()
		if out, err := a.EndGrant(t.Context(), r.Code.ID, 0, time.Now(), audit.New(time.Now(), audit.GrantRevoked)); out != oauth.Won || err != nil {
			t.Fatal(out, err)
		}
		<-told
		took = time.Since(start)
		if !endings.Dead(&r.Code.Grant) {
			t.Fatal("the ending was not told")
		}
		app := &client.Client{ID: oauth.ClientID(fmt.Sprintf("app-000%d", try)), Name: "App"}
		start = time.Now()
		if err := a.CreateClient(t.Context(), app, audit.New(time.Now(), audit.AppCreated)); err != nil {
			t.Fatal(err)
		}
		<-told
		took = max(took, time.Since(start))
		if apps.Lookup(app.ID) == nil {
			t.Fatal("the app was not told")
		}
	}
	if took > time.Second {
		t.Errorf("never both within a second; at last %v", took)
	}
	if err := b.Ready(); err != nil {
		t.Error(err)
	}
}

// TestPollIsCheap: when nothing was committed, a poll reads no row and tells
// nobody anything, and the jobs write nothing.
func TestPollIsCheap(t *testing.T) {
	db := open(t, Options{})
	told := 0
	db.Follow(func(Changes) { told++ })
	for range 3 {
		if err := db.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	before := db.Stats().Statements
	for range 100 {
		if err := db.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if after := db.Stats().Statements; after != before {
		t.Errorf("100 polls of nothing read rows in %d statements", after-before)
	}
	db.beat(t.Context()) // a sweep may be due
	commits := db.Stats().Commits
	for range 10 {
		db.beat(t.Context())
	}
	if after := db.Stats().Commits; after != commits {
		t.Errorf("ten rounds without any work wrote %d times", after-commits)
	}
	if told != 1 {
		t.Errorf("told %d times, want once: everything", told)
	}
}

// TestLease: it lasts ten seconds from when the poll was sent, whatever the wall
// clock does. A server waits for its poller; a short command polls by itself.
func TestLease(t *testing.T) { onBoth(t, testLease) }

func testLease(t *testing.T, c *cluster) {
	db := c.open(t)
	var now time.Duration
	db.mono = func() time.Duration { return now }
	if err := db.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = leaseFor
	if err := errors.Join(db.Ready(), db.leased(t.Context())); err != nil {
		t.Errorf("after ten seconds: %v", err)
	}
	now++
	db.running.Store(true)
	var refusal *oauth.Error
	if err := db.leased(t.Context()); !errors.Is(err, grant.ErrLease) || !errors.As(err, &refusal) || refusal.RetryAfter <= 0 {
		t.Errorf("a server after more than ten seconds: %v, want store.lease-lost with Retry-After", err)
	}
	if err := db.Ready(); !errors.Is(err, errNoLease) {
		t.Errorf("readiness: %v", err)
	}
	if err := db.Fresh(); !errors.Is(err, grant.ErrLease) {
		t.Errorf("freshness: %v", err)
	}
	db.running.Store(false)
	if err := db.leased(t.Context()); err != nil {
		t.Errorf("a command after more than ten seconds: %v", err)
	}
	if err := db.Ready(); err != nil {
		t.Errorf("readiness after its poll: %v", err)
	}
}

// TestRingBehind: a ring that is not emptied is a warning first and a fault when
// half an hour is left; the job catches up.
func TestRingBehind(t *testing.T) { onBoth(t, testRingBehind) }

func testRingBehind(t *testing.T, c *cluster) {
	db := c.open(t)
	for _, s := range []struct {
		behind int
		ready  bool
	}{{0, true}, {1, true}, {2, true}, {3, false}} {
		if got := db.Stats().SlotsBehind; got != s.behind {
			t.Errorf("%d slots behind, want %d", got, s.behind)
		}
		if err := db.Ready(); (err == nil) != s.ready || err != nil && !errors.Is(err, errRing) {
			t.Errorf("%d slots behind: %v", s.behind, err)
		}
		c.clock.Add(secret.SlotSeconds * time.Second)
	}
	db.beat(t.Context())
	if got := db.Stats().SlotsBehind; got != 0 {
		t.Errorf("%d slots behind after the job", got)
	}
}

// TestClockSetBack_J15: a clock that ran ahead took the ring with it. Until it is
// that late again, fresh codes would be refused as spent: the node must not issue
// any, and say why.
func TestClockSetBack_J15(t *testing.T) { onBoth(t, testClockSetBack) }

func testClockSetBack(t *testing.T, c *cluster) {
	db := c.open(t)
	for _, s := range []struct {
		ahead time.Duration
		ready bool
	}{{5 * time.Minute, true}, {2 * time.Hour, false}} {
		c.clock.Add(s.ahead)
		db.beat(t.Context())
		c.clock.Add(-s.ahead)
		if err := db.Ready(); (err == nil) != s.ready || err != nil && !errors.Is(err, errClock) {
			t.Errorf("%v ahead and back: %v", s.ahead, err)
		}
		out, err := db.RedeemCode(t.Context(), redeem(c.clock.Now()))
		if err != nil || (out == oauth.Won) != s.ready {
			t.Errorf("%v ahead and back: a code is %v, %v", s.ahead, out, err)
		}
	}
	c.clock.Add(2 * time.Hour)
	if err := db.Ready(); err != nil {
		t.Errorf("once it is that late: %v", err)
	}
}

// TestRingRace: emptying is done once, by whoever is first, and a job that was
// paused empties nothing that is in use again.
func TestRingRace(t *testing.T) { onBoth(t, testRingRace) }

func testRingRace(t *testing.T, c *cluster) {
	a, paused := c.open(t), c.open(t)
	ceil := paused.lease.ceil()
	c.clock.Add(2 * time.Hour)
	if err := a.turnRing(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := redeem(c.clock.Now())
	if out, err := a.RedeemCode(t.Context(), r); out != oauth.Won || err != nil {
		t.Fatal(out, err)
	}
	// The other node saw the new floor, was paused, and wakes up now.
	paused.lease.slots(a.lease.floor(), ceil)
	if err := paused.turnRing(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, db := range []*DB{a, paused} {
		r.Attempt = attempt(c.clock.Now())
		if out, err := db.RedeemCode(t.Context(), r); out != oauth.Lost || err != nil {
			t.Errorf("a spent code after two ring jobs: %v, %v", out, err)
		}
	}
}

// TestRingEmpties: what expired leaves the file, after a short time and after a
// long stop.
func TestRingEmpties(t *testing.T) { onEachEngine(t, testRingEmpties) }

func testRingEmpties(t *testing.T, fresh func(t *testing.T) *cluster) {
	for _, stop := range []time.Duration{30 * time.Minute, 100 * time.Hour} {
		c := fresh(t)
		db := c.open(t)
		for range ringSize / 2 {
			if out, err := db.RedeemCode(t.Context(), redeem(c.clock.Now())); out != oauth.Won || err != nil {
				t.Fatal(out, err)
			}
			c.clock.Add(secret.SlotSeconds * time.Second)
			db.beat(t.Context())
		}
		c.advance(t, stop)
		for slot := range ringSize {
			if n := rows(t, db, "spent_"+string(rune('0'+slot))); n != 0 {
				t.Errorf("after %v: %d rows in table %d of the ring", stop, n, slot)
			}
		}
	}
}

// TestClockBehind: a node whose clock stands still cannot spend what the others
// forgot already: the floor is the database's.
func TestClockBehind(t *testing.T) {
	dir := t.TempDir()
	ahead, behind := newClock(), newClock()
	a, b := open(t, Options{Dir: dir, Now: ahead.Now}), open(t, Options{Dir: dir, Now: behind.Now})
	r := redeem(behind.Now())
	if out, err := a.RedeemCode(t.Context(), r); out != oauth.Won || err != nil {
		t.Fatal(out, err)
	}
	ahead.Add(3 * time.Hour)
	if err := a.turnRing(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.Attempt = attempt(behind.Now()) // b did not poll: its lease still has the old floor
	if out, err := b.RedeemCode(t.Context(), r); out != oauth.Lost || err != nil {
		t.Errorf("%v, %v; want lost", out, err)
	}
}

// TestClockFarAhead: one ending of a node whose clock is wrong does not hide the
// endings of the others.
func TestClockFarAhead(t *testing.T) { onBoth(t, testClockFarAhead) }

func testClockFarAhead(t *testing.T, c *cluster) {
	p := newPair(t, c)
	for _, at := range []time.Duration{365 * day, 0, time.Minute} {
		if _, err := p.near.EndAccess(t.Context(), secret.NewID(p.clock.Now()), p.clock.Now().Add(at), p.event()); err != nil {
			t.Fatal(err)
		}
		if err := p.far.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.clock.Add(time.Minute)
	}
	if n := p.farEndings.Len(); n != 3 {
		t.Errorf("another node knows %d of 3 endings", n)
	}
}

// TestLateEnding: an ending whose commit took ten seconds is found though many
// are newer, and before and after that a poll reads only what is of the last
// second.
func TestLateEnding(t *testing.T) { onBoth(t, testLateEnding) }

func testLateEnding(t *testing.T, c *cluster) {
	p := newPair(t, c)
	end := func(at time.Time) {
		t.Helper()
		if out, err := p.near.EndAccess(t.Context(), secret.NewID(at), at, p.event()); out != oauth.Won || err != nil {
			t.Fatal(out, err)
		}
	}
	poll := func(known int) {
		t.Helper()
		if err := p.far.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := p.farEndings.Len(); n != known {
			t.Errorf("another node knows %d of %d endings", n, known)
		}
		f := &p.far.follow
		err := p.far.eng.read(t.Context(), func(db tx) error {
			from, err := f.unread(db, p.far.eng.overlap())
			if want := secret.FirstID(f.last.Add(-settling)); from != want {
				t.Errorf("the next poll reads from %v, want %v", from.Time(), want.Time())
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 40 {
		p.clock.Add(time.Second / 2)
		end(p.clock.Now())
	}
	poll(40)
	end(p.clock.Now().Add(-10 * time.Second))
	poll(41)
	p.clock.Add(time.Hour) // longer than ids are remembered
	end(p.clock.Now())
	poll(42)
	if n := len(p.far.follow.seen); n != 1 {
		t.Errorf("%d ids remembered, want the last one", n)
	}
}

func TestMeta(t *testing.T) { onBoth(t, testMeta) }

func testMeta(t *testing.T, c *cluster) {
	db := c.open(t)
	if value, err := db.Meta(t.Context(), "master key"); value != nil || err != nil {
		t.Fatalf("%q, %v", value, err)
	}
	for i, want := range []bool{true, false, false} {
		got, err := db.SetMetaOnce(t.Context(), "master key", []byte{byte(i)})
		if err != nil || got != want {
			t.Errorf("call %d: %v, %v", i, got, err)
		}
	}
	if value, err := db.Meta(t.Context(), "master key"); string(value) != "\x00" || err != nil {
		t.Errorf("%q, %v", value, err)
	}
}
