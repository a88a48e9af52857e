package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	groupMax  = 64   // changes in one commit
	queueRoom = 1024 // changes that may wait
)

// op is one change that waits for the writer.
type op struct {
	fn    func(tx) error
	err   error // what fn said
	state atomic.Int32
	done  chan error
}

// States of an op: only one of writer and caller moves it out of opWaiting.
const (
	opWaiting = iota
	opTaken   // the writer runs it
	opGiven   // the caller went away before the writer came
)

// writer is the only goroutine that changes the file in this process. It takes
// what waits, up to groupMax changes, runs each in a savepoint of one
// transaction, commits once and only then answers: the fsync, which costs most
// by far, is shared, and it is also the pause in which the next group gathers.
type writer struct {
	db    *sql.DB
	conn  *sqliteConn
	queue chan *op
	stats *counters

	stall time.Duration // how long a caller waits for a disk that does not answer

	quit    chan struct{}
	stopped chan struct{}
	closing sync.Once
	started atomic.Bool

	// onCommit, if set, stands between the writer and COMMIT: tests lose answers
	// and roll back with it.
	onCommit atomic.Pointer[commitHook]

	mu    sync.Mutex
	cause error // why the last commit failed
}

type commitHook func(commit func() error) error

func openWriter(ctx context.Context, path string, stats *counters) (*writer, error) {
	db, err := sql.Open("sqlite", dsn(path, writeDSN))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	w := &writer{
		db: db, stats: stats, queue: make(chan *op, queueRoom), stall: holdUnknown,
		quit: make(chan struct{}), stopped: make(chan struct{}),
	}
	return w, db.PingContext(ctx)
}

// change queues fn and waits for the commit of its group.
func (w *writer) change(ctx context.Context, fn func(tx) error) error {
	o := &op{fn: fn, done: make(chan error, 1)}
	select {
	case <-w.quit:
		return ErrClosed
	default:
	}
	select {
	case w.queue <- o:
	default:
		w.stats.refused.Add(1)
		return ErrBusy.After(retryAfter)
	}
	stall := time.NewTimer(w.stall)
	defer stall.Stop()
	select {
	case err := <-o.done:
		return err
	case <-ctx.Done():
		if o.state.CompareAndSwap(opWaiting, opGiven) {
			return context.Cause(ctx)
		}
	case <-stall.C: // a disk that does not answer
		if o.state.CompareAndSwap(opWaiting, opGiven) {
			return errNotApplied
		}
		return errUnknown
	case <-w.stopped:
		return w.late(o)
	}
	select { // the caller is gone, but its change is under way: what became of it?
	case err := <-o.done:
		return err
	case <-stall.C:
		return errUnknown
	}
}

// late answers a change that was queued while the writer stopped.
func (w *writer) late(o *op) error {
	select {
	case err := <-o.done:
		return err
	default:
		return ErrClosed
	}
}

func (w *writer) run() {
	w.started.Store(true)
	defer close(w.stopped)
	group := make([]*op, 0, groupMax)
	for {
		select {
		case o := <-w.queue:
			group = w.gather(append(group[:0], o))
		case <-w.quit:
			if group = w.gather(group[:0]); len(group) == 0 {
				return
			}
		}
		if len(group) > 0 {
			w.commit(group)
		}
	}
}

// gather takes what waits. Those who were just answered get the processor first:
// in a busy server they bring the next changes.
func (w *writer) gather(group []*op) []*op {
	runtime.Gosched()
	for len(group) < groupMax {
		select {
		case o := <-w.queue:
			group = append(group, o)
		default:
			return w.take(group)
		}
	}
	return w.take(group)
}

// take leaves out the changes whose callers went away.
func (w *writer) take(group []*op) []*op {
	kept := group[:0]
	for _, o := range group {
		if o.state.CompareAndSwap(opWaiting, opTaken) {
			kept = append(kept, o)
		}
	}
	return kept
}

