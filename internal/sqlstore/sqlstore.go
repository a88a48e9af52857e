// Package sqlstore owns the database: every Store of the records on SQL, the
// schema and its migrations, the poll that carries configuration and endings to
// this node, the lease that follows from it, and the jobs that keep tables
// small. One SQL text serves every engine; an engine is what runs it (engine.go).
// It decides nothing about apps, people or grants.
package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/grant"
	"countersign/internal/key"
	"countersign/internal/load"
	"countersign/internal/review"
	"countersign/internal/staff"
	"countersign/internal/usage"
)

// Options say which database to open and how.
type Options struct {
	// Dir is the directory of countersign.db (SQLite). It is made, readable by
	// its owner alone, unless MustExist is set.
	Dir string
	// Database is the URL of a PostgreSQL database; then Dir is not looked at.
	Database string
	// Serving opens connections ahead, for a server.
	Serving bool
	// Now is the wall clock; nil means time.Now. Leases do not follow it: they
	// are measured on the monotonic clock of the process.
	Now func() time.Time
	// ReadOnly opens without a writer: every change is refused, nothing is
	// migrated.
	ReadOnly bool
	// SharedClock lets the ring of spent values follow the database's clock where
	// several nodes share one, so that a node whose own clock is wrong empties
	// nothing under the others: for everybody but tests that move Now.
	SharedClock bool
	// PollEvery is the pause between two polls; 0 means 400 ms.
	PollEvery time.Duration
	// MustExist refuses to make a new database: for commands that would only
	// make one by a slip in a path.
	MustExist bool
	// IdentifierKey is the key under which user names and e-mail addresses are
	// hashed into row ids; without it the hash has no key. It must never change.
	IdentifierKey []byte
	copying       bool // a copy into Database is under way
	// AuditKeep is how long audit events are kept; 0 means 400 days, negative
	// forever.
	AuditKeep time.Duration
}

const (
	defaultPollEvery = 400 * time.Millisecond
	defaultAuditKeep = 400 * 24 * time.Hour
)

// Errors of Open and of a DB.
var (
	ErrNoDatabase  = errors.New("there is no database here")
	ErrReadOnly    = errors.New("the database was opened for reading only")
	ErrClosed      = errors.New("the database is closed")
	errNoDirectory = errors.New("no directory for the database was given: use --data DIR, or --database URL")
)

// DB is an open database. It implements every Store. Safe for concurrent use.
type DB struct {
	o   Options
	eng engine

	mono  func() time.Duration // the monotonic clock
	hold  time.Duration        // how long an unknown outcome is tried again
	least int                  // and how often at least: for tests, whose hold is short and whose machines are slow

	follow  follower
	lease   lease
	ring    ring
	sweeper sweeper
	stats   counters
	running atomic.Bool
	closed  atomic.Bool
}

var (
	_ client.Store   = (*DB)(nil)
	_ account.Store  = (*DB)(nil)
	_ grant.Store    = (*DB)(nil)
	_ key.Store      = (*DB)(nil)
	_ audit.Log      = (*DB)(nil)
	_ usage.Store    = (*DB)(nil)
	_ load.Store     = (*DB)(nil)
	_ review.Book    = (*DB)(nil)
	_ staff.Store    = (*DB)(nil)
	_ staff.Sessions = (*DB)(nil)
)

// Open opens the database, making or migrating it where the options allow, and
// tests that it counts rows as the protocol relies on. It refuses network file
// systems, servers that are old or take no changes, a schema newer than this program, and a file of another program, each
// with one sentence that names the remedy. The first poll is part of it, so a
// short command has its lease.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.PollEvery <= 0 {
		o.PollEvery = defaultPollEvery
	}
	if o.AuditKeep == 0 {
		o.AuditKeep = defaultAuditKeep
	}
	db := &DB{o: o, mono: monotonic(), hold: holdUnknown}
	what := "open database in " + o.Dir
	var err error
	switch {
	case o.Database != "":
		what = "open database"
		db.eng, err = openPostgres(ctx, &db.o, &db.stats, &db.lease)
	case o.Dir == "":
		return nil, errNoDirectory
	default:
		db.eng, err = openSQLite(ctx, &db.o, &db.stats)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if err := db.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", what, err), db.eng.close())
	}
	return db, nil
}

// begin does what every engine needs after it opened.
func (db *DB) begin(ctx context.Context) error {
	if !db.o.ReadOnly {
		if err := db.seed(ctx); err != nil {
			return err
		}
		if err := db.selfTest(ctx); err != nil {
			return err
		}
	}
	if err := db.Poll(ctx); err != nil {
		return err
	}
	if db.o.ReadOnly {
		return nil
	}
	return db.turnRing(ctx)
}

// Close ends the writer after what is queued, and closes the file. It may be
// called twice.
func (db *DB) Close() error {
	if db.closed.Swap(true) {
		return nil
	}
	return db.eng.close()
}

// Backup writes a consistent copy of the database to a new file at path, while
// everything goes on. The master key is not in it.
func (db *DB) Backup(ctx context.Context, path string) error {
	if err := db.eng.backup(ctx, path); err != nil {
		return fmt.Errorf("back up database: %w", err)
	}
	return nil
}

// monotonic returns a clock that no change of the wall clock moves.
func monotonic() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}
