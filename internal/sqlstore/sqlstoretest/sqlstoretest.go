// Package sqlstoretest gives tests a place in PostgreSQL: a schema that nobody
// else uses and that goes with the test. It knows nothing of what is put there.
package sqlstoretest

import (
	"context"
	"encoding/hex"
	"net/url"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"countersign/internal/secret"
)

// URL is that of the server which the stage of the tests started. Without one the
// test is skipped, and the stage says so.
func URL(t testing.TB) string {
	t.Helper()
	u := os.Getenv("TEST_POSTGRES")
	if u == "" {
		t.Skip("TEST_POSTGRES names no PostgreSQL server")
	}
	return u
}

// Schema makes an empty schema and gives the URL of it.
func Schema(t testing.TB) string {
	t.Helper()
	base := URL(t)
	name := "t_" + hex.EncodeToString(secret.Bytes(8))
	Exec(t, base, "CREATE SCHEMA "+name)
	t.Cleanup(func() { Exec(t, base, "DROP SCHEMA "+name+" CASCADE") })
	return With(t, base, "search_path", name)
}

// With adds a parameter to a URL.
func With(t testing.TB, text, key, value string) string {
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

// Exec runs statements on a connection of its own.
func Exec(t testing.TB, database string, statements ...string) {
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
