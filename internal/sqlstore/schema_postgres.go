package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// Whoever migrates looks twice: without the lock, and then with it.
	countTables = `SELECT count(*), count(*) FILTER (WHERE tablename = 'countersign_schema'), count(*) FILTER (WHERE tablename = 'countersign_copy')
FROM pg_tables WHERE schemaname = current_schema()`
	selectLevel  = `SELECT number, oldest FROM countersign_schema ORDER BY number DESC LIMIT 1`
	createLevels = `CREATE TABLE IF NOT EXISTS countersign_schema (number int4 NOT NULL PRIMARY KEY, name text NOT NULL, oldest int4 NOT NULL)`
	// lockLevels is a lock of a table, and ends with the transaction: it works
	// through a pooler, and where there are no advisory locks.
	lockLevels  = `LOCK TABLE countersign_schema IN EXCLUSIVE MODE`
	insertLevel = `INSERT INTO countersign_schema (number, name, oldest) VALUES ($1, $2, $3)`
	// A migration must not make the requests queue that come behind it.
	impatient = `SET LOCAL lock_timeout = '2s'`
)

var errForeignSchema = errors.New("the schema has tables of another program; give countersign a database or a schema of its own " +
	"(CREATE SCHEMA countersign, and ?search_path=countersign in --database)")

type pgQuerier interface {
	QueryRow(ctx context.Context, text string, args ...any) pgx.Row
}

// postgresLevel reads how far the schema is; nothing for an empty one. Tables of
// another program are refused before anything is touched.
func postgresLevel(ctx context.Context, q pgQuerier) (l level, err error) {
	found, _, err := readTables(ctx, q)
	if err != nil || !found {
		return l, err
	}
	err = q.QueryRow(ctx, selectLevel).Scan(&l.number, &l.oldest)
	if errors.Is(err, pgx.ErrNoRows) {
		return l, nil
	}
	return l, err
}

// readTables says whether there are tables of ours, and whether a copy into them is
// not finished.
func readTables(ctx context.Context, q pgQuerier) (found, copying bool, err error) {
	var tables, ours, copies int
	if err := q.QueryRow(ctx, countTables).Scan(&tables, &ours, &copies); err != nil {
		return false, false, err
	}
	if tables > 0 && ours == 0 {
		return false, false, errForeignSchema
	}
	return tables > 0, copies > 0, nil
}

// migratePostgres brings the schema to the newest level. Each migration is one
// transaction with its row: of several nodes one does it and the others find it
// done, and a crash leaves a whole number of migrations.
func migratePostgres(ctx context.Context, conn *pgx.Conn, all []migration, found level) error {
	for try := 0; found.number < len(all); {
		next, err := migrateNext(ctx, conn, all)
		switch {
		case err == nil:
			found, try = next, 0
		case raced(err) && pause(ctx, try, time.Second):
			try++
		default:
			return err
		}
	}
	return found.fit(len(all))
}

// raced: another node makes the same table, or somebody uses it just now.
func raced(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (again(e) || e.Code == "23505" || e.Code == "42P07")
}

func cannotCreate(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == codeNoRight
}

func migrateNext(ctx context.Context, conn *pgx.Conn, all []migration) (l level, err error) {
	t, err := conn.Begin(ctx)
	if err != nil {
		return l, err
	}
	defer t.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // after Commit it has nothing to do
	for _, text := range []string{impatient, createLevels, lockLevels} {
		if _, err := t.Exec(ctx, text); err != nil {
			return l, err
		}
	}
	if l, err = postgresLevel(ctx, t); err != nil || l.number >= len(all) {
		return l, err
	}
	next := all[l.number]
	if _, err := t.Exec(ctx, next.text); err != nil {
		return l, fmt.Errorf("migration %d (%s): %w", next.number, next.name, err)
	}
	if _, err := t.Exec(ctx, insertLevel, next.number, next.name, next.oldest); err != nil {
		return l, err
	}
	return level{next.number, next.oldest}, t.Commit(ctx)
}
