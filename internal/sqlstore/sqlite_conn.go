package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// sqliteConn is one connection with its prepared statements. It belongs to one
// goroutine at a time. Statements run without a cancellable context: cancelling
// one costs a goroutine each, and they take microseconds. For the same reason
// they are the driver's own: database/sql would lock, look up and convert for
// each of them what is settled here.
type sqliteConn struct {
	conn        *sql.Conn
	stmts       map[string]statement
	stats       *counters
	floor, ceil int32
}

// statement is a prepared statement of the driver.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func newSQLiteConn(conn *sql.Conn, stats *counters) *sqliteConn {
	return &sqliteConn{conn: conn, stmts: map[string]statement{}, stats: stats}
}

// run has the statement and its arguments ready, and do run it.
func (c *sqliteConn) run(text string, args []any, do func(s statement, args []driver.NamedValue) error) error {
	c.stats.statements.Add(1)
	values, err := named(args)
	if err != nil {
		return err
	}
	return c.conn.Raw(func(raw any) error {
		s := c.stmts[text]
		if s == nil {
			if s, err = prepare(raw, text); err != nil {
				return err
			}
			c.stmts[text] = s
		}
		return do(s, values)
	})
}

func prepare(raw any, text string) (statement, error) {
	conn, ok := raw.(driver.Conn)
	if !ok {
		return nil, fmt.Errorf("a %T is no connection", raw)
	}
	s, err := conn.Prepare(text)
	if err != nil {
		return nil, err
	}
	if s, ok := s.(statement); ok {
		return s, nil
	}
	return nil, errors.Join(fmt.Errorf("a %T is no statement that can be run here", s), s.Close())
}

func (c *sqliteConn) one(text string, args []any, dest ...any) (bool, error) {
	found := false
	err := c.each(text, args, func(scan func(...any) error) error {
		found = true
		return scan(dest...)
	})
	return found, err
}

func (c *sqliteConn) exec(text string, args ...any) (n int64, err error) {
	err = c.run(text, args, func(s statement, args []driver.NamedValue) error {
		res, err := s.ExecContext(context.Background(), args)
		if err == nil {
			n, err = res.RowsAffected()
		}
		return err
	})
	return n, err
}

// last is exec: no round trip can be saved.
func (c *sqliteConn) last(text string, args ...any) error {
	_, err := c.exec(text, args...)
	return err
}

func (c *sqliteConn) whole(text string, args []any, dest ...any) (bool, error) {
	return c.one(text, args, dest...)
}

// each reads the rows to their end and closes them: an open statement would keep
// the transaction open. row must not run a statement on this connection.
func (c *sqliteConn) each(text string, args []any, row func(scan func(dest ...any) error) error) error {
	return c.run(text, args, func(s statement, args []driver.NamedValue) error {
		rows, err := s.QueryContext(context.Background(), args)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Next says it all
		values := make([]driver.Value, len(rows.Columns()))
		scan := func(dest ...any) error { return assign(values, dest) }
		for {
			err := rows.Next(values)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err == nil {
				err = row(scan)
			}
			if err != nil {
				return err
			}
		}
	})
}

func (c *sqliteConn) slots() (floor, ceil int32) { return c.floor, c.ceil }

// readSlots takes floor and ceiling from the database, inside the transaction
// that will use them.
func (c *sqliteConn) readSlots() error {
	_, err := c.one(selectSlots, nil, &c.floor, &c.ceil)
	return err
}

// close gives the connection up for good: it is not used again by the pool.
func (c *sqliteConn) close() {
	_ = c.conn.Raw(func(any) error {
		for _, s := range c.stmts {
			_ = s.Close()
		}
		return driver.ErrBadConn
	})
	_ = c.conn.Close()
}
