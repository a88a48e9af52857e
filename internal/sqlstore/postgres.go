package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"countersign/internal/oauth"
)

// postgresEngine is one PostgreSQL database, or something that speaks as one: a
// pool for requests, and a connection of their own for the polls, so that a
// burst of requests costs no node its lease.
type postgresEngine struct {
	pool, watch *pgxpool.Pool
	stats       *counters
	lease       *lease
	waiting     atomic.Int64  // changes and reads that wait for a connection
	attempt     time.Duration // of one try
	hold        time.Duration // how long a read is tried again
	shared      bool          // the ring follows the database's clock
	whole       bool          // changes that can be one statement are
	wait        time.Duration // ringWait

	// onCommit, if set, stands between a change and its COMMIT: tests lose answers
	// and roll back with it.
	onCommit atomic.Pointer[commitHook]

	mu    sync.Mutex
	cause error // why the last change failed
}

const (
	// attemptFor bounds one try of a change: a commit that waits for a standby
	// waits for ever otherwise.
	attemptFor = 2 * time.Second
	readFor    = 5 * time.Second

	// How far clocks of nodes may be apart.
	skewBudget = 60 * time.Second
)

// ErrUnreachable refuses what needs the database while it does not answer.
var ErrUnreachable = oauth.Refuse(oauth.TemporarilyUnavailable, "store.unreachable", "RFC 9110 §15.6.4",
	"the database does not answer; ask again shortly")

// openPostgres looks at the database before anything is written, and migrates it
// unless that is forbidden.
func openPostgres(ctx context.Context, o *Options, stats *counters, l *lease) (engine, error) {
	config, err := parseDatabase(o.Database)
	if err != nil {
		return nil, err
	}
	if err := preparePostgres(ctx, config.ConnConfig, o); err != nil {
		return nil, plainPostgres(err)
	}
	return dialPostgres(ctx, config, o, stats, l)
}

// dialPostgres opens the pools of a database that is known to be ours.
func dialPostgres(ctx context.Context, config databaseConfig, o *Options, stats *counters, l *lease) (_ engine, err error) {
	e := &postgresEngine{stats: stats, lease: l, attempt: attemptFor, hold: holdUnknown, shared: o.SharedClock, whole: true, wait: leaseFor + skewBudget}
	defer func() {
		if err != nil {
			_ = e.close()
		}
	}()
	if e.watch, err = newPool(ctx, config.Config, 1, false); err != nil {
		return nil, plainPostgres(err)
	}
	if e.pool, err = newPool(ctx, config.Config, config.size(), o.Serving); err != nil {
		return nil, plainPostgres(err)
	}
	return e, nil
}

// size of the pool: a statement takes a processor of this node for a small part of its
// time; more connections than this only queue at the database.
func (c *databaseConfig) size() int32 {
	if c.sized {
		return c.MaxConns
	}
	return int32(min(max(8, 4*runtime.GOMAXPROCS(0)), 64))
}

// newPool makes a pool. A warm one opens every connection ahead and keeps it; they
// are renewed at different times.
func newPool(ctx context.Context, c *pgxpool.Config, size int32, warm bool) (*pgxpool.Pool, error) {
	c = c.Copy()
	c.MaxConns, c.MinConns = size, 0
	if warm {
		c.MinConns = size
	}
	c.MaxConnLifetime, c.MaxConnLifetimeJitter = 30*time.Minute, 6*time.Minute
	c.MaxConnIdleTime = 5 * time.Minute
	c.HealthCheckPeriod = 15 * time.Second
	c.PingTimeout = attemptFor
	c.ConnConfig.OnNotice = noteWarning
	c.AfterRelease = func(conn *pgx.Conn) bool { return !warned(conn.PgConn()) }
	p, err := pgxpool.NewWithConfig(ctx, c)
	if err == nil {
		err = p.Ping(ctx)
	}
	if err != nil && p != nil {
		p.Close()
	}
	return p, err
}

// warning is the mark on a connection whose server warned: a commit that was
// answered with success may still be known to no standby.
const warning = "countersign: warned"

func noteWarning(c *pgconn.PgConn, n *pgconn.Notice) {
	if n.SeverityUnlocalized == "WARNING" {
		c.CustomData()[warning] = n.Code
	}
}

func warned(c *pgconn.PgConn) bool { return c.CustomData()[warning] != nil }

// acquire takes a connection, or says that nothing was tried.
func (e *postgresEngine) acquire(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Conn, error) {
	if e.waiting.Add(1) > queueRoom {
		e.waiting.Add(-1)
		e.stats.refused.Add(1)
		return nil, ErrBusy.After(retryAfter)
	}
	defer e.waiting.Add(-1)
	limit, cancel := context.WithTimeout(ctx, e.attempt)
	defer cancel()
	conn, err := pool.Acquire(limit)
	switch {
	case err == nil:
		delete(conn.Conn().PgConn().CustomData(), warning)
		return conn, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case isClosedPool(err):
		return nil, ErrClosed
	}
	return nil, unreachable(err)
}

// unreachable: nothing was done, because there was no connection to do it on.
func unreachable(err error) error {
	return fmt.Errorf("%w: %w: %w", ErrUnreachable.After(retryAfter), errNotApplied, err)
}

