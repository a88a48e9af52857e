package sqlstore

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/grant"
	"countersign/internal/oauth"
)

// behindProxy opens a database through a proxy, and again beside it.
func behindProxy(t *testing.T, whole bool) (p *proxy, through, beside *DB) {
	t.Helper()
	database := newSchema(t)
	beside = open(t, Options{Database: database})
	p, u := newProxy(t, database)
	through = open(t, Options{Database: u})
	through.eng.(*postgresEngine).whole = whole
	return p, through, beside
}

// TestCutAnywhere: the connection is lost after each number of bytes, in both
// directions, while a code is redeemed and its family rotated and ended. Every
// request ends in won, as if nothing had happened, and each thing happened once.
func TestCutAnywhere(t *testing.T) {
	for _, whole := range []bool{true, false} {
		p, db, beside := behindProxy(t, whole)
		a := &account.Account{ID: person, Username: "ada", State: account.Active}
		if err := db.RegisterAccount(t.Context(), a, audit.New(time.Now(), audit.UserCreated)); err != nil {
			t.Fatal(err)
		}
		cuts := 0
		for n := int64(0); n < 700; n += 67 {
			for _, budget := range []*atomic.Int64{&p.toServer, &p.toClient} {
				cuts += cutLife(t, db, beside, n, budget)
			}
		}
		events := map[string]int{}
		for _, e := range allEvents(beside)(t) {
			events[string(e.Name)+" "+e.Grant]++
		}
		for what, n := range events {
			if n != 1 {
				t.Errorf("whole %v: %d events of %s", whole, n, what)
			}
		}
		if unknown := db.Stats().Unknown; cuts < 25 || unknown == 0 {
			t.Errorf("whole %v: %d cuts, %d unknown answers: this proves nothing", whole, cuts, unknown)
		}
	}
}

// cutLife is the life of one grant, each step of it cut after n bytes. It
// returns how many cuts there were.
func cutLife(t *testing.T, db, beside *DB, n int64, budget *atomic.Int64) (cuts int) {
	t.Helper()
	r := redeem(time.Now())
	of := func(name audit.Name) audit.Event {
		e := audit.New(r.Now, name)
		e.Grant = r.Code.ID.String()
		return e
	}
	rotation := grant.Rotation{Attempt: attempt(r.Now), Now: r.Now, Event: of(audit.TokenRefreshed), Refresh: grant.Refresh{Grant: r.Code.Grant, Seq: 1}}
	end := of(audit.GrantRevoked)
	for i, step := range []func() (oauth.Outcome, error){
		func() (oauth.Outcome, error) { return db.RedeemCode(t.Context(), r) },
		func() (oauth.Outcome, error) { return db.RotateRefresh(t.Context(), rotation) },
		func() (oauth.Outcome, error) { return db.EndGrant(t.Context(), r.Code.ID, 0, time.Now(), end) },
	} {
		for range 3 { // for the lease; the cut took the connection of the polls, too
			if db.Poll(t.Context()) == nil {
				break
			}
		}
		budget.Store(n)
		if out, err := step(); out != oauth.Won || err != nil {
			t.Fatalf("step %d, %d bytes: %v, %v; want won", i, n, out, err)
		}
		if budget.Swap(-1) < 0 {
			cuts++
		}
	}
	f, err := beside.Family(t.Context(), r.Code.ID, 0)
	if err != nil || f.Seq != 2 || f.Ended.IsZero() {
		t.Fatalf("%d bytes: generation %d, ended %v, %v", n, f.Seq, f.Ended, err)
	}
	if out, err := beside.RedeemCode(t.Context(), another(r)); out != oauth.Lost || err != nil {
		t.Fatalf("the code again: %v, %v", out, err)
	}
	return cuts
}

// another is the same code in another request.
func another(r grant.Redemption) grant.Redemption {
	r.Attempt = attempt(r.Now)
	r.Event = audit.New(r.Now, audit.CodeRedeemed)
	return r
}

