package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgres is a database of this run's own, on the PostgreSQL that -bench.database
// names. Its server's processes run on this machine, so that what they use can be
// told.
type postgres struct {
	url    string
	conn   *pgx.Conn // to watch by
	master int       // the process that all of its processes come from
}

var databases atomic.Int64

// newPostgres makes a database that goes with the test.
func newPostgres(t testing.TB) *postgres {
	t.Helper()
	admin, err := pgx.Connect(t.Context(), *databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("bench_%d_%d", os.Getpid(), databases.Add(1))
	if _, err := admin.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		_ = admin.Close(context.Background())
	})
	config, err := pgx.ParseConfig(*databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	p := &postgres{url: strings.Replace(*databaseURL, "/"+config.Database, "/"+name, 1)}
	if p.conn, err = pgx.Connect(t.Context(), p.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.conn.Close(context.Background()) })
	var backend int
	if err := p.conn.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		t.Fatal(err)
	}
	if p.master, err = parent(backend); err != nil {
		p.master = 0 // on another machine
	}
	return p
}

// parent of a process.
func parent(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 2 {
		return 0, errors.New("/proc/PID/stat is not understood")
	}
	return strconv.Atoi(fields[1])
}

// cpu is the processor time of all processes of the server so far. What ended in
// between is not in it: servers keep their connections.
func (p *postgres) cpu() (sum time.Duration, err error) {
	if p == nil || p.master == 0 {
		return 0, nil
	}
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, dir := range all {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if of, err := parent(pid); err != nil || of != p.master {
			continue
		}
		text, err := os.ReadFile(dir + "/schedstat")
		if err != nil {
			continue // it ended
		}
		first, _, _ := strings.Cut(string(text), " ")
		n, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n)
	}
	return sum, nil
}

// ledger is what the database counts of itself.
type ledger struct{ wal, rows, commits float64 }

// settled is how long the server takes at most to add up what its connections
// counted.
const settled = 11 * time.Second

// read waits until everything was added up.
func (p *postgres) read(ctx context.Context) (l ledger, err error) {
	time.Sleep(settled)
	err = p.conn.QueryRow(ctx, `SELECT CAST(pg_current_wal_insert_lsn() - '0/0' AS float8), CAST(tup_inserted + tup_updated + tup_deleted AS float8),
CAST(xact_commit AS float8) FROM pg_stat_database WHERE datname = current_database()`).Scan(&l.wal, &l.rows, &l.commits)
	return l, err
}

// price is what one operation makes a database do.
type price struct{ wal, rows float64 }

// priceOf does an operation so many times, and takes off what the server does in
// the same time by itself.
func (o operation) priceOf(t testing.TB, p *postgres, ws []*worker, n int) price {
	t.Helper()
	items, err := o.mints(ws, n)
	if err != nil {
		t.Fatal(err)
	}
	var seen [3]ledger
	for i := range seen {
		if i == 2 {
			if _, err := load(ws, n, func(w *worker, i int) error { return o.do(w, items[i]) }); err != nil {
				t.Fatal(err)
			}
		}
		if seen[i], err = p.read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	each := func(of func(ledger) float64) float64 {
		return max(0, (of(seen[2])-of(seen[1])-(of(seen[1])-of(seen[0])))/float64(n))
	}
	return price{wal: each(func(l ledger) float64 { return l.wal }), rows: each(func(l ledger) float64 { return l.rows })}
}
