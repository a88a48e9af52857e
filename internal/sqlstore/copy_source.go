package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// table is a table as a copy sees it: columns and which of them make the key.
type table struct {
	name    string
	columns []column
}

type column struct {
	name    string
	kind    string
	notNull bool
	key     int // its place in the primary key, from 1
}

func (t table) quoted() string { return pgx.Identifier{t.name}.Sanitize() }

// born is how many rows the migrations themselves put in.
func (t table) born() int64 {
	if t.name == "config_version" {
		return 1
	}
	return 0
}

func (t table) names() []string {
	out := make([]string, len(t.columns))
	for i, c := range t.columns {
		out[i] = c.name
	}
	return out
}

// selection reads a batch in the order of the key, or everything.
func (t table) selection(after []any) string {
	var keys, params []string
	for _, c := range t.columns { // our keys lead the columns, in their order
		if c.key > 0 {
			keys = append(keys, c.name)
			params = append(params, "$"+strconv.Itoa(len(keys)))
		}
	}
	text := "SELECT " + strings.Join(t.names(), ", ") + " FROM " + t.name
	if after != nil {
		text += " WHERE (" + strings.Join(keys, ", ") + ") > (" + strings.Join(params, ", ") + ")"
	}
	return text + " ORDER BY " + strings.Join(keys, ", ") + " LIMIT " + strconv.Itoa(copyBatch)
}

// source is a file that nobody else uses: one transaction, from the first look to
// the mark.
type source struct {
	db     *sql.DB
	conn   *sql.Conn
	tables []table
}

// openSource takes the file for itself and brings it to the newest schema.
func openSource(ctx context.Context, o Options) (_ *source, err error) {
	path, err := filePath(o)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s does not exist; check --data", ErrNoDatabase, path)
	}
	if err := refuseForeign(ctx, path); err != nil {
		return nil, plain(err)
	}
	db, err := sql.Open("sqlite", dsn(path, sourceDSN))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	s := &source{db: db}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if err := migrateSQLite(ctx, db); err != nil {
		return nil, plain(err)
	}
	if s.conn, err = db.Conn(ctx); err != nil {
		return nil, plain(err)
	}
	if err := s.lock(ctx); isBusy(err) {
		return nil, fmt.Errorf("%w: %w", errCopyInUse, err)
	} else if err != nil {
		return nil, plain(err)
	}
	s.tables, err = readSource(ctx, s.conn)
	return s, err
}

// lock takes the file. A file leaves WAL mode only when nobody else has it open,
// and is then locked for readers, too. The next server puts it back.
func (s *source) lock(ctx context.Context) error {
	var mode string
	if err := s.conn.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode); err != nil {
		return err
	}
	if _, err := s.conn.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		return err
	}
	err := s.conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode)
	if err == nil && mode != "delete" {
		err = errCopyInUse
	}
	return err
}

const sourceDSN = "&_txlock=immediate&_pragma=synchronous(FULL)&_pragma=temp_store(MEMORY)"

func (s *source) close() {
	if s.conn != nil {
		_, _ = s.conn.ExecContext(context.Background(), "ROLLBACK") // there is none after the mark
		_ = s.conn.Close()
	}
	_ = s.db.Close()
}

// readSource lists the tables that a copy takes: all but the one of the engine.
func readSource(ctx context.Context, db *sql.Conn) (out []table, err error) {
	rows, err := db.QueryContext(ctx, `SELECT m.name, p.name, p.type, p."notnull", p.pk FROM sqlite_schema m, pragma_table_info(m.name) p
WHERE m.type = 'table' AND m.name <> 'schema_version' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, p.cid`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err says it all
	for rows.Next() {
		var name string
		var c column
		if err := rows.Scan(&name, &c.name, &c.kind, &c.notNull, &c.key); err != nil {
			return nil, err
		}
		if len(out) == 0 || out[len(out)-1].name != name {
			out = append(out, table{name: name})
		}
		t := &out[len(out)-1]
		t.columns = append(t.columns, c)
	}
	return out, rows.Err()
}

// batch reads rows behind a place, in the order of the key.
func (s *source) batch(ctx context.Context, t table, after []any) ([][]any, error) {
	rows, err := s.conn.QueryContext(ctx, t.selection(after), after...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err says it all
	var out [][]any
	for rows.Next() {
		row := make([]any, len(t.columns))
		into := make([]any, len(row))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for i, c := range t.columns { // the driver does not tell empty bytes from none
			if row[i] == nil && c.notNull && c.kind == "bytea" {
				row[i] = []byte{}
			}
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// mark says in the file that its data moved, and ends the transaction.
func (s *source) mark(ctx context.Context, now time.Time) error {
	if _, err := s.conn.ExecContext(ctx, putMeta, movedMeta, []byte(now.UTC().Format(time.RFC3339))); err != nil {
		return plain(err)
	}
	_, err := s.conn.ExecContext(ctx, "COMMIT")
	return plain(err)
}

// refuseMoved keeps a server off data that live elsewhere now.
func refuseMoved(ctx context.Context, q rowQuerier) error {
	var when []byte
	err := q.QueryRowContext(ctx, selectMeta, movedMeta).Scan(&when)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%w, at %s: serve them with --database; what they were then is served again after countersign migrate back", errCopyMoved, when)
}
