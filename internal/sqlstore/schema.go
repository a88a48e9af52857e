package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// schemas holds the migrations, one folder for each engine. A file is never
// changed once it was released; a change of schema is the next number. Expand
// first, contract one release later, so that two releases share a schema.
//
//go:embed schema
var schemas embed.FS

type migration struct {
	number int
	name   string
	text   string
}

// migrations reads the files NNNN_name.sql of an engine, in order.
func migrations(engine string) ([]migration, error) {
	dir := path.Join("schema", engine)
	files, err := fs.ReadDir(schemas, dir)
	if err != nil {
		return nil, err
	}
	var out []migration
	for _, f := range files {
		digits, name, _ := strings.Cut(strings.TrimSuffix(f.Name(), ".sql"), "_")
		number, err := strconv.Atoi(digits)
		if err != nil || number != len(out)+1 {
			return nil, fmt.Errorf("migration %s is not number %d", f.Name(), len(out)+1)
		}
		text, err := schemas.ReadFile(path.Join(dir, f.Name()))
		if err != nil {
			return nil, err
		}
		out = append(out, migration{number, name, string(text)})
	}
	return out, nil
}

var errForeign = errors.New("the file is a database of another program; give countersign a directory of its own")

// newerSchema tells what to do about a database that a later release migrated.
func newerSchema(found, known int) error {
	return fmt.Errorf("the database has schema %d and this program knows %d: run the newer countersign that wrote it, "+
		"or restore a backup made before the upgrade", found, known)
}

// migrateSQLite brings the file to the newest schema. Each migration is one
// transaction with its row in schema_version, begun as a writer: of several
// processes one migrates, the others find it done, and a crash leaves a whole
// number of migrations.
func migrateSQLite(ctx context.Context, db *sql.DB) error {
	all, err := migrations("sqlite")
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
	if found == len(all) { // the usual case takes no write lock
		return true, nil
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	found, err = schemaVersion(ctx, tx) // again: now nobody else can change it
	if err != nil || found >= len(all) {
		if err == nil && found > len(all) {
			err = newerSchema(found, len(all))
		}
		return err == nil, err
	}
	next := all[found]
	if found == 0 {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
			return false, err
		}
		if _, err := tx.ExecContext(ctx, "CREATE TABLE schema_version (number int4 NOT NULL PRIMARY KEY, name text NOT NULL) WITHOUT ROWID"); err != nil {
			return false, err
		}
	}
	if _, err := tx.ExecContext(ctx, next.text); err != nil {
		return false, fmt.Errorf("migration %d (%s): %w", next.number, next.name, err)
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO schema_version (number, name) VALUES ($1, $2)", next.number, next.name); err != nil {
		return false, err
	}
	return false, tx.Commit()
}

type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// schemaVersion reads the number of the newest migration in the file; 0 for an
// empty one. A file of another program is refused before anything is touched.
func schemaVersion(ctx context.Context, q rowQuerier) (int, error) {
	var id, tables, version int
	// In this order: whoever migrates meanwhile sets the id with the first table.
	if err := q.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return 0, err
	}
	if err := q.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return 0, err
	}
	if tables == 0 && id == 0 {
		return 0, nil
	}
	if id != applicationID {
		return 0, errForeign
	}
	err := q.QueryRowContext(ctx, "SELECT max(number) FROM schema_version").Scan(&version)
	return version, err
}

// checkSchema is what a reader asks, which may not migrate.
func checkSchema(ctx context.Context, db *sql.DB) error {
	all, err := migrations("sqlite")
	if err != nil {
		return err
	}
	found, err := schemaVersion(ctx, db)
	switch {
	case err != nil:
		return err
	case found > len(all):
		return newerSchema(found, len(all))
	case found < len(all):
		return fmt.Errorf("the database has schema %d and this program needs %d: start the server once, it migrates", found, len(all))
	}
	return nil
}
