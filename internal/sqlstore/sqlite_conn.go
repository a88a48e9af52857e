package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// sqliteConn is one connection with its prepared statements. It belongs to one
// goroutine at a time. Statements run without a cancellable context: cancelling
// one costs a goroutine each, and they take microseconds.
type sqliteConn struct {
	conn        *sql.Conn
	stmts       map[string]*sql.Stmt
	stats       *counters
	floor, ceil int32
}

func newSQLiteConn(conn *sql.Conn, stats *counters) *sqliteConn {
	return &sqliteConn{conn: conn, stmts: map[string]*sql.Stmt{}, stats: stats}
}

func (c *sqliteConn) stmt(text string) (*sql.Stmt, error) {
	c.stats.statements.Add(1)
	if s := c.stmts[text]; s != nil {
		return s, nil
	}
	s, err := c.conn.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	c.stmts[text] = s
	return s, nil
}

func (c *sqliteConn) one(text string, args []any, dest ...any) (bool, error) {
	found := false
	err := c.each(text, args, func(scan func(...any) error) error {
		found = true
		return scan(dest...)
	})
	return found, err
}

func (c *sqliteConn) exec(text string, args ...any) (int64, error) {
	s, err := c.stmt(text) //nolint:sqlclosecheck // kept until the connection ends
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// each reads the rows to their end and closes them: an open statement would keep
// the transaction open.
func (c *sqliteConn) each(text string, args []any, row func(scan func(dest ...any) error) error) error {
	s, err := c.stmt(text) //nolint:sqlclosecheck // kept until the connection ends
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err below says it all
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
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
	for _, s := range c.stmts {
		_ = s.Close()
	}
	_ = c.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = c.conn.Close()
}
