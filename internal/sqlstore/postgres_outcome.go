package sqlstore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"countersign/internal/oauth"
)

// Codes of PostgreSQL that decide how a change ended.
const (
	codeSerialization = "40001"
	codeUnknown       = "40003" // of CockroachDB: the statement may have been applied
	codeDeadlock      = "40P01"
	codeLockTimeout   = "55P03"
	codeReadOnly      = "25006"
	codeDiskFull      = "53100"
	codeNoTable       = "42P01"
	codeNoRight       = "42501"
)

// refused tells an error of a statement before COMMIT was sent: whatever it was,
// nothing is written.
func (t *postgresTx) refused(err error) error {
	var e *pgconn.PgError
	switch {
	case errors.As(err, &e) && again(e):
		return fmt.Errorf("%w: %w", errNotApplied, err)
	case t.broken:
		return unreachable(err)
	}
	return writeRefused(err)
}

// settled tells an error of COMMIT, or of a statement that is a transaction. Only
// the server's own word that it failed proves that nothing was written; a library
// that calls an error safe to retry does not.
func (t *postgresTx) settled(err error) error {
	var e *pgconn.PgError
	switch {
	case errors.Is(err, pgx.ErrTxCommitRollback):
		return fmt.Errorf("%w: %w", errNotApplied, err)
	case errors.As(err, &e) && e.SeverityUnlocalized == "ERROR" && e.Code != codeUnknown && !t.broken:
		t.rollBack()
		if again(e) {
			return fmt.Errorf("%w: %w", errNotApplied, err)
		}
		return writeRefused(err)
	}
	return fmt.Errorf("%w: %w", errUnknown, err)
}

// again: the whole closure must run once more.
func again(e *pgconn.PgError) bool {
	switch e.Code {
	case codeSerialization, codeDeadlock, codeLockTimeout:
		return true
	}
	return e.SeverityUnlocalized != "ERROR" // the session was ended
}

// ErrCannotWrite refuses a change of a database that takes none at present: its
// disk is full, or it is a standby.
var ErrCannotWrite = oauth.Refuse(oauth.TemporarilyUnavailable, "store.cannot-write", "RFC 9110 §15.6.4",
	"the database takes no changes at present; ask again shortly")

// writeRefused tells clients to come back when nothing is wrong with what they
// sent.
func writeRefused(err error) error {
	if cannotWrite(err) {
		return fmt.Errorf("%w: %w", ErrCannotWrite.After(retryAfter), plainPostgres(err))
	}
	return plainPostgres(err)
}

// cannotWrite: the database takes no change at all.
func cannotWrite(err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case codeReadOnly, codeDiskFull, codeNoRight, codeNoTable:
		return true
	}
	return false
}

func isClosedPool(err error) bool { return strings.Contains(err.Error(), "closed pool") }

// plainPostgres puts a sentence with a remedy in front of the errors that an
// operator can do something about.
func plainPostgres(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return err
	}
	var what string
	switch e.Code {
	case codeReadOnly:
		what = "the database is read-only, a standby perhaps: name the primary in --database, or all hosts with target_session_attrs=read-write"
	case codeDiskFull:
		what = "the disk of the database is full; free some space"
	case codeNoRight:
		what = "the role of --database lacks a right; let it own the schema, or grant it SELECT, INSERT, UPDATE, DELETE and TRUNCATE on every table of it"
	case "28P01", "28000":
		what = "the database did not let the role of --database in; check user, password and pg_hba.conf"
	case "3D000":
		what = "the database that --database names does not exist; make it with CREATE DATABASE"
	case "53300":
		what = "the database has no connection left; raise max_connections, or lower pool_max_conns in --database"
	default:
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}
