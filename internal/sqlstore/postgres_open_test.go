package sqlstore

import (
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// newRole makes a role that may log in and owns nothing.
func newRole(t *testing.T) string {
	t.Helper()
	base := postgresURL(t)
	role := "r_" + hex.EncodeToString(secret.Bytes(8))
	rawPostgres(t, base, "CREATE ROLE "+role+" LOGIN")
	t.Cleanup(func() { rawPostgres(t, base, "DROP OWNED BY "+role, "DROP ROLE "+role) })
	return role
}

// tables are what is in a schema, with how many rows.
func tables(t *testing.T, database string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT relname || ' ' || reltuples FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func schemaName(database string) string {
	return database[strings.LastIndex(database, "search_path=")+len("search_path="):]
}

// TestPostgresRefuses: each fault is one clear sentence, and nothing is touched.
func TestPostgresRefuses(t *testing.T) {
	full := func(t *testing.T, database string) { _ = open(t, Options{Database: database}).Close() }
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, database string) string // gives the URL to open, if it is another one
		options Options
		want    string
	}{
		{"no server", func(*testing.T, string) string { return "postgres://cs:hush@127.0.0.1:1/cs" }, Options{}, "no server answers as --database says"},
		{"no such database", func(_ *testing.T, database string) string {
			return strings.Replace(database, "/postgres?", "/nowhere?", 1)
		}, Options{}, "does not exist; make it with CREATE DATABASE"},
		{"no such schema", func(t *testing.T, database string) string {
			return withParam(t, database, "search_path", "nowhere")
		}, Options{}, "names no schema that exists"},
		{"no such role", func(t *testing.T, database string) string {
			return withParam(t, database, "user", "nobody_at_all")
		}, Options{}, "did not let the role of --database in"},
		{"a role that may make nothing", func(t *testing.T, database string) string {
			role := newRole(t)
			rawPostgres(t, database, "GRANT USAGE ON SCHEMA "+schemaName(database)+" TO "+role)
			return withParam(t, database, "user", role)
		}, Options{}, "may not make tables in schema"},
		{"a role that may not change everything", func(t *testing.T, database string) string {
			full(t, database)
			role, schema := newRole(t), schemaName(database)
			rawPostgres(t, database, "GRANT USAGE ON SCHEMA "+schema+" TO "+role, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "+schema+" TO "+role)
			return withParam(t, database, "user", role)
		}, Options{}, "lacks rights on spent_0, spent_1"},
		{"a server that takes no changes", func(t *testing.T, database string) string {
			return withParam(t, database, "default_transaction_read_only", "on")
		}, Options{}, "read-only, a standby perhaps: name the primary"},
		{"a server that loses what it acknowledged", func(t *testing.T, database string) string {
			return withParam(t, database, "synchronous_commit", "off")
		}, Options{}, "synchronous_commit is off"},
		{"the simple protocol", func(t *testing.T, database string) string {
			return withParam(t, database, "default_query_exec_mode", "simple_protocol")
		}, Options{}, "values are pasted into the text"},
		{"tables of another program", func(t *testing.T, database string) string {
			rawPostgres(t, database, "CREATE TABLE recipes (title text)")
			return ""
		}, Options{}, "tables of another program; give countersign a database or a schema"},
		{"a newer schema", func(t *testing.T, database string) string {
			full(t, database)
			rawPostgres(t, database, "INSERT INTO countersign_schema (number, name, oldest) VALUES (999, 'future', 998)")
			return ""
		}, Options{}, "run the newer countersign that wrote it"},
		{"a slip in the URL", nil, Options{MustExist: true}, "has no tables of countersign; check --database"},
		{"read-only without tables", nil, Options{ReadOnly: true}, "has no tables of countersign; check --database"},
	} {
		t.Run(c.name, func(t *testing.T) {
			database := newSchema(t)
			c.options.Database = database
			if c.prepare != nil {
				if u := c.prepare(t, database); u != "" {
					c.options.Database = u
				}
			}
			before := tables(t, database)
			db, err := Open(t.Context(), c.options)
			if err == nil {
				_ = db.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v\nwant a sentence with: %s", err, c.want)
			}
			if after := tables(t, database); !slices.Equal(before, after) {
				t.Errorf("the schema was changed:\n%v\n%v", before, after)
			}
		})
	}
}

// TestPostgresURL: what is no URL of PostgreSQL is refused without its text,
// which may hold a password.
func TestPostgresURL(t *testing.T) {
	for _, bad := range []string{"http://cs:hush@localhost/cs", "host=localhost password=hush", "postgres://cs:hush@localhost:port/cs", "postgres://cs:hush@localhost/cs?sslmode=maybe"} {
		_, err := Open(t.Context(), Options{Database: bad})
		if !errors.Is(err, errDatabaseURL) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%v, want that it is no URL, and no password", err)
		}
	}
}

// TestPostgresServers: what a server says about itself is enough to refuse it.
func TestPostgresServers(t *testing.T) {
	schema := "public"
	good := nature{version: "PostgreSQL 15.1", number: 150001, readOnly: "off", encoding: "UTF8", lasting: "on", role: "cs", schema: &schema}
	for want, change := range map[string]func(n *nature){
		"":                            func(*nature) {},
		"PostgreSQL 14.11: 15 or new": func(n *nature) { n.number = 140011 },
		"encoded in LATIN1":           func(n *nature) { n.encoding = "LATIN1" },
		"a standby perhaps":           func(n *nature) { n.standby = true },
	} {
		n := good
		change(&n)
		err := n.refuse(&Options{})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	other := good
	other.version, other.number = "CockroachDB CCL v25.2", 130000
	if err := other.refuse(&Options{}); err != nil {
		t.Errorf("a server that counts its versions itself: %v", err)
	}
}

// TestPostgresShared: an older program goes on with a schema that a newer one
// extended, if the newer one says so.
func TestPostgresShared(t *testing.T) {
	database := newSchema(t)
	first := open(t, Options{Database: database})
	all, err := postgresDialect.migrations()
	if err != nil {
		t.Fatal(err)
	}
	rawPostgres(t, database, "ALTER TABLE users ADD COLUMN nickname text NOT NULL DEFAULT ''",
		"INSERT INTO countersign_schema (number, name, oldest) VALUES ("+strconv.Itoa(len(all)+1)+", 'nicknames', "+strconv.Itoa(len(all))+")")
	second := open(t, Options{Database: database})
	for _, db := range []*DB{first, second} {
		if out, err := db.RedeemCode(t.Context(), redeem(db.o.Now())); out != oauth.Won || err != nil {
			t.Error(out, err)
		}
	}
}

// TestPostgresTogether: several nodes may make one database at the same time.
func TestPostgresTogether(t *testing.T) {
	database := newSchema(t)
	var all sync.WaitGroup
	orgs := make([]string, 6)
	for i := range orgs {
		all.Go(func() {
			db, err := Open(t.Context(), Options{Database: database})
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			org, err := db.Org(t.Context())
			if err != nil {
				t.Error(err)
			}
			orgs[i] = org.ID
		})
	}
	all.Wait()
	for _, id := range orgs {
		if id == "" || id != orgs[0] {
			t.Fatalf("different settings for one database: %v", orgs)
		}
	}
}