// commit runs the group in one transaction and answers every member.
func (w *writer) commit(group []*op) {
	err := w.transact(group)
	w.note(err)
	w.stats.group(len(group), err == nil)
	for _, o := range group {
		switch {
		case err == nil:
			o.done <- o.err
		case isBusy(err):
			o.done <- fmt.Errorf("%w: %w", errNotApplied, err)
		default:
			o.done <- fmt.Errorf("%w: %w", errUnknown, plain(err))
		}
	}
}

// transact commits the group. Its error concerns every member: BUSY says that
// nothing began, everything else that the outcome is unknown.
func (w *writer) transact(group []*op) error {
	if err := w.begin(); err != nil {
		return err
	}
	for _, o := range group {
		if err := w.step(o, len(group) > 1); err != nil {
			w.rollBack()
			return err
		}
	}
	commit := func() error {
		_, err := w.conn.exec("COMMIT")
		return err
	}
	if hook := w.onCommit.Load(); hook != nil {
		plain := commit
		commit = func() error { return (*hook)(plain) }
	}
	err := commit()
	if err != nil {
		w.rollBack()
		if isBusy(err) {
			return fmt.Errorf("commit: %s", err.Error()) // COMMIT was sent: not the BUSY of a begin
		}
	}
	return err
}

func (w *writer) begin() error {
	if w.conn == nil {
		conn, err := w.db.Conn(context.Background())
		if err != nil {
			return err
		}
		w.conn = newSQLiteConn(conn, w.stats)
	}
	_, err := w.conn.exec("BEGIN IMMEDIATE")
	if err == nil {
		if err = w.conn.readSlots(); err != nil {
			w.rollBack()
		}
	} else if !isBusy(err) { // a connection in a state we do not know: take a new one
		w.conn.close()
		w.conn = nil
	}
	return err
}

// step runs one change. A change that fails is undone alone; its neighbours
// commit. The error returned is one of the whole group.
func (w *writer) step(o *op, savepoint bool) error {
	if savepoint {
		if _, err := w.conn.exec("SAVEPOINT one"); err != nil {
			return err
		}
	}
	if o.err = o.fn(w.conn); o.err == nil {
		if savepoint {
			_, err := w.conn.exec("RELEASE one")
			return err
		}
		return nil
	}
	if isFault(o.err) {
		return o.err
	}
	if !savepoint { // alone: the empty transaction that is left commits as nothing
		if _, err := w.conn.exec("ROLLBACK"); err != nil {
			return err
		}
		_, err := w.conn.exec("BEGIN")
		return err
	}
	if _, err := w.conn.exec("ROLLBACK TO one"); err != nil {
		return err
	}
	_, err := w.conn.exec("RELEASE one")
	return err
}

// rollBack ends a transaction that SQLite may have ended already.
func (w *writer) rollBack() {
	_, _ = w.conn.exec("ROLLBACK")
}

// note remembers why the file could not be written. A commit that succeeds does
// not take it away, because it may have had nothing to write.
func (w *writer) note(err error) {
	if err == nil || isBusy(err) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cause = err
}

func (w *writer) fault() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return plain(w.cause)
}

// recovered forgets the fault: something was written.
func (w *writer) recovered() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cause = nil
}

// close writes what is queued and ends the goroutine.
func (w *writer) close() error {
	w.closing.Do(func() { close(w.quit) })
	if w.started.Load() {
		<-w.stopped
	}
	if w.conn != nil {
		w.conn.close()
	}
	return w.db.Close()
}

func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// isBusy: another process holds the write lock; nothing of ours began.
func isBusy(err error) bool {
	c := code(err)
	return c == sqlite3.SQLITE_BUSY || c == sqlite3.SQLITE_LOCKED
}

// isFault: the file or the machine failed, not the statement. SQLite may have
// rolled back the whole transaction.
func isFault(err error) bool {
	switch code(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_CORRUPT,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB,
		sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PERM:
		return true
	}
	return false
}
