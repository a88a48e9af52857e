package sqlstore

import (
	"context"
	"encoding/hex"
	"net/url"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"countersign/internal/secret"
)

// postgresURL is the server that the stage of the tests started; without one the
// test is skipped, and the stage says so.
func postgresURL(t testing.TB) string {
	t.Helper()
	u := os.Getenv("TEST_POSTGRES")
	if u == "" {
		t.Skip("TEST_POSTGRES names no PostgreSQL server")
	}
	return u
}

// newSchema makes an empty schema and gives the URL of it.
func newSchema(t testing.TB) string {
	t.Helper()
	base := postgresURL(t)
	name := "t_" + hex.EncodeToString(secret.Bytes(8))
	rawPostgres(t, base, "CREATE SCHEMA "+name)
	t.Cleanup(func() { rawPostgres(t, base, "DROP SCHEMA "+name+" CASCADE") })
	return withParam(t, base, "search_path", name)
}

// withParam adds to a URL.
func withParam(t testing.TB, text, key, value string) string {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(key, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// rawPostgres runs statements without this package's care.
func rawPostgres(t testing.TB, database string, statements ...string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			t.Fatal(s, err)
		}
	}
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
