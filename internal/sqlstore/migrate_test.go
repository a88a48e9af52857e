package sqlstore

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"countersign/internal/oauth"
)

// olderSchema makes a database as a program left it that knows fewer migrations.
func olderSchema(t *testing.T, knows int) string {
	t.Helper()
	database := newSchema(t)
	all, err := postgresDialect.migrations()
	if err != nil {
		t.Fatal(err)
	}
	rawPostgres(t, database, createLevels)
	for _, m := range all[:knows] {
		rawPostgres(t, database, m.text, fmt.Sprintf("INSERT INTO countersign_schema (number, name, oldest) VALUES (%d, '%s', %d)", m.number, m.name, m.oldest))
	}
	return database
}

// TestMigrateUp: status says what is there and writes nothing, up does the rest,
// from every level, and again does nothing.
func TestMigrateUp(t *testing.T) {
	all, err := postgresDialect.migrations()
	if err != nil {
		t.Fatal(err)
	}
	migrateFrom(t, 0, len(all), Options{Dir: t.TempDir()})
	migrateFrom(t, 0, len(all), Options{Database: newSchema(t)})
	for from := 1; from < len(all); from++ {
		migrateFrom(t, from, len(all), Options{Database: olderSchema(t, from)})
	}
}

func migrateFrom(t *testing.T, from, to int, o Options) {
	t.Helper()
	before, err := MigrateUp(t.Context(), o)
	if err != nil || before.Found != from || len(before.Pending) != to-from || before.Known != to {
		t.Fatalf("from %d: %+v, %v", from, before, err)
	}
	after, err := ReadSchema(t.Context(), o)
	if err != nil || after.Found != to || len(after.Pending) != 0 {
		t.Errorf("from %d: afterwards %+v, %v", from, after, err)
	}
	o.MustExist = true
	db := open(t, o)
	if out, err := db.RedeemCode(t.Context(), redeem(db.o.Now())); out != oauth.Won || err != nil {
		t.Error(out, err)
	}
}

// TestOlderFile: a file of a program that did not write who may go on.
func TestOlderFile(t *testing.T) {
	dir := t.TempDir()
	all, err := sqliteDialect.migrations()
	if err != nil {
		t.Fatal(err)
	}
	rawSQL(t, dir, fmt.Sprintf("PRAGMA application_id = %d", applicationID),
		"CREATE TABLE schema_version (number int4 NOT NULL PRIMARY KEY, name text NOT NULL) WITHOUT ROWID",
		all[0].text, "INSERT INTO schema_version (number, name) VALUES (1, 'first')")
	before, err := MigrateUp(t.Context(), Options{Dir: dir})
	if err != nil || before.Found != 1 {
		t.Fatal(before, err)
	}
	after, err := ReadSchema(t.Context(), Options{Dir: dir})
	if err != nil || after.Found != len(all) || after.Oldest != all[len(all)-1].oldest {
		t.Errorf("afterwards %+v, %v", after, err)
	}
}

// TestMigrationsExpand: what an older program may go on with only adds: tables,
// indexes that are not unique on tables that were there, columns with a value for
// those who do not know them. Whatever takes something away says that nobody older
// may go on.
func TestMigrationsExpand(t *testing.T) {
	all, err := postgresDialect.migrations()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if err := expands(m); err != nil {
			t.Error(err)
		}
	}
	for text, good := range map[string]bool{
		"ALTER TABLE users ADD COLUMN nick text NOT NULL DEFAULT '';": true,
		"ALTER TABLE users ADD COLUMN nick text;":                     true,
		"ALTER TABLE users ADD COLUMN nick text NOT NULL;":            false,
		"ALTER TABLE users DROP COLUMN email;":                        false,
		"ALTER TABLE users RENAME COLUMN email TO mail;":              false,

		"DROP TABLE users;":                                     false,
		"UPDATE users SET email = '';":                          false,
		"CREATE UNIQUE INDEX users_email ON users (sk, email);": false,
	} {
		err := expands(migration{number: 9, name: "test", oldest: 8, text: text})
		if (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
		if err := expands(migration{number: 9, name: "test", oldest: 9, text: text}); err != nil {
			t.Errorf("%s, and nobody older goes on: %v", text, err)
		}
	}
}

var (
	createsTable = regexp.MustCompile(`^CREATE TABLE (\w+) `)
	createsIndex = regexp.MustCompile(`^CREATE (UNIQUE )?INDEX \w+ ON (\w+) `)
	addsColumn   = regexp.MustCompile(`^ALTER TABLE \w+ ADD COLUMN \w+ \S+( COLLATE "C")?( NOT NULL)?( DEFAULT \S+)?$`)
	firstRow     = regexp.MustCompile(`^INSERT INTO (\w+) `)
)

func expands(m migration) error {
	if m.oldest == m.number {
		return nil
	}
	made := map[string]bool{}
	for _, s := range statements(m.text) {
		table, index, column, row := createsTable.FindStringSubmatch(s), createsIndex.FindStringSubmatch(s), addsColumn.FindStringSubmatch(s), firstRow.FindStringSubmatch(s)
		switch {
		case table != nil:
			made[table[1]] = true
		case index != nil && (index[1] == "" || made[index[2]]):
		case column != nil && (column[2] == "" || column[3] != ""):
		case row != nil && made[row[1]]:
		default:
			return fmt.Errorf("migration %d (%s) lets programs of schema %d go on, but takes something from them: %s", m.number, m.name, m.oldest, s)
		}
	}
	return nil
}

// statements takes a migration apart.
func statements(text string) (out []string) {
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "--") {
			kept = append(kept, line)
		}
	}
	for s := range strings.SplitSeq(strings.Join(kept, ""), ";") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
