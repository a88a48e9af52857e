package sqlstore

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// ownDialect are the files whose SQL one engine alone runs.
var ownDialect = []string{"sqlite*.go", "postgres*.go", "schema_*.go", "copy*.go", "backup.go", "*_test.go"}

// reference are the tables that every shard has a copy of; rows of all others
// belong to a shard.
var reference = []string{"config", "config_version", "slot_floor", "meta"}

// TestSQLSubset: every statement keeps to what SQLite, PostgreSQL, Citus,
// YugabyteDB and CockroachDB share, and to rows of one shard.
func TestSQLSubset(t *testing.T) {
	n := 0
	for where, text := range sqlOfPackage(t) {
		n++
		if err := beyond(text); err != nil {
			t.Errorf("%s: %v: %s", where, err, text)
		}
	}
	if n < 60 {
		t.Errorf("%d statements were found: the test looks in the wrong place", n)
	}
	for text, want := range map[string]string{
		"SELECT id FROM users WHERE sk = $1":                                                           "",
		"UPDATE users SET epoch = 1 WHERE sk = $1 AND id = $2":                                         "",
		"INSERT INTO users (sk, id) VALUES ($1, $2) ON CONFLICT DO NOTHING":                            "",
		"SELECT ver FROM config WHERE tenant = $1":                                                     "",
		"SELECT id FROM users WHERE id = $1::text":                                                     "::",
		"SELECT * FROM users WHERE sk = $1":                                                            "*",
		"SELECT id FROM users WHERE id = $1":                                                           "one shard",
		"DELETE FROM users":                                                                            "one shard",
		"INSERT INTO users (id, sk) VALUES ($1, $2)":                                                   "begins with sk",
		"INSERT INTO users VALUES ($1, $2)":                                                            "names its columns",
		"SELECT u.id FROM users u JOIN session s ON s.sk = u.sk WHERE u.sk = $1":                       "join",
		"SELECT u.id FROM users u, session s WHERE u.sk = $1 AND s.sk = u.sk":                          "several tables",
		"SELECT id FROM users WHERE sk = $1 FOR UPDATE SKIP LOCKED":                                    "for update",
		"SELECT id FROM users WHERE sk = $1 AND id = ANY($2)":                                          "any(",
		"UPDATE users SET updated_us = now() WHERE sk = $1":                                            "now()",
		"SELECT id FROM users WHERE sk = $1 AND id = CAST($2 AS bytea)":                                "as bytea",
		"INSERT INTO outbox (sk, id) SELECT $1, $2 ON CONFLICT DO NOTHING":                             "WHERE before ON",
		"INSERT INTO outbox (sk, id) SELECT sk, id FROM users WHERE sk = $1 ON CONFLICT DO NOTHING":    "",
		"INSERT INTO users (sk, id) VALUES ($1, nextval('ids'))":                                       "nextval",
		"UPDATE users SET epoch = 1 WHERE sk = $1 AND EXISTS (SELECT id FROM session WHERE id = $2)":   "one shard",
		"UPDATE users SET epoch = 1 WHERE sk = 0 AND EXISTS (SELECT id FROM ended e WHERE e.sk = 0)":   "",
		"WITH s AS (DELETE FROM users WHERE sk = $1 RETURNING sk) SELECT sk FROM s":                    "",
		"WITH s AS (DELETE FROM users WHERE id = $1 RETURNING sk) SELECT sk FROM s":                    "one shard",
		"SELECT v.ver, f.floor_tb FROM config_version v, slot_floor f WHERE v.id = 1 AND f.id = 1":     "",
		"SELECT id FROM users WHERE sk = $1 ORDER BY id LIMIT $2 /* no comment */ ; DELETE FROM users": "one statement",
	} {
		if err := beyond(text); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

var foreign = []string{
	"::", " join ", "for update", "skip locked", "any(", "unnest", "now()", "current_timestamp", "as bytea", "nextval", "listen ",
	"notify ", "ilike", "select *", "returning *", "lock table", "pg_", "with recursive", "merge into", "rowid", "last_insert",
}

var (
	tableOf  = regexp.MustCompile(`(?i)\b(?:FROM|UPDATE|INTO)\s+(\w+)(?:\s+([a-z])\b)?(,\s*\w+)?`)
	inserts  = regexp.MustCompile(`(?i)INSERT INTO (\w+)(?: \(([^)]*)\))?`)
	partOf   = regexp.MustCompile(`(?i)\b(\w+) AS \(`)
	shardOf  = regexp.MustCompile(`\bsk = (\$\d+|0|[a-z]+\.sk)`)
	blanks   = regexp.MustCompile(`\s+`)
	selected = regexp.MustCompile(`(?i)^INSERT INTO .* SELECT (.*) ON CONFLICT`)
)

// beyond says what is not in the subset.
func beyond(text string) error {
	text = blanks.ReplaceAllString(strings.TrimSpace(text), " ")
	low := strings.ToLower(text)
	for _, word := range foreign {
		if strings.Contains(low, word) {
			return fmt.Errorf("%q is not understood everywhere", word)
		}
	}
	if strings.Contains(text, ";") {
		return fmt.Errorf("more than one statement")
	}
	var parts []string // those of a WITH are statements of their own
	for _, m := range partOf.FindAllStringSubmatch(text, -1) {
		parts = append(parts, m[1])
	}
	for _, m := range inserts.FindAllStringSubmatch(text, -1) {
		switch {
		case m[2] == "":
			return fmt.Errorf("an insert names its columns")
		case !slices.Contains(reference, m[1]) && !strings.HasPrefix(m[2], "sk, "):
			return fmt.Errorf("an insert into %s begins with sk", m[1])
		}
	}
	if m := selected.FindStringSubmatch(text); m != nil && !strings.Contains(m[1], " WHERE ") {
		return fmt.Errorf("SQLite wants a WHERE before ON CONFLICT")
	}
	return oneShard(text, parts)
}

// oneShard: as many conditions on sk as tables that are read or changed.
func oneShard(text string, parts []string) error {
	need := 0
	for _, m := range tableOf.FindAllStringSubmatch(text, -1) {
		name := m[1]
		switch {
		case strings.EqualFold(name, "SET"), slices.Contains(parts, name): // ON CONFLICT DO UPDATE SET; a part of the WITH
		case slices.Contains(reference, name):
		case m[3] != "":
			return fmt.Errorf("%s and others: several tables in one FROM", name)
		default:
			need++
		}
	}
	need -= len(inserts.FindAllString(text, -1)) // an insert names sk among its columns
	for _, m := range inserts.FindAllStringSubmatch(text, -1) {
		if slices.Contains(reference, m[1]) {
			need++
		}
	}
	if have := len(shardOf.FindAllString(text, -1)); have < need {
		return fmt.Errorf("%d tables and %d conditions on sk: rows of one shard only", need, have)
	}
	return nil
}

var beginsSQL = regexp.MustCompile(`^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH) `)

// sqlOfPackage finds the statements in the source, pieces put together as far as
// they are constants.
func sqlOfPackage(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	out, consts := map[string]string{}, map[string]string{}
	fset := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range files {
		if slices.ContainsFunc(ownDialect, func(p string) bool { ok, _ := filepath.Match(p, name); return ok }) {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
		ast.Inspect(f, func(n ast.Node) bool { // names first
			if v, ok := n.(*ast.ValueSpec); ok {
				for i, value := range v.Values {
					if i < len(v.Names) {
						consts[v.Names[i].Name] = constant(value, consts)
					}
				}
			}
			return true
		})
	}
	for _, f := range parsed {
		ast.Inspect(f, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			text := constant(e, consts)
			if !beginsSQL.MatchString(text) || strings.HasSuffix(text, " ") { // a beginning that others share
				return true
			}
			if _, name := n.(*ast.Ident); !name {
				out[fset.Position(n.Pos()).String()] = text
			}
			return false
		})
	}
	return out
}

// constant is the text of an expression; of a statement for each slot, that of
// slot 3.
func constant(e ast.Expr, consts map[string]string) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, _ := strconv.Unquote(e.Value)
			return text
		}
	case *ast.BinaryExpr:
		return constant(e.X, consts) + constant(e.Y, consts)
	case *ast.Ident:
		return consts[e.Name]
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.Ident); ok && f.Name == "eachSlot" && len(e.Args) == 2 {
			if text := constant(e.Args[0], consts) + "spent_3" + constant(e.Args[1], consts); text != "DELETE FROM spent_3" {
				return text // that one has no condition, by design
			}
		}
	}
	return ""
}