// change runs fn in a transaction of its own. A caller who goes away does not cut
// it short, because then nobody would know how it ended; its deadline does.
func (e *postgresEngine) change(ctx context.Context, fn func(tx) error) error {
	conn, err := e.acquire(ctx, e.pool)
	if err != nil {
		return err
	}
	defer conn.Release()
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.attempt)
	defer cancel()
	t := &postgresTx{ctx: limit, conn: conn.Conn(), e: e}
	err = t.transact(fn)
	e.note(t, err)
	if errors.Is(err, errUnknown) || t.broken {
		t.drop()
	}
	return err
}

// note counts a change, and remembers why the last one failed.
func (e *postgresEngine) note(t *postgresTx, err error) {
	failed := errors.Is(err, errUnknown) || cannotWrite(err)
	if t.wrote || failed {
		e.stats.group(1, !failed)
	}
	if !failed && !t.wrote {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cause = nil; failed {
		e.cause = err
	}
}

// read runs fn on a connection without a transaction. When a connection was lost
// before anything was read, it is tried on another one, as long as a change would
// be.
func (e *postgresEngine) read(ctx context.Context, fn func(tx) error) error {
	begun := time.Now()
	for try := 0; ; try++ {
		again, err := e.readOnce(ctx, e.pool, fn)
		if !again {
			return err
		}
		if !pause(ctx, try, e.hold-time.Since(begun)) {
			return unreachable(err)
		}
	}
}

// readOnce says whether reading may be tried again: nothing was told yet.
func (e *postgresEngine) readOnce(ctx context.Context, pool *pgxpool.Pool, fn func(tx) error) (again bool, err error) {
	conn, err := e.acquire(ctx, pool)
	if err != nil {
		return errors.Is(err, errNotApplied), err
	}
	defer conn.Release()
	limit, cancel := context.WithTimeout(ctx, readFor)
	defer cancel()
	t := &postgresTx{ctx: limit, conn: conn.Conn(), e: e, auto: true}
	err = fn(t)
	if t.broken {
		t.drop()
	}
	return t.broken && !t.delivered, plainPostgres(err)
}

// look runs fn for a poll: on the connection of the polls, and once.
func (e *postgresEngine) look(ctx context.Context, fn func(tx) error) error {
	_, err := e.readOnce(ctx, e.watch, fn)
	return err
}

// moved: one row tells everything new, so each poll reads it.
func (e *postgresEngine) moved(context.Context) (int64, bool, error) { return 0, true, nil }

func (e *postgresEngine) settle(int64) {}

func (e *postgresEngine) rival(ctx context.Context, fn func(tx) error) error {
	conn, err := e.acquire(ctx, e.watch)
	if err != nil {
		return err
	}
	defer conn.Release()
	for try := 0; ; try++ {
		t := &postgresTx{ctx: ctx, conn: conn.Conn(), e: e}
		if err := t.transact(fn); !errors.Is(err, errNotApplied) || t.broken || !pause(ctx, try, time.Second) {
			return err
		}
	}
}

func (e *postgresEngine) fault() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return plainPostgres(e.cause)
}

// recovered forgets the fault: something was written.
func (e *postgresEngine) recovered() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cause = nil
}

func (e *postgresEngine) queue() (waiting, room int) { return int(e.waiting.Load()), queueRoom }

const selectPresent = `SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS int8)`

func (e *postgresEngine) present(ctx context.Context, own time.Time) (time.Time, error) {
	if !e.shared {
		return own, nil
	}
	var us int64
	err := e.look(ctx, func(t tx) error {
		_, err := t.one(selectPresent, nil, &us)
		return err
	})
	return fromMicro(us), err
}

// ringWait: the lease of other nodes, and how far their clocks may be apart.
func (e *postgresEngine) ringWait() time.Duration { return e.wait }

// overlap: the hold of a change, and how far clocks may be apart.
func (e *postgresEngine) overlap() time.Duration { return holdUnknown + skewBudget + 5*time.Second }

var truncateSlot = eachSlot("TRUNCATE TABLE ", "")

// empty gives up rather than wait for ever: the job comes again. Nothing else
// uses the table by now but autovacuum, which PostgreSQL sends away after
// deadlock_timeout, a second by default; so the wait is longer than that.
func (e *postgresEngine) empty(t tx, slot int32) error {
	if _, err := t.exec("SET LOCAL lock_timeout = '3s'"); err != nil {
		return err
	}
	_, err := t.exec(truncateSlot.at(slot))
	return err
}

func (e *postgresEngine) sideBySide() bool { return true }

func (e *postgresEngine) composite() bool { return e.whole }

var errBackup = errors.New("a PostgreSQL database is backed up by its own tools: base backups and archived WAL, or pg_dump; " +
	"keep the master key in another place")

func (e *postgresEngine) backup(context.Context, string) error { return errBackup }

func (e *postgresEngine) connections() (open, busy int, waits uint64, waited time.Duration) {
	s := e.pool.Stat()
	return int(s.TotalConns()), int(s.AcquiredConns()), uint64(s.EmptyAcquireCount()), s.EmptyAcquireWaitTime() //nolint:gosec // never negative
}

func (e *postgresEngine) close() error {
	for _, p := range []*pgxpool.Pool{e.pool, e.watch} {
		if p != nil {
			p.Close()
		}
	}
	return nil
}