// TestUnreachable: while the database does not answer, nothing is written and
// nothing is told; the caller may come back, readiness says why, and it is over
// when it is over.
func TestUnreachable(t *testing.T) {
	p, db, _ := behindProxy(t, true)
	db.hold = shortHold
	db.eng.(*postgresEngine).hold = shortHold
	r := redeem(time.Now())
	p.refuse()
	for range 2 { // a connection that ended, and none to be had
		out, err := db.RedeemCode(t.Context(), another(r))
		var refusal *oauth.Error
		if err == nil && out != oauth.Unknown || err != nil && (!errors.As(err, &refusal) || refusal.Rule != "store.unreachable" || refusal.RetryAfter <= 0) {
			t.Errorf("%v, %v; want unknown, or store.unreachable with Retry-After", out, err)
		}
		_, err = db.Account(t.Context(), person)
		if !errors.Is(err, ErrUnreachable) {
			t.Errorf("reading: %v, want store.unreachable", err)
		}
	}
	if err := db.Poll(t.Context()); err == nil {
		t.Error("a poll of nothing")
	}
	p.allow()
	if out, err := db.RedeemCode(t.Context(), r); out != oauth.Won || err != nil {
		t.Errorf("afterwards: %v, %v", out, err)
	}
	if err := errors.Join(db.Poll(t.Context()), db.Ready()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestBlackHole: a network that swallows everything holds nobody longer than the
// deadline of a try, and what was sent into it is unknown.
func TestBlackHole(t *testing.T) {
	p, db, _ := behindProxy(t, true)
	db.hold = shortHold
	db.eng.(*postgresEngine).attempt = 50 * time.Millisecond
	p.hole.Store(true)
	r := redeem(time.Now())
	if out, err := db.RedeemCode(t.Context(), r); out != oauth.Unknown || err != nil {
		t.Errorf("%v, %v; want unknown", out, err)
	}
	p.hole.Store(false)
	p.cut()
	db.hold, db.eng.(*postgresEngine).attempt = holdUnknown, attemptFor
	if out, err := db.RedeemCode(t.Context(), r); out != oauth.Won || err != nil {
		t.Errorf("afterwards: %v, %v; nothing had arrived", out, err)
	}
}

// ghost is a database on a server whose commits wait for a standby that does not
// exist.
func ghost(t *testing.T) string {
	t.Helper()
	var names string
	conn, err := pgx.Connect(t.Context(), postgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), "SHOW synchronous_standby_names").Scan(&names); err != nil {
		t.Fatal(err)
	}
	if names != "ghost" {
		t.Skip("the server of TEST_POSTGRES waits for no standby: it was not started with synchronous_standby_names=ghost")
	}
	database := newSchema(t)
	_ = open(t, Options{Database: database}).Close()
	return withParam(t, database, "synchronous_commit", "on")
}

// openGhost opens a database whose commits wait for a standby for ever.
func openGhost(t *testing.T) (db *DB, database string) {
	t.Helper()
	database = ghost(t)
	config, err := parseDatabase(database)
	if err != nil {
		t.Fatal(err)
	}
	db = &DB{o: Options{Database: database, Now: time.Now, PollEvery: time.Second}, mono: monotonic(), hold: holdUnknown}
	if db.eng, err = dialPostgres(t.Context(), config, &db.o, &db.stats, &db.lease); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db, database
}

// TestStandbyWaitCancelled: somebody cancels the wait for a standby. PostgreSQL
// answers with success, and only warns; the row is there for everybody to read.
// That is no win: if this primary is lost, it never happened. Neither is the row
// that a second try finds.
func TestStandbyWaitCancelled(t *testing.T) {
	for _, whole := range []bool{true, false} {
		db, database := openGhost(t)
		db.eng.(*postgresEngine).whole = whole
		db.hold = 700 * time.Millisecond
		stop := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			cancelWaits(t, database, stop)
		}()
		r := redeem(time.Now())
		out, err := db.RedeemCode(t.Context(), r)
		close(stop)
		<-done
		if out != oauth.Unknown || err != nil {
			t.Errorf("whole %v: a commit that no standby has: %v, %v; want unknown", whole, out, err)
		}
		if f, err := db.Family(t.Context(), r.Code.ID, 0); err != nil || f.Seq != 1 {
			t.Errorf("whole %v: the family is not there to read: %v", whole, err)
		}
		if n := db.Stats().Unknown; n < 2 {
			t.Errorf("whole %v: %d unknown answers: the second try was not one", whole, n)
		}
		if err := db.Ready(); err == nil || !strings.Contains(err.Error(), "could not be written") {
			t.Errorf("whole %v: readiness of a node whose commits no standby has: %v", whole, err)
		}
	}
}

