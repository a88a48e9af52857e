package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Copied says what a copy brought over.
type Copied struct {
	Tables []CopiedTable `json:"tables"`
}

// CopiedTable is one table of a copy, after both sides were counted and their
// checksums compared.
type CopiedTable struct {
	Name     string `json:"name"`
	Rows     int64  `json:"rows"`
	Checksum string `json:"checksum"`
}

// Errors of Copy.
var (
	errCopyWhere    = errors.New("a copy goes from --data DIR to --database URL: give both")
	errCopyFilled   = errors.New("the database has data already; copy into an empty one, or into a schema of its own")
	errCopyDiffers  = errors.New("the file was used since the copy began, or somebody changed the database: run the same command with --again, which begins anew")
	errCopyPending  = errors.New("a copy into this database is not finished: run countersign migrate copy again, it goes on where it was")
	errCopyNothing  = errors.New("there is no copy to begin anew in this database")
	errCopyInUse    = errors.New("the file is in use: stop the server first, so that nothing it acknowledges is left behind")
	errCopyMoved    = errors.New("these data moved to another database")
	errCopyNotMoved = errors.New("these data did not move")
)

const (
	// The table of a copy under way; a database that has it is not served.
	createCopy = `CREATE TABLE IF NOT EXISTS countersign_copy (name text NOT NULL PRIMARY KEY, place text NOT NULL, n int8 NOT NULL, ended int2 NOT NULL)`
	selectCopy = `SELECT place, n, ended FROM countersign_copy WHERE name = $1`
	putCopy    = `INSERT INTO countersign_copy (name, place, n, ended) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET place = excluded.place, n = excluded.n, ended = excluded.ended`
	dropCopy = `DROP TABLE countersign_copy`

	copyBatch = 5000
	movedMeta = "moved"
)

// Copy brings everything from a file to an empty PostgreSQL database. Nobody may
// use the file meanwhile. A copy that was cut short goes on where it was when it is
// run again; at the end both sides are read, counted and compared, and the file is
// marked, so that no server starts on it by mistake. again begins a copy anew that
// was not finished. tell, if set, is told about progress.
func Copy(ctx context.Context, o Options, again bool, tell func(table string, rows int64)) (Copied, error) {
	if o.Dir == "" || o.Database == "" {
		return Copied{}, errCopyWhere
	}
	if tell == nil {
		tell = func(string, int64) {}
	}
	from, err := openSource(ctx, o)
	if err != nil {
		return Copied{}, err
	}
	defer from.close()
	moved := refuseMoved(ctx, from.conn)
	to, err := openTarget(ctx, o)
	if err != nil {
		return Copied{}, fmt.Errorf("copy: %w", plainPostgres(err))
	}
	defer to.close()
	if moved != nil { // all but the last step was done, unless it was
		if !to.pending {
			return Copied{}, moved
		}
		_, err := to.conn.Exec(ctx, dropCopy)
		return Copied{Tables: []CopiedTable{}}, err
	}
	if err := to.begin(ctx, again, from.tables); err != nil {
		return Copied{}, fmt.Errorf("copy: %w", plainPostgres(err))
	}
	for _, t := range from.tables {
		if err := to.fill(ctx, from, t, tell); err != nil {
			return Copied{}, fmt.Errorf("copy %s: %w; run the same command again, it goes on where it was", t.name, plainPostgres(err))
		}
	}
	out, err := compare(ctx, from, to)
	if err != nil {
		return out, fmt.Errorf("compare the copy: %w", plainPostgres(err))
	}
	// The mark first: two databases that both serve would spend a code twice.
	if err := from.mark(ctx, time.Now()); err != nil {
		return out, fmt.Errorf("mark the file as moved: %w", err)
	}
	if _, err := to.conn.Exec(ctx, dropCopy); err != nil {
		return out, fmt.Errorf("end the copy: %w; run the same command again", plainPostgres(err))
	}
	return out, nil
}

// target is the database that is filled.
type target struct {
	conn    *pgx.Conn
	pending bool // a copy was begun
}

func (t *target) close() { _ = t.conn.Close(context.Background()) }

