package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// postgresTx is one change, or one read, on a connection. BEGIN travels with the
// first statement and COMMIT with the last one, where the change says which that
// is: most of the time of a change is round trips.
type postgresTx struct {
	ctx  context.Context
	conn *pgx.Conn
	e    *postgresEngine

	auto      bool      // no transaction: each statement is committed by itself
	begun     bool      // BEGIN was sent
	ended     bool      // COMMIT was sent, or a statement that is a transaction
	wrote     bool      // and answered
	broken    bool      // the connection is no more
	delivered bool      // somebody was given a row
	final     *lastExec // waits for COMMIT
}

type lastExec struct {
	text string
	args []any
}

// transact runs fn, and says how it ended.
func (t *postgresTx) transact(fn func(tx) error) error {
	if err := fn(t); err != nil {
		if errors.Is(err, errUnknown) {
			return err
		}
		t.rollBack()
		return t.refused(err)
	}
	if t.ended || !t.begun && t.final == nil {
		return nil
	}
	if err := t.hooked(t.commit); err != nil {
		return t.settled(err)
	}
	t.wrote = true
	return nil
}

// hooked lets a test stand before a commit.
func (t *postgresTx) hooked(commit func() error) error {
	if hook := t.e.onCommit.Load(); hook != nil {
		if err := (*hook)(commit); err != nil {
			t.broken = true // whatever it was, this connection is not to be trusted
			return err
		}
		return nil
	}
	return commit()
}

// each runs a statement, and BEGIN before the first one.
func (t *postgresTx) each(text string, args []any, row func(scan func(dest ...any) error) error) error {
	if err := t.flush(); err != nil {
		return err
	}
	t.e.stats.statements.Add(1)
	if t.auto || t.begun {
		rows, err := t.conn.Query(t.ctx, text, args...)
		return t.lost(t.drain(rows, err, row))
	}
	t.begun = true
	var b pgx.Batch
	b.Queue("BEGIN")
	b.Queue(text, args...)
	r := t.conn.SendBatch(t.ctx, &b)
	_, err := r.Exec()
	if err == nil {
		rows, failed := r.Query()
		err = t.drain(rows, failed, row)
	}
	return t.lost(errors.Join(err, r.Close()))
}

// drain reads the rows to their end.
func (t *postgresTx) drain(rows pgx.Rows, err error, row func(scan func(dest ...any) error) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		t.delivered = true
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t *postgresTx) one(text string, args []any, dest ...any) (bool, error) {
	found := false
	err := t.each(text, args, func(scan func(...any) error) error {
		found = true
		return scan(dest...)
	})
	return found, err
}

func (t *postgresTx) exec(text string, args ...any) (int64, error) {
	if err := t.flush(); err != nil {
		return 0, err
	}
	t.e.stats.statements.Add(1)
	if t.auto || t.begun {
		tag, err := t.conn.Exec(t.ctx, text, args...)
		return tag.RowsAffected(), t.lost(err)
	}
	t.begun = true
	var b pgx.Batch
	b.Queue("BEGIN")
	b.Queue(text, args...)
	tag, err := runBatch(t.ctx, t.conn, &b)
	return tag.RowsAffected(), t.lost(err)
}

// last runs a statement whose answer nobody needs. It travels with COMMIT, or
// with whatever comes next after all.
func (t *postgresTx) last(text string, args ...any) error {
	if t.auto {
		_, err := t.exec(text, args...)
		return err
	}
	if err := t.flush(); err != nil {
		return err
	}
	t.final = &lastExec{text, args}
	return nil
}

// flush runs what was taken for the last statement and is not.
func (t *postgresTx) flush() error {
	if t.final == nil {
		return nil
	}
	f := t.final
	t.final = nil
	_, err := t.exec(f.text, f.args...)
	return err
}

// whole runs a statement that is a transaction by itself. Whether it finds a row
// is the outcome; an answer that was lost is errUnknown.
func (t *postgresTx) whole(text string, args []any, dest ...any) (found bool, err error) {
	if t.begun {
		return t.one(text, args, dest...)
	}
	t.auto = true
	err = t.hooked(func() (err error) {
		found, err = t.one(text, args, dest...)
		return err
	})
	t.auto = false
	if err != nil {
		if err = t.settled(err); errors.Is(err, errUnknown) {
			t.ended = true
		}
		return false, err
	}
	if t.doubtful() {
		t.ended = true
		return false, fmt.Errorf("%w: %w", errUnknown, errWarned)
	}
	t.ended, t.wrote = found, found
	return found, nil
}

func (t *postgresTx) slots() (floor, ceil int32) { return t.e.lease.floor(), t.e.lease.ceil() }

// commit sends COMMIT, and what was kept for it.
func (t *postgresTx) commit() error {
	t.ended = true
	var b pgx.Batch
	if !t.begun {
		b.Queue("BEGIN")
	}
	if t.final != nil {
		t.e.stats.statements.Add(1)
		b.Queue(t.final.text, t.final.args...)
	}
	var tag pgconn.CommandTag
	var err error
	if b.Len() == 0 {
		tag, err = t.conn.Exec(t.ctx, "COMMIT")
	} else {
		b.Queue("COMMIT")
		tag, err = runBatch(t.ctx, t.conn, &b)
	}
	switch {
	case err != nil:
		return t.lost(err)
	case tag.String() == "ROLLBACK":
		return pgx.ErrTxCommitRollback
	case t.doubtful():
		return errWarned
	}
	return nil
}

var errWarned = errors.New("the database warned that no standby may have it")

func (t *postgresTx) doubtful() bool { return warned(t.conn.PgConn()) }

// runBatch runs statements in one round trip and answers for the last one.
func runBatch(ctx context.Context, conn *pgx.Conn, b *pgx.Batch) (tag pgconn.CommandTag, err error) {
	r := conn.SendBatch(ctx, b)
	for range b.Len() {
		if tag, err = r.Exec(); err != nil {
			break
		}
	}
	if failed := r.Close(); err == nil {
		err = failed
	}
	return tag, err
}

// lost notes that the connection ended, or cannot be used again.
func (t *postgresTx) lost(err error) error {
	if err != nil && (t.conn.IsClosed() || t.conn.PgConn().IsBusy() || t.ctx.Err() != nil) {
		t.broken = true
	}
	return err
}

// rollBack ends a transaction that may have ended already.
func (t *postgresTx) rollBack() {
	if t.begun && !t.broken {
		if _, err := t.conn.Exec(t.ctx, "ROLLBACK"); err != nil {
			t.broken = true
		}
	}
}

// drop closes the connection: its answers are out of step, or it is no more.
func (t *postgresTx) drop() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), 100*time.Millisecond)
	defer cancel()
	_ = t.conn.Close(ctx)
}
