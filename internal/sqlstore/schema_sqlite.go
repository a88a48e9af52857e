package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
)

// migrateSQLite brings the file to the newest schema. Each migration is one
// transaction with its row in schema_version, begun as a writer: of several
// processes one migrates, the others find it done, and a crash leaves a whole
// number of migrations.
func migrateSQLite(ctx context.Context, db *sql.DB) error {
	all, err := sqliteDialect.migrations()
	if err != nil {
		return err
	}
	for done := false; !done; {
		if done, err = migrateOne(ctx, db, all); err != nil {
			return err
		}
	}
	return nil
}

func migrateOne(ctx context.Context, db *sql.DB, all []migration) (done bool, err error) {
	found, err := schemaVersion(ctx, db)
	if err != nil {
		return false, err
	}
	if found.number >= len(all) { // the usual case takes no write lock
		return true, found.fit(len(all))
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	found, err = schemaVersion(ctx, tx) // again: now nobody else can change it
	if err != nil || found.number >= len(all) {
		return err == nil, err
	}
	next := all[found.number]
	for _, text := range prepareVersion(found) {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return false, err
		}
	}
	if _, err := tx.ExecContext(ctx, next.text); err != nil {
		return false, fmt.Errorf("migration %d (%s): %w", next.number, next.name, err)
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO schema_version (number, name, oldest) VALUES ($1, $2, $3)", next.number, next.name, next.oldest)
	if err != nil {
		return false, err
	}
	return false, tx.Commit()
}

// prepareVersion makes the table of migrations.
func prepareVersion(found level) []string {
	if found.number == 0 {
		return []string{
			fmt.Sprintf("PRAGMA application_id = %d", applicationID),
			"CREATE TABLE schema_version (number int4 NOT NULL PRIMARY KEY, name text NOT NULL, oldest int4 NOT NULL DEFAULT 0) WITHOUT ROWID",
		}
	}
	if found.oldest == 0 { // of a program that did not write it yet
		return []string{"ALTER TABLE schema_version ADD COLUMN oldest int4 NOT NULL DEFAULT 0"}
	}
	return nil
}

type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// schemaVersion reads the level of the file; nothing for an empty one. A file of
// another program is refused before anything is touched.
func schemaVersion(ctx context.Context, q rowQuerier) (l level, err error) {
	var id, tables, columns int
	// In this order: whoever migrates meanwhile sets the id with the first table.
	if err := q.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return l, err
	}
	if err := q.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return l, err
	}
	if tables == 0 && id == 0 {
		return l, nil
	}
	if id != applicationID {
		return l, errForeign
	}
	if err := q.QueryRowContext(ctx, "SELECT count(*) FROM pragma_table_info('schema_version') WHERE name = 'oldest'").Scan(&columns); err != nil {
		return l, err
	}
	text := "SELECT max(number), 0 FROM schema_version"
	if columns > 0 {
		text = "SELECT number, oldest FROM schema_version ORDER BY number DESC LIMIT 1"
	}
	return l, q.QueryRowContext(ctx, text).Scan(&l.number, &l.oldest)
}

// checkSQLite is what a reader asks, which may not migrate.
func checkSQLite(ctx context.Context, db *sql.DB) error {
	all, err := sqliteDialect.migrations()
	if err != nil {
		return err
	}
	found, err := schemaVersion(ctx, db)
	if err != nil {
		return err
	}
	return found.current(len(all))
}