var (
	tableForm = regexp.MustCompile(`^CREATE TABLE (\w+) \((.*), PRIMARY KEY \(([^)]*)\)\)$|^CREATE TABLE (\w+) \((\w+ \w+ NOT NULL PRIMARY KEY)(, .*)?\)$`)
	columnOf  = regexp.MustCompile(`^(\w+) (int2|int4|int8|bytea|text)( NOT NULL)?( PRIMARY KEY)?$`)
	uniqueOf  = regexp.MustCompile(`^CREATE UNIQUE INDEX \w+ ON (\w+) \(sk, `)
)

// hot are the tables that every login or refresh writes.
var hot = regexp.MustCompile(`^(spent_\d|rt_family|outbox|ended|counter|users|login_id|app_usage)$`)

// TestSchemaSubset: the same for the schema: five types, no foreign keys, no
// sequences, sk leads every key, no unique index beside it on a hot table; and the
// key leads the columns, which a copy relies on.
func TestSchemaSubset(t *testing.T) {
	all, err := dialect{}.migrations()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		for _, s := range statements(m.text) {
			if err := beyondSchema(s); err != nil {
				t.Errorf("migration %d: %v: %s", m.number, err, s)
			}
		}
	}
	for text, want := range map[string]string{
		"CREATE TABLE a (sk int2 NOT NULL, id text NOT NULL, n int4, PRIMARY KEY (sk, id))":              "",
		"CREATE TABLE a (id text NOT NULL, sk int2 NOT NULL, PRIMARY KEY (id, sk))":                      "sk leads",
		"CREATE TABLE a (sk int2 NOT NULL, n int4, id text NOT NULL, PRIMARY KEY (sk, id))":              "the key leads",
		"CREATE TABLE a (sk int2 NOT NULL, id uuid NOT NULL, PRIMARY KEY (sk, id))":                      "id uuid",
		"CREATE TABLE a (sk int2 NOT NULL, id serial NOT NULL, PRIMARY KEY (sk, id))":                    "id serial",
		"CREATE TABLE a (sk int2 NOT NULL, id text NOT NULL REFERENCES users, PRIMARY KEY (sk, id))":     "REFERENCES",
		"CREATE TABLE a (sk int2 NOT NULL, id text NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (sk))": "at timestamptz",
		"CREATE TABLE meta (name text NOT NULL PRIMARY KEY, value bytea NOT NULL)":                       "",
		"CREATE TABLE other (name text NOT NULL PRIMARY KEY, value bytea NOT NULL)":                      "sk leads",
		"CREATE UNIQUE INDEX users_email ON users (sk, email)":                                           "hot",
		"CREATE UNIQUE INDEX member_name ON staff_member (name)":                                         "begins with sk",
		"CREATE UNIQUE INDEX member_name ON staff_member (sk, name)":                                     "",
		"CREATE INDEX rt_family_user ON rt_family (sk, user_id)":                                         "",
		"CREATE TRIGGER t AFTER INSERT ON users EXECUTE FUNCTION f()":                                    "neither",
	} {
		if err := beyondSchema(text); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func beyondSchema(s string) error {
	switch {
	case strings.HasPrefix(s, "CREATE TABLE "):
		return beyondTable(s)
	case strings.HasPrefix(s, "CREATE UNIQUE INDEX "):
		m := uniqueOf.FindStringSubmatch(s)
		if m == nil {
			return fmt.Errorf("a unique index begins with sk")
		}
		if hot.MatchString(m[1]) {
			return fmt.Errorf("a unique index on a hot table")
		}
	case strings.HasPrefix(s, "CREATE INDEX "), strings.HasPrefix(s, "ALTER TABLE "), strings.HasPrefix(s, "INSERT INTO "), strings.HasPrefix(s, "DROP "):
	default:
		return fmt.Errorf("neither table, index, column nor first row")
	}
	return nil
}

func beyondTable(s string) error {
	m := tableForm.FindStringSubmatch(s)
	if m == nil {
		return fmt.Errorf("not in the form CREATE TABLE name (columns, PRIMARY KEY (…)) on one line")
	}
	name, columns, key := m[1], strings.Split(m[2], ", "), strings.Split(m[3], ", ")
	if name == "" {
		name, columns, key = m[4], strings.Split(m[5]+m[6], ", "), []string{strings.Fields(m[5])[0]}
	}
	for i, c := range columns {
		p := columnOf.FindStringSubmatch(c)
		if p == nil {
			return fmt.Errorf("column %s: one of five types, and nothing but NOT NULL", c)
		}
		if i < len(key) && key[i] != p[1] {
			return fmt.Errorf("the key leads the columns, in their order")
		}
	}
	if !slices.Contains(reference, name) && key[0] != "sk" {
		return fmt.Errorf("sk leads the key of every table but %s", strings.Join(reference, ", "))
	}
	return nil
}
