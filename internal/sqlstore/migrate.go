package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
)

// Schema says how far a database is.
type Schema struct {
	Found   int         `json:"found"`  // the newest migration that was applied; 0: none
	Known   int         `json:"known"`  // the newest one this program knows
	Oldest  int         `json:"oldest"` // programs that know this schema may use the database
	Pending []Migration `json:"pending"`
}

// Migration is one change of the schema that was not applied yet.
type Migration struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
	Oldest int    `json:"oldest"` // programs that know this schema go on after it
	Text   string `json:"text"`
}

func schemaOf(l level, all []migration) Schema {
	s := Schema{Found: l.number, Known: len(all), Oldest: l.oldest, Pending: []Migration{}}
	for _, m := range all {
		if m.number > l.number {
			s.Pending = append(s.Pending, Migration{m.number, m.name, m.oldest, m.text})
		}
	}
	return s
}

// ReadSchema says how far a database is, and writes nothing. A database without
// tables is no error.
func ReadSchema(ctx context.Context, o Options) (Schema, error) {
	if o.Database == "" {
		return readFileSchema(ctx, o)
	}
	config, err := parseDatabase(o.Database)
	if err != nil {
		return Schema{}, err
	}
	conn, n, err := meetPostgres(ctx, config.ConnConfig)
	if err != nil {
		return Schema{}, plainPostgres(err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it only read
	o.ReadOnly = true                            // a standby may be asked
	if err := n.refuse(&o); err != nil {
		return Schema{}, err
	}
	return levelOf(ctx, conn)
}

func levelOf(ctx context.Context, conn *pgx.Conn) (Schema, error) {
	all, err := postgresDialect.migrations()
	if err != nil {
		return Schema{}, err
	}
	l, err := postgresLevel(ctx, conn)
	return schemaOf(l, all), plainPostgres(err)
}

func readFileSchema(ctx context.Context, o Options) (Schema, error) {
	if o.Dir == "" {
		return Schema{}, errNoDirectory
	}
	path, err := filePath(o)
	if err != nil {
		return Schema{}, err
	}
	all, err := sqliteDialect.migrations()
	if err != nil {
		return Schema{}, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return schemaOf(level{}, all), nil
	}
	db, err := sql.Open("sqlite", dsn(path, readDSN+"&mode=ro"))
	if err != nil {
		return Schema{}, err
	}
	defer db.Close() //nolint:errcheck // it only read
	l, err := schemaVersion(ctx, db)
	return schemaOf(l, all), plain(err)
}

// filePath is absolute, because a URL begins with the name of a host otherwise.
func filePath(o Options) (string, error) {
	dir, err := filepath.Abs(o.Dir)
	return filepath.Join(dir, fileName), err
}

// MigrateUp brings a database to the newest schema this program knows, or makes
// it, and says how far it was before. Programs that run meanwhile go on.
func MigrateUp(ctx context.Context, o Options) (before Schema, err error) {
	if before, err = ReadSchema(ctx, o); err != nil {
		return before, err
	}
	o.ReadOnly, o.MustExist = false, false
	if o.Database != "" {
		config, err := parseDatabase(o.Database)
		if err != nil {
			return before, err
		}
		return before, plainPostgres(preparePostgres(ctx, config.ConnConfig, &o))
	}
	e, err := openSQLite(ctx, &o, new(counters))
	if err != nil {
		return before, fmt.Errorf("migrate the database in %s: %w", o.Dir, err)
	}
	return before, e.close()
}
