package bench

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"countersign/internal/audit"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/server"
)

// crowd is people and families that were there before: their rows are made from
// their numbers, so that any of them can be asked for without keeping them.
type crowd struct {
	h        *house
	users    int
	families int
	begin    time.Time // the oldest family
	step     time.Duration
	person   []any // a row of users to copy
	data     []byte
}

// age is over how long the families were made.
const age = 20 * 24 * time.Hour

// newCrowd fills the house. PostgreSQL is loaded by COPY, the embedded database by
// inserts in transactions of a million rows.
func newCrowd(t testing.TB, h *house, users, families int) *crowd {
	t.Helper()
	c := &crowd{
		h: h, users: users, families: families,
		begin: time.Now().Add(-age).Truncate(time.Millisecond), step: (age - time.Hour) / time.Duration(max(families, 1)),
	}
	c.pattern(t)
	began := time.Now()
	rebuild := h.withoutIndex(t, "rt_family_user")
	for _, table := range []struct {
		name    string
		columns []string
		n       int
		row     func(i int) []any
	}{
		{"users", userColumns, users, c.userRow},
		{"login_id", []string{"sk", "id", "user_id", "state", "claimed_us"}, users, c.loginRow},
		{"rt_family", familyColumns, families, c.familyRow},
	} {
		var err error
		if h.db != nil {
			_, err = h.db.conn.CopyFrom(t.Context(), pgx.Identifier{table.name}, table.columns, pgx.CopyFromSlice(table.n, func(i int) ([]any, error) { return table.row(i), nil }))
		} else {
			err = h.insert(t.Context(), table.name, table.columns, table.n, table.row)
		}
		if err != nil {
			t.Fatalf("load %s: %v", table.name, err)
		}
	}
	rebuild()
	if h.db != nil {
		if _, err := h.db.conn.Exec(t.Context(), "ANALYZE"); err != nil {
			t.Fatal(err)
		}
		if _, err := h.db.conn.Exec(t.Context(), "CHECKPOINT"); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("loaded %d people and %d families in %v", users, families, time.Since(began).Round(time.Second))
	return c
}

var (
	userColumns   = []string{"sk", "id", "username", "email", "state", "epoch", "hash", "password_us", "created_us", "updated_us", "doc"}
	familyColumns = []string{"sk", "id", "user_id", "app_id", "seq", "issued_us", "rid", "epoch", "data"}
)

// sql opens the embedded database beside the server; PostgreSQL is spoken to by
// its own connection.
func (h *house) sql() (*sql.DB, error) {
	dsn := url.URL{Scheme: "file", Path: filepath.Join(h.dir, "countersign.db")}
	return sql.Open("sqlite", dsn.String()+"?_txlock=immediate&_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)")
}

// withoutIndex drops an index, which is built faster than it grows, until rebuild.
func (h *house) withoutIndex(t testing.TB, name string) (rebuild func()) {
	t.Helper()
	var definition string
	if h.db != nil {
		if err := h.db.conn.QueryRow(t.Context(), "SELECT indexdef FROM pg_indexes WHERE indexname = $1", name).Scan(&definition); err != nil {
			t.Fatal(err)
		}
	} else {
		db, err := h.sql()
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.QueryRowContext(t.Context(), "SELECT sql FROM sqlite_master WHERE name = $1", name).Scan(&definition); err != nil {
			t.Fatal(err)
		}
	}
	h.do(t, "DROP INDEX "+name)
	return func() { h.do(t, definition) }
}

func (h *house) insert(ctx context.Context, table string, columns []string, n int, row func(int) []any) error {
	db, err := h.sql()
	if err != nil {
		return err
	}
	defer db.Close()
	names, marks := "", ""
	for i, c := range columns {
		names, marks = names+", "+c, marks+fmt.Sprintf(", $%d", i+1)
	}
	text := "INSERT INTO " + table + " (" + names[2:] + ") VALUES (" + marks[2:] + ")"
	for from := 0; from < n; from += 1e6 {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		insert, err := tx.PrepareContext(ctx, text)
		if err != nil {
			return err
		}
		defer insert.Close()
		for i := from; i < min(n, from+1e6); i++ {
			if _, err := insert.ExecContext(ctx, row(i)...); err != nil {
				return err
			}
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

// pattern takes a person and a family as the server writes them.
func (c *crowd) pattern(t testing.TB) {
	t.Helper()
	o := server.DataOptions{Dir: c.h.dir, Actor: "bench"}
	if c.h.db != nil {
		o.Database = c.h.db.url
	}
	d, err := server.OpenData(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	now := time.Now()
	code := grant.Code{Grant: c.grant(secret.NewID(now), string(c.h.people[0].ID), now), Expires: now.Add(time.Minute), Slot: secret.SlotOf(now.Add(time.Minute))}
	if _, err := d.DB.RedeemCode(t.Context(), grant.Redemption{Attempt: grant.Attempt{1}, Code: code, Now: now, Refresh: true, Event: audit.New(now, audit.CodeRedeemed)}); err != nil {
		t.Fatal(err)
	}
	person, family := `SELECT sk, id, username, email, state, epoch, hash, password_us, created_us, updated_us, doc FROM users WHERE sk = 0 AND id = $1`,
		`SELECT data FROM rt_family WHERE sk = 0 AND id = $1`
	var sk, epoch, p, cr, u int64
	var id, name, mail, state, hash string
	var doc []byte
	into := []any{&sk, &id, &name, &mail, &state, &epoch, &hash, &p, &cr, &u, &doc}
	if c.h.db != nil {
		err = c.h.db.conn.QueryRow(t.Context(), person, string(c.h.people[0].ID)).Scan(into...)
		if err == nil {
			err = c.h.db.conn.QueryRow(t.Context(), family, code.ID[:]).Scan(&c.data)
		}
	} else {
		var db *sql.DB
		if db, err = c.h.sql(); err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		err = db.QueryRowContext(t.Context(), person, string(c.h.people[0].ID)).Scan(into...)
		if err == nil {
			err = db.QueryRowContext(t.Context(), family, code.ID[:]).Scan(&c.data)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	c.person = []any{int16(0), id, name, mail, state, int32(epoch), hash, p, cr, u, doc}
}

func (c *crowd) grant(id secret.ID, user string, at time.Time) grant.Grant {
	return grant.Grant{
		ID: id, Client: c.h.signed.id, User: oauth.UserID(user), Epoch: c.h.people[0].Epoch, Flow: flow.CodeAndCredentials,
		Scopes:   oauth.Scopes{oauth.ScopeOpenID, oauth.ScopeProfile, oauth.ScopeEmail, oauth.ScopeOfflineAccess},
		AuthTime: at.Truncate(time.Second), AMR: []string{"pwd"}, ACR: "urn:countersign:acr:password",
	}
}

// scatter spreads a number over all bits.
func scatter(i uint64) uint64 {
	i += 0x9e3779b97f4a7c15
	i = (i ^ i>>30) * 0xbf58476d1ce4e5b9
	i = (i ^ i>>27) * 0x94d049bb133111eb
	return i ^ i>>31
}

func (c *crowd) userID(i int) string { return fmt.Sprintf("crowd%015d", i) }

func (c *crowd) userRow(i int) []any {
	row := append([]any(nil), c.person...)
	row[1], row[2], row[3] = c.userID(i), fmt.Sprintf("crowd%d@example.com", i), fmt.Sprintf("crowd%d@example.com", i)
	return row
}

func (c *crowd) loginRow(i int) []any {
	id := make([]byte, 16)
	binary.BigEndian.PutUint64(id, scatter(uint64(i)))
	binary.BigEndian.PutUint64(id[8:], scatter(uint64(i)+1<<40))
	return []any{int16(0), id, c.userID(i), int16(1), c.begin.UnixMicro()}
}

func (c *crowd) made(i int) time.Time {
	return c.begin.Add(time.Duration(i) * c.step).Truncate(time.Millisecond)
}

func (c *crowd) familyID(i int) (id secret.ID) {
	first := secret.FirstID(c.made(i))
	copy(id[:], first[:])
	binary.BigEndian.PutUint64(id[8:], scatter(uint64(i)))
	return id
}

func (c *crowd) owner(i int) string { return c.userID(int(scatter(uint64(i)) % uint64(c.users))) }

func (c *crowd) familyRow(i int) []any {
	id := c.familyID(i)
	rid := make([]byte, 32)
	binary.BigEndian.PutUint64(rid, scatter(uint64(i)+7))
	return []any{int16(0), id[:], c.owner(i), string(c.h.signed.id), int64(1), c.made(i).UnixMicro(), rid, c.h.people[0].Epoch, c.data}
}

// token is the refresh token of a family that nobody has used yet.
func (c *crowd) token(i int) string {
	return grant.SealRefresh(c.h.keys, grant.Refresh{Grant: c.grant(c.familyID(i), c.owner(i), c.made(i)), Seq: 1, Issued: c.made(i)})
}
