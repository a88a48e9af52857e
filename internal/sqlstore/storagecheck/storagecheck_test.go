package storagecheck

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// database is the server that the stage of the tests started. Its commits do not
// wait for a standby, which is not there.
func database(t *testing.T) string {
	t.Helper()
	url := os.Getenv("TEST_POSTGRES")
	if url == "" {
		t.Skip("TEST_POSTGRES names no PostgreSQL server")
	}
	return url
}

// schemas are those that checks have left behind.
func schemas(t *testing.T, conn *pgx.Conn) (n int) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'countersign\_check\_%'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPostgresHolds(t *testing.T) {
	url := database(t)
	conn, err := connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	before := schemas(t, conn)
	r, err := Run(t.Context(), Options{Database: url, Each: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	want := len(contractChecks) + len(raceChecks) + len(clockChecks) + len(storeChecks) + len(speedChecks)
	if len(r.Results) != want || r.Failed != 0 || !strings.HasPrefix(r.Server, "PostgreSQL") {
		t.Errorf("%d results of %q, %d failed; want %d and none", len(r.Results), r.Server, r.Failed, want)
	}
	for _, one := range r.Results {
		if one.State != Holds {
			t.Errorf("%s: %s: %s %s", one.Area, one.Check, one.State, one.Detail)
		}
	}
	if got := schemas(t, conn); got > before {
		t.Errorf("%d schemas are left behind", got-before)
	}
}

// ignore lets a table swallow changes and count none.
func ignore(change, table string) string {
	return `CREATE FUNCTION ignore() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER ignore BEFORE ` + change + ` ON ` + table + ` FOR EACH ROW EXECUTE FUNCTION ignore()`
}

// TestSees spoils what each check relies on: a check that finds nothing wrong then
// checks nothing.
func TestSees(t *testing.T) {
	url := database(t)
	for _, tt := range []struct {
		what  string
		check func(context.Context, *scratch) (string, error)
		spoil string // run in the schema
		want  string
	}{
		{"every insert says that it wrote", insertTwice, `ALTER TABLE check_spent DROP CONSTRAINT check_spent_pkey`, "want 0"},
		{"losers win", raceChecks[0].run, `ALTER TABLE check_spent DROP CONSTRAINT check_spent_pkey`, "won, want 1"},
		{"updates find nothing", compareAndSwap, ignore("UPDATE", "check_family"), "swap from 1"},
		{"updates to the same value count as none", sameValue, ignore("UPDATE", "check_family"), "want 1"},
		{"confirming finds nothing", confirmWrite, ignore("UPDATE", "check_spent"), "want 1"},
		{"the statement writes two of three rows", oneStatement, ignore("INSERT", "check_outbox"), "check_outbox: 0"},
		{"the floor is not raised", floorOnce, ignore("UPDATE", "check_floor"), "raising the floor"},
		{"counts are lost", raceCount, ignore("UPDATE", "check_family"), "want 64"},
		{"no rights on the tables", truncate, `DROP TABLE check_spent`, "check_spent"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			s, err := begin(t.Context(), Options{Database: url, Now: time.Now, Tell: func(string) {}})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := s.end(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			}()
			if _, err := s.pool.Exec(t.Context(), tt.spoil); err != nil {
				t.Fatal(err)
			}
			if _, err := tt.check(t.Context(), s); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want an error with %q", err, tt.want)
			}
		})
	}
	s, err := begin(t.Context(), Options{Database: url, Now: func() time.Time { return time.Now().Add(2 * time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.end(context.WithoutCancel(t.Context())) }()
	if _, err := clockSkew(t.Context(), s); err == nil {
		t.Error("a clock two hours ahead is not seen")
	}
}

// TestKill plays the operator: every connection of the store is cut, again and
// again, while it writes.
func TestKill(t *testing.T) {
	url := database(t)
	conn, err := connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	now := make(chan struct{})
	over := make(chan struct{})
	go func() {
		select {
		case <-now:
		case <-over:
			return
		}
		for {
			_, _ = conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'countersign' AND pid <> pg_backend_pid() AND query LIKE '%rt_family%'`)
			select {
			case <-over:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	s, err := begin(t.Context(), Options{Database: url, Now: time.Now, Wait: time.Minute, Tell: func(sentence string) {
		if strings.HasPrefix(sentence, "KILL") {
			close(now)
		}
		if strings.HasPrefix(sentence, "Writes are acknowledged") {
			close(over)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.end(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	detail, err := killTest(t.Context(), s)
	if err != nil || !strings.Contains(detail, " 0 lost, 0 spent twice") {
		t.Errorf("%q, %v", detail, err)
	}
	t.Log(detail)
}

func TestRefusals(t *testing.T) {
	if _, err := Run(t.Context(), Options{Database: "nonsense://secret@x"}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a URL that is none: %v", err)
	}
	got := check{"a", "b", func(context.Context, *scratch) (string, error) { return "", errNoStore }}.judge(t.Context(), &scratch{o: Options{Tell: func(string) {}}})
	if got.State != Skipped || !errors.Is(errNoStore, errSkipped) {
		t.Errorf("a check that cannot run is %s", got.State)
	}
}
