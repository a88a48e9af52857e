package sqlstore

import (
	"testing"

	"countersign/internal/sqlstore/sqlstoretest"
)

func postgresURL(t testing.TB) string { t.Helper(); return sqlstoretest.URL(t) }

func newSchema(t testing.TB) string { t.Helper(); return sqlstoretest.Schema(t) }

func withParam(t testing.TB, text, key, value string) string {
	t.Helper()
	return sqlstoretest.With(t, text, key, value)
}

// rawPostgres runs statements without this package's care.
func rawPostgres(t testing.TB, database string, statements ...string) {
	t.Helper()
	sqlstoretest.Exec(t, database, statements...)
}

// newPostgres is an empty database on PostgreSQL, and newPlainPostgres one whose
// changes are run statement by statement.
func newPostgres(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{clock: newClock()}
	c.o = Options{Database: newSchema(t), Now: c.clock.Now}
	c.tune = func(db *DB) { db.eng.(*postgresEngine).wait = 0 }
	return c
}

func newPlainPostgres(t *testing.T) *cluster {
	t.Helper()
	c := newPostgres(t)
	c.tune = func(db *DB) {
		e := db.eng.(*postgresEngine)
		e.wait, e.whole = 0, false
	}
	return c
}
