package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	fileName = "countersign.db"
	// applicationID marks our files, so that a file of another program is never
	// taken for ours: "CSgn".
	applicationID = 0x4353676e
	// oldestSQLite is the first release without the WAL reset race that can
	// corrupt a database with two connections.
	oldestSQLite = 3_051_003
)

// sqliteEngine is one file: one writer goroutine, a bounded pool of readers.
type sqliteEngine struct {
	path   string
	writer *writer // nil when read-only
	reads  *sql.DB
	free   chan *sqliteReader // the readers that are idle
	done   chan struct{}      // closed by close

	pollMu  sync.Mutex
	poll    *sql.Conn // keeps its own data_version
	settled int64
}

var openOnce sync.Once

// openSQLite opens the file, and makes or migrates it unless that is forbidden.
// While another process makes it or closes it for good, it is locked in ways that
// the driver's own waiting does not cover.
func openSQLite(ctx context.Context, o *Options, stats *counters) (engine, error) {
	begun := time.Now()
	for try := 0; ; try++ {
		e, err := openFile(ctx, o, stats)
		if !isBusy(err) || !pause(ctx, try, openWait-time.Since(begun)) {
			return e, err
		}
	}
}

// openWait is how long a start waits for another process.
const openWait = 5 * time.Second

func openFile(ctx context.Context, o *Options, stats *counters) (_ engine, err error) {
	openOnce.Do(func() {
		sqlite.StrictPragmas(true)
		// With POSIX locks, closing any other descriptor of the file (a backup, a
		// hash) would drop SQLite's locks. Where there are no OFD locks we go on.
		_, _ = sqlite.OFDLocking(true)
	})
	if sqlite3.SQLITE_VERSION_NUMBER < oldestSQLite {
		return nil, fmt.Errorf("SQLite %s can corrupt a database: 3.51.3 or newer is needed", sqlite3.SQLITE_VERSION)
	}
	path, err := prepareFile(o)
	if err != nil {
		return nil, err
	}
	if err := refuseForeign(ctx, path); err != nil {
		return nil, plain(err)
	}
	if !o.ReadOnly {
		if err := closeToOthers(path); err != nil {
			return nil, err
		}
	}
	e := &sqliteEngine{path: path, done: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	if !o.ReadOnly {
		if e.writer, err = openWriter(ctx, path, stats); err != nil {
			return nil, plain(err)
		}
		if err = migrateSQLite(ctx, e.writer.db); err != nil {
			return nil, plain(err)
		}
		go e.writer.run()
	}
	if err = e.openReaders(ctx, o.ReadOnly, stats); err != nil {
		return nil, plain(err)
	}
	if o.ReadOnly {
		err = checkSQLite(ctx, e.reads)
	}
	if err == nil {
		err = refuseMoved(ctx, e.reads)
	}
	return e, plain(err)
}

// prepareFile makes the directory and an empty file that only its owner may
// read, before SQLite could make one that others may read, too.
func prepareFile(o *Options) (string, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, fileName)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && (o.MustExist || o.ReadOnly) {
		return "", fmt.Errorf("%w: %s does not exist; check --data, or make one with 'countersign serve --data %s'", ErrNoDatabase, path, o.Dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := refuseNetwork(dir); err != nil {
		return "", err
	}
	if o.ReadOnly {
		return path, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator's own directory
	if err != nil {
		return "", err
	}
	return path, f.Close()
}

// refuseForeign looks at a file before anything writes to it.
func refuseForeign(ctx context.Context, path string) error {
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return err
	}
	db, err := sql.Open("sqlite", dsn(path, "&_query_only=1"))
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // it only read
	_, err = schemaVersion(ctx, db)
	return err
}

// closeToOthers takes away what a careless copy of a backup gave to everybody on
// the machine: the file holds people, and the hashes of their passwords. What a
// group may do stays: somebody may have meant it.
func closeToOthers(path string) error {
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil && info.Mode().Perm()&0o007 != 0 && runtime.GOOS != "windows" {
			err = os.Chmod(name, info.Mode().Perm()&^0o007)
		}
		if err != nil {
			return fmt.Errorf("%w; everybody on this machine could read the people in it: run: chmod 600 %s", err, name)
		}
	}
	return nil
}

// dsn is the name under which the driver opens the file. Pragmas belong here
// because each connection has its own.
func dsn(path, more string) string {
	u := url.URL{Scheme: "file", Path: path}
	return u.String() + "?_defensive=1&_dqs=0&_error_rc=1&_busy_timeout=5000&_pragma=trusted_schema(0)" + more
}

const (
	writeDSN = "&_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=temp_store(MEMORY)&_pragma=cache_size(-32768)&_pragma=wal_autocheckpoint(10000)&_pragma=journal_size_limit(67108864)"
	readDSN = "&_query_only=1&_pragma=cache_size(-8192)"
)

func (e *sqliteEngine) openReaders(ctx context.Context, readOnly bool, stats *counters) error {
	n := max(4, 2*runtime.GOMAXPROCS(0))
	more := readDSN
	if readOnly {
		more += "&mode=ro"
	}
	var err error
	if e.reads, err = sql.Open("sqlite", dsn(e.path, more)); err != nil {
		return err
	}
	e.reads.SetMaxOpenConns(n + 1)
	e.reads.SetMaxIdleConns(n + 1)
	if e.poll, err = e.reads.Conn(ctx); err != nil {
		return err
	}
	e.free = make(chan *sqliteReader, n)
	for range n {
		e.free <- &sqliteReader{db: e.reads, stats: stats}
	}
	return nil
}

// sqliteReader is one reading connection with its prepared statements; the
// connection is opened when it is first needed.
type sqliteReader struct {
	db    *sql.DB
	stats *counters
	conn  *sqliteConn
}

func (e *sqliteEngine) read(ctx context.Context, fn func(tx) error) error {
	var r *sqliteReader
	select {
	case r = <-e.free:
	case <-e.done:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { e.free <- r }()
	if r.conn == nil {
		conn, err := r.db.Conn(ctx)
		if err != nil {
			return plain(err)
		}
		r.conn = newSQLiteConn(conn, r.stats)
	}
	return plain(fn(r.conn))
}

func (e *sqliteEngine) look(ctx context.Context, fn func(tx) error) error { return e.read(ctx, fn) }

func (e *sqliteEngine) change(ctx context.Context, fn func(tx) error) error {
	return e.writer.change(ctx, fn)
}

// moved asks for the file's data version: it grows with every commit of another
// connection, of this process or another one, and costs no read of any row.
func (e *sqliteEngine) moved(ctx context.Context) (int64, bool, error) {
	e.pollMu.Lock()
	defer e.pollMu.Unlock()
	var version int64
	if err := e.poll.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version); err != nil {
		return 0, false, plain(err)
	}
	return version, version != e.settled, nil
}

func (e *sqliteEngine) settle(version int64) {
	e.pollMu.Lock()
	defer e.pollMu.Unlock()
	e.settled = version
}

func (e *sqliteEngine) rival(ctx context.Context, fn func(tx) error) error {
	second, err := sql.Open("sqlite", dsn(e.path, writeDSN))
	if err != nil {
		return err
	}
	defer second.Close() //nolint:errcheck // nothing of it is kept
	conn, err := second.Conn(ctx)
	if err != nil {
		return err
	}
	c := newSQLiteConn(conn, new(counters))
	defer c.close()
	return plain(fn(c))
}

func (e *sqliteEngine) fault() error {
	if e.writer == nil {
		return nil
	}
	return e.writer.fault()
}

func (e *sqliteEngine) recovered() { e.writer.recovered() }

func (e *sqliteEngine) queue() (waiting, room int) {
	if e.writer == nil {
		return 0, 0
	}
	return len(e.writer.queue), cap(e.writer.queue)
}

// present: one machine has one clock.
func (e *sqliteEngine) present(_ context.Context, own time.Time) (time.Time, error) { return own, nil }

// ringWait: every group of changes reads floor and ceiling inside its own
// transaction, so no older floor can be in use.
func (e *sqliteEngine) ringWait() time.Duration { return 0 }

// overlap: all writers of the file share one clock; a change is given up ten
// seconds after its ids were drawn.
func (e *sqliteEngine) overlap() time.Duration { return 15 * time.Second }

func (e *sqliteEngine) empty(t tx, slot int32) error {
	_, err := t.exec(emptySlot.at(slot))
	return err
}

// sideBySide: one change runs after the other.
func (e *sqliteEngine) sideBySide() bool { return false }

// composite: SQLite has no statement that changes two tables.
func (e *sqliteEngine) composite() bool { return false }

// connections: of the writer there is one, and readers are taken for microseconds.
func (e *sqliteEngine) connections() (open, busy int, waits uint64, waited time.Duration) {
	return 0, 0, 0, 0
}

func (e *sqliteEngine) close() error {
	close(e.done)
	var errs []error
	if e.writer != nil {
		errs = append(errs, e.writer.close())
	}
	for range cap(e.free) { // waits for reads that are under way
		if r := <-e.free; r.conn != nil {
			r.conn.close()
		}
	}
	if e.poll != nil {
		errs = append(errs, e.poll.Close())
	}
	if e.reads != nil {
		errs = append(errs, e.reads.Close())
	}
	return errors.Join(errs...)
}

// plain puts a sentence with a remedy in front of the errors of SQLite that an
// operator can do something about.
func plain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("the file is no database of countersign, or it is damaged; restore a backup: %w", err)
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("the database file is damaged; stop the server and restore a backup: %w", err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("the disk of the database is full; free some space: %w", err)
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return fmt.Errorf("the database file cannot be opened for writing; check owner and mode of the directory: %w", err)
	}
	return err
}