// cancelWaits cancels every wait for a standby in a schema, until it is stopped.
func cancelWaits(t *testing.T, database string, stop chan struct{}) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, withParam(t, database, "application_name", "canceller"))
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(ctx)
	for {
		select {
		case <-stop:
			return
		default:
		}
		if _, err := conn.Exec(ctx, `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = $1`, "countersign"); err != nil {
			t.Error(err)
			return
		}
	}
}

// TestStandbyWaitEnds: a wait that nobody cancels ends by our own deadline, as
// unknown.
func TestStandbyWaitEnds(t *testing.T) {
	db, _ := openGhost(t)
	db.hold = shortHold
	db.eng.(*postgresEngine).attempt = 100 * time.Millisecond
	if out, err := db.RedeemCode(t.Context(), redeem(time.Now())); out != oauth.Unknown || err != nil {
		t.Errorf("%v, %v; want unknown", out, err)
	}
	if err := db.Record(t.Context(), audit.New(time.Now(), audit.ServerStarted)); !errors.Is(err, oauth.ErrUnknownOutcome) {
		t.Errorf("an event: %v, want unknown", err)
	}
}

// TestSerializationFailure is no answer: the whole closure runs again.
func TestSerializationFailure(t *testing.T) {
	db := open(t, Options{Database: withParam(t, newSchema(t), "default_transaction_isolation", "serializable")})
	if err := put(db, "one"); err != nil {
		t.Fatal(err)
	}
	runs := 0
	err := db.change(t.Context(), func(q tx, _ bool) error {
		var value []byte
		if _, err := q.one(selectMeta, []any{"one"}, &value); err != nil {
			return err
		}
		if runs++; runs == 1 { // somebody else changes what was read
			if err := put(db, "one"); err != nil {
				return err
			}
		}
		_, err := q.exec(touchMeta, "one", append(value, 'y'))
		return err
	})
	value, _ := db.Meta(t.Context(), "one")
	if err != nil || runs != 2 || string(value) != "xy" {
		t.Errorf("%v, %d runs, %q; want two runs", err, runs, value)
	}
}

// TestDeadlock: of two changes that wait for each other, the one that PostgreSQL
// ends runs again.
func TestDeadlock(t *testing.T) {
	db := open(t, Options{Database: withParam(t, newSchema(t), "deadlock_timeout", "10ms")})
	for _, name := range []string{"one", "two"} {
		if err := put(db, name); err != nil {
			t.Fatal(err)
		}
	}
	var runs atomic.Int64
	var met sync.WaitGroup
	met.Add(2)
	crossing := func(first, second string) error {
		mine := 0
		return db.change(t.Context(), func(q tx, _ bool) error {
			runs.Add(1)
			if _, err := q.exec(touchMeta, first, []byte(first)); err != nil {
				return err
			}
			if mine++; mine == 1 {
				met.Done()
				met.Wait()
			}
			_, err := q.exec(touchMeta, second, []byte(first))
			return err
		})
	}
	other := make(chan error, 1)
	go func() { other <- crossing("two", "one") }()
	if err := errors.Join(crossing("one", "two"), <-other); err != nil || runs.Load() < 3 {
		t.Errorf("%v, %d runs; want both done, one of them more than once", err, runs.Load()) // sometimes PostgreSQL ends both
	}
}