// openTarget makes the tables and finds out whether a copy goes on or begins.
func openTarget(ctx context.Context, o Options) (*target, error) {
	config, err := parseDatabase(o.Database)
	if err != nil {
		return nil, err
	}
	o.MustExist, o.ReadOnly, o.copying = false, false, true
	if err := preparePostgres(ctx, config.ConnConfig, &o); err != nil {
		return nil, err
	}
	conn, err := connectPostgres(ctx, config.ConnConfig)
	if err != nil {
		return nil, err
	}
	_, pending, err := readTables(ctx, conn)
	if err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return &target{conn, pending}, nil
}

func (t *target) begin(ctx context.Context, again bool, tables []table) error {
	switch {
	case t.pending && !again:
		return nil
	case again && !t.pending:
		return errCopyNothing
	}
	return pgx.BeginFunc(ctx, t.conn, func(q pgx.Tx) error {
		for _, table := range tables {
			var n int64
			if err := q.QueryRow(ctx, "SELECT count(*) FROM "+table.quoted()).Scan(&n); err != nil {
				return err
			}
			if n > table.born() && !again {
				return errCopyFilled
			}
			if _, err := q.Exec(ctx, "TRUNCATE TABLE "+table.quoted()); err != nil {
				return err
			}
		}
		if t.pending {
			if _, err := q.Exec(ctx, dropCopy); err != nil {
				return err
			}
		}
		_, err := q.Exec(ctx, createCopy)
		return err
	})
}

// fill copies what is left of a table, a batch in each transaction together with
// the place it reached.
func (t *target) fill(ctx context.Context, from *source, table table, tell func(string, int64)) error {
	var place string
	var done int64
	var ended int16
	err := t.conn.QueryRow(ctx, selectCopy, table.name).Scan(&place, &done, &ended)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	for ended == 0 {
		var after []any
		if after, err = table.parsePlace(place); err != nil {
			return err
		}
		batch, err := from.batch(ctx, table, after)
		if err != nil {
			return err
		}
		if len(batch) < copyBatch {
			ended = 1
		}
		if len(batch) > 0 {
			place = table.place(batch[len(batch)-1])
		}
		done += int64(len(batch))
		if err := t.put(ctx, table, batch, place, done, ended); err != nil {
			return err
		}
		tell(table.name, done)
	}
	return nil
}

func (t *target) put(ctx context.Context, table table, batch [][]any, place string, done int64, ended int16) error {
	return pgx.BeginFunc(ctx, t.conn, func(q pgx.Tx) error {
		if _, err := q.CopyFrom(ctx, pgx.Identifier{table.name}, table.names(), pgx.CopyFromRows(batch)); err != nil {
			return err
		}
		_, err := q.Exec(ctx, putCopy, table.name, place, done, ended)
		return err
	})
}

// cell is a value of a key as it is kept in the place of a copy.
type cell struct {
	N *int64  `json:"n,omitempty"`
	T *string `json:"t,omitempty"`
	B []byte  `json:"b,omitempty"`
}

// place says behind which row a copy goes on.
func (t table) place(row []any) string {
	var cells []cell
	for i, c := range t.columns {
		if c.key == 0 {
			continue
		}
		switch v := row[i].(type) {
		case int64:
			cells = append(cells, cell{N: &v})
		case string:
			cells = append(cells, cell{T: &v})
		case []byte:
			cells = append(cells, cell{B: v})
		}
	}
	text, _ := json.Marshal(cells) // numbers, texts and bytes
	return string(text)
}

func (t table) parsePlace(text string) (out []any, err error) {
	if text == "" {
		return nil, nil
	}
	var cells []cell
	if err := json.Unmarshal([]byte(text), &cells); err != nil {
		return nil, fmt.Errorf("the place of the copy: %w", err)
	}
	for _, c := range cells {
		switch {
		case c.N != nil:
			out = append(out, *c.N)
		case c.T != nil:
			out = append(out, *c.T)
		default:
			out = append(out, append([]byte{}, c.B...))
		}
	}
	return out, nil
}

// Unmove lets a file be served again that was copied: a way back, to what it was
// at the copy. Who serves both loses what the other one acknowledged.
func Unmove(ctx context.Context, o Options) error {
	from, err := openSource(ctx, o)
	if err != nil {
		return err
	}
	defer from.close()
	if refuseMoved(ctx, from.conn) == nil {
		return errCopyNotMoved
	}
	if _, err := from.conn.ExecContext(ctx, deleteMeta, movedMeta); err != nil {
		return plain(err)
	}
	_, err = from.conn.ExecContext(ctx, "COMMIT")
	return plain(err)
}
