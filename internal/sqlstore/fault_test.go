package sqlstore

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/oauth"
)

// pages sets how many pages the file may have: a disk that is full.
func pages(t *testing.T, db *DB, n string) {
	t.Helper()
	err := db.eng.change(t.Context(), func(t tx) error {
		return t.each("PRAGMA max_page_count = "+n, nil, func(func(...any) error) error { return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDiskFull: nothing is acknowledged that was not written, readiness says
// why, reading goes on, and it all recovers when there is room again, even if no
// request comes.
func TestDiskFull(t *testing.T) {
	c := newSQLite(t)
	db := c.open(t)
	pages(t, db, "60")
	won := []audit.Event{}
	var last oauth.Outcome
	for range 1000 {
		r := redeem(c.clock.Now())
		out, err := db.RedeemCode(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if last = out; out != oauth.Won {
			break
		}
		won = append(won, r.Event)
	}
	if last != oauth.Unknown || len(won) == 0 {
		t.Fatalf("%d redemptions, then %v; want some, then unknown", len(won), last)
	}
	err := db.Ready()
	if err == nil || !strings.Contains(err.Error(), "disk of the database is full; free some space") {
		t.Errorf("readiness of a node with a full disk: %v", err)
	}
	if err := db.Record(t.Context(), audit.New(c.clock.Now(), audit.RequestRefused).With("long", strings.Repeat("x", 9000))); !errors.Is(err, oauth.ErrUnknownOutcome) {
		t.Errorf("a change on a full disk: %v", err)
	}
	if got := len(allEvents(db)(t)); got != len(won) {
		t.Errorf("%d events can be read, %d were acknowledged", got, len(won))
	}
	pages(t, db, "100000")
	if err := db.Ready(); err == nil {
		t.Error("ready before anything could be written")
	}
	db.beat(t.Context())
	if err := db.Ready(); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if out, err := db.RedeemCode(t.Context(), redeem(c.clock.Now())); out != oauth.Won || err != nil {
		t.Errorf("with room again: %v, %v", out, err)
	}
}

// block holds the next commit until the returned function is called.
func block(db *DB) (reached chan struct{}, release func()) {
	gate, reached := make(chan struct{}), make(chan struct{})
	var once, open sync.Once
	hook(db)(func(commit func() error) error {
		once.Do(func() { close(reached) })
		<-gate
		return commit()
	})
	return reached, func() { open.Do(func() { close(gate) }) }
}

func put(db *DB, name string) error {
	return db.change(context.Background(), func(t tx, _ bool) error {
		_, err := t.exec(putMeta, name, []byte("x"))
		return err
	})
}

// TestGroup: changes that wait together are committed together; one that fails
// is undone alone.
func TestGroup(t *testing.T) {
	db := open(t, Options{})
	reached, release := block(db)
	defer release()
	errMine := errors.New("mine alone")
	var all sync.WaitGroup
	all.Go(func() { _ = put(db, "first") })
	<-reached
	before := db.Stats()
	for i := range 10 {
		all.Go(func() {
			err := db.change(context.Background(), func(t tx, _ bool) error {
				_, err := t.exec(putMeta, string(rune('a'+i)), []byte("x"))
				switch i {
				case 5:
					err = errMine
				case 6: // a fault of the statement, not of the file
					_, err = t.exec(`INSERT INTO meta (name, value) VALUES ($1, NULL)`, "z")
				}
				return err
			})
			if failed := i == 5 || i == 6; (err != nil) != failed || errors.Is(err, errUnknown) {
				t.Errorf("change %d: %v", i, err)
			}
		})
	}
	for db.Stats().Queue < 10 {
		time.Sleep(time.Millisecond)
	}
	release()
	all.Wait()
	after := db.Stats()
	if n := after.Commits - before.Commits; n != 2 {
		t.Errorf("%d commits for one change and ten that waited, want 2", n)
	}
	for i := range 10 {
		value, err := db.Meta(t.Context(), string(rune('a'+i)))
		if err != nil || (value != nil) == (i == 5 || i == 6) {
			t.Errorf("change %d left %q, %v", i, value, err)
		}
	}
}

// TestBusy: the queue is bounded; who finds it full is told to come back.
func TestBusy(t *testing.T) {
	db := open(t, Options{})
	reached, release := block(db)
	defer release()
	var all sync.WaitGroup
	all.Go(func() { _ = put(db, "first") })
	<-reached
	for range queueRoom {
		all.Go(func() {
			if err := put(db, "waits"); err != nil {
				t.Error(err)
			}
		})
	}
	for db.Stats().Queue < queueRoom {
		time.Sleep(time.Millisecond)
	}
	err := put(db, "one too many")
	var refusal *oauth.Error
	if !errors.Is(err, ErrBusy) || !errors.As(err, &refusal) || refusal.RetryAfter <= 0 || refusal.Rule != "store.busy" {
		t.Errorf("a change beyond the bound: %v", err)
	}
	release()
	all.Wait()
	if db.Stats().Refused != 1 {
		t.Errorf("%d refused", db.Stats().Refused)
	}
}

// TestCallerGone: a change whose caller left before its turn is not done.
func TestCallerGone(t *testing.T) {
	db := open(t, Options{})
	reached, release := block(db)
	defer release()
	var all sync.WaitGroup
	all.Go(func() { _ = put(db, "first") })
	<-reached
	ctx, cancel := context.WithCancel(t.Context())
	all.Go(func() {
		err := db.change(ctx, func(t tx, _ bool) error {
			_, err := t.exec(putMeta, "gone", []byte("x"))
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the caller who left: %v", err)
		}
	})
	for db.Stats().Queue < 1 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	for db.Stats().Queue > 1 {
		time.Sleep(time.Millisecond)
	}
	release()
	all.Wait()
	if value, err := db.Meta(t.Context(), "gone"); value != nil || err != nil {
		t.Errorf("it was done: %q, %v", value, err)
	}
}

// TestStall: a disk that does not answer leaves the outcome open, and nobody
// waits for it for ever.
func TestStall(t *testing.T) {
	db := open(t, Options{})
	db.hold = shortHold
	db.eng.(*sqliteEngine).writer.stall = 50 * time.Millisecond
	reached, release := block(db)
	defer release()
	first := make(chan error, 1)
	go func() { first <- put(db, "first") }()
	<-reached
	if err := put(db, "second"); !errors.Is(err, ErrBusy) {
		t.Errorf("a change that never began: %v, want store.busy", err)
	}
	if err := <-first; !errors.Is(err, oauth.ErrUnknownOutcome) {
		t.Errorf("a change whose commit hangs: %v, want unknown", err)
	}
}

// TestLocked: another process holds the file. A change waits for it; if that is
// too long, nothing was written and the caller may come back.
func TestLocked(t *testing.T) {
	db := open(t, Options{})
	db.hold = shortHold
	err := db.eng.change(t.Context(), func(t tx) error {
		return t.each("PRAGMA busy_timeout = 1", nil, func(func(...any) error) error { return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.eng.rival(t.Context(), func(other tx) error {
		if _, err := other.exec("BEGIN IMMEDIATE"); err != nil {
			return err
		}
		if err := put(db, "locked out"); !errors.Is(err, ErrBusy) || errors.Is(err, oauth.ErrUnknownOutcome) {
			t.Errorf("while the file is locked: %v", err)
		}
		if err := db.Ready(); err != nil {
			t.Errorf("a lock is no fault of the file: %v", err)
		}
		_, err := other.exec("ROLLBACK")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := put(db, "free"); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

// TestClose: what waits is written, what comes later is refused.
func TestClose(t *testing.T) {
	dir := t.TempDir()
	db := open(t, Options{Dir: dir})
	reached, release := block(db)
	var all sync.WaitGroup
	all.Go(func() { _ = put(db, "first") })
	<-reached
	for range 100 {
		all.Go(func() {
			if err := put(db, "waiting"); err != nil {
				t.Error(err)
			}
		})
	}
	for db.Stats().Queue < 100 {
		time.Sleep(time.Millisecond)
	}
	go release()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	all.Wait()
	if err := put(db, "late"); !errors.Is(err, ErrClosed) {
		t.Errorf("a change after Close: %v", err)
	}
	if _, err := db.Org(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("a read after Close: %v", err)
	}
	if err := db.Ready(); !errors.Is(err, ErrClosed) {
		t.Errorf("readiness after Close: %v", err)
	}
	if value, err := open(t, Options{Dir: dir}).Meta(t.Context(), "waiting"); value == nil || err != nil {
		t.Errorf("what waited at Close: %q, %v", value, err)
	}
}
