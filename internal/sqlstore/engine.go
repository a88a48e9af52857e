package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"countersign/internal/audit"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// onlyShard is the shard key of single-node modes: a constant, so that ids that
// grow with time are written side by side.
const onlyShard int16 = 0

// tx runs statements inside one transaction, or reads outside of any.
// Arguments and results are int, int16, int32, int64, []byte, string and pointers
// to int64 or []byte for what may be NULL.
type tx interface {
	// one runs a statement that answers at most one row and says whether it did.
	one(text string, args []any, dest ...any) (bool, error)
	// exec runs a statement and returns how many rows it changed.
	exec(text string, args ...any) (int64, error)
	// last runs a statement after which the change is done, and whose answer nobody
	// needs: it may travel with COMMIT.
	last(text string, args ...any) error
	// whole runs a statement that is the whole change, on engines that are
	// composite. Whether it finds a row is the outcome.
	whole(text string, args []any, dest ...any) (bool, error)
	// each calls row for every row of the answer; row runs no statement.
	each(text string, args []any, row func(scan func(dest ...any) error) error) error
	// slots returns the ring's floor and ceiling that this transaction must
	// respect.
	slots() (floor, ceil int32)
}

// engine is what differs between databases.
type engine interface {
	// change runs fn in one transaction, once, and says how it ended: nil
	// (durable), fn's own error (nothing written), errNotApplied, errUnknown,
	// or ErrBusy. fn may be run on another goroutine; it must be pure apart from
	// its SQL, because a caller runs it again after errNotApplied and errUnknown.
	change(ctx context.Context, fn func(tx) error) error
	// read runs fn on a reader; statements see what was committed before each.
	read(ctx context.Context, fn func(tx) error) error
	// look is read for a poll: it waits for no request, and is not tried twice.
	look(ctx context.Context, fn func(tx) error) error
	// moved says whether anything was committed since the last moved that
	// returned true and whose poll succeeded; settle notes that success.
	moved(ctx context.Context) (token int64, moved bool, err error)
	settle(token int64)
	// rival runs fn on a second writing connection: for the self-test.
	rival(ctx context.Context, fn func(tx) error) error
	// fault is the reason why the last write failed, until recovered says that
	// writing works again; nil if there is none.
	fault() error
	recovered()
	// queue returns how many changes wait and how many may.
	queue() (waiting, room int)
	// present is the time by the clock that all nodes share, if there is one.
	present(ctx context.Context, own time.Time) (time.Time, error)
	// ringWait is how long a raised floor must stand before its slots may be
	// emptied, so that no node still redeems by an older one.
	ringWait() time.Duration
	// overlap is how far back a poll looks for endings whose ids are older than
	// the newest one seen.
	overlap() time.Duration
	// empty empties one table of the ring.
	empty(t tx, slot int32) error
	// sideBySide says whether changes run at the same time, so that one may miss
	// what another is about to commit.
	sideBySide() bool
	// composite says whether one statement may change several tables.
	composite() bool
	// connections are those open and in use, and how often and how long somebody
	// waited for one.
	connections() (open, busy int, waits uint64, waited time.Duration)
	backup(ctx context.Context, path string) error
	close() error
}

// How a single try of a change can end, besides done and refused.
var (
	errUnknown    = errors.New("the answer of a commit was lost")
	errNotApplied = errors.New("the database was not changed")
)

// ErrBusy refuses a change because too many wait already.
var ErrBusy = oauth.Refuse(oauth.TemporarilyUnavailable, "store.busy", "RFC 9110 §15.6.4",
	"the server has more changes waiting than it can write; ask again shortly")

const (
	holdUnknown = 10 * time.Second
	retryAfter  = time.Second
)

// change runs fn in one transaction until it is done or refused. While the
// answer is unknown it tries again, telling fn that an earlier try may have been
// applied, until ten seconds are over: then ErrUnknownOutcome.
func (db *DB) change(ctx context.Context, fn func(t tx, doubt bool) error) error {
	if db.o.ReadOnly {
		return ErrReadOnly
	}
	begun, doubt := db.mono(), false
	for try := 0; ; try++ {
		again := doubt // not shared with a try that was given up
		err := db.eng.change(ctx, func(t tx) error { return fn(t, again) })
		switch {
		case errors.Is(err, errUnknown):
			db.stats.unknown.Add(1)
			doubt = true
		case errors.Is(err, errNotApplied):
		default:
			return err
		}
		left := db.hold - (db.mono() - begun)
		if try+1 < db.least {
			left = holdUnknown
		}
		if pause(ctx, try, left) {
			continue
		}
		if doubt {
			return oauth.ErrUnknownOutcome.After(retryAfter)
		}
		if errors.Is(err, ErrUnreachable) {
			return err
		}
		return fmt.Errorf("%w: %w", ErrBusy.After(retryAfter), err)
	}
}

// pause waits a little longer after each try. It says false when the time is up.
func pause(ctx context.Context, try int, left time.Duration) bool {
	wait := min(5*time.Millisecond<<min(try, 6), 250*time.Millisecond)
	wait += wait * time.Duration(secret.Bytes(1)[0]) / 256 // so that many callers do not come back together
	if wait > left {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

const insertEvent = `INSERT INTO outbox (sk, id, ev) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`

// confirmEvent settles a doubt by a write: a read would prove nothing about a
// commit that no standby has.
const confirmEvent = `UPDATE outbox SET ev = $3 WHERE sk = $1 AND id = $2 RETURNING sk`

// report runs fn and writes the event, in one transaction. The event's id is
// the attempt: after an unknown answer the row of the event tells that an
// earlier try of this very call was applied, and then fn, whose results are
// those of that try, is not run again.
func (db *DB) report(ctx context.Context, e audit.Event, fn func(t tx) error) error {
	if e.ID.IsZero() {
		e.ID = secret.NewID(db.o.Now())
	}
	row := []any{onlyShard, e.ID[:], e.Encode()}
	return db.change(ctx, func(t tx, doubt bool) error {
		if doubt {
			var sk int16
			if found, err := t.one(confirmEvent, row, &sk); err != nil || found {
				return err
			}
		}
		if err := fn(t); err != nil {
			return err
		}
		return t.last(insertEvent, row...)
	})
}

// undecided is the answer of a verb whose change ended neither in won nor in
// lost: unknown, or an error that wrote nothing.
func undecided(what string, err error) (oauth.Outcome, error) {
	if errors.Is(err, oauth.ErrUnknownOutcome) {
		return oauth.Unknown, nil
	}
	return oauth.Unknown, fmt.Errorf("%s: %w", what, err)
}
