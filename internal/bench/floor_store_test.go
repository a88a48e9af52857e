package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// storeFloor writes one row for each request and answers when it is durable.
// Those who arrive while a commit runs share the next one. The driver is the
// server's; its store brings it into this program.
func storeFloor(mux *http.ServeMux, dir string) error {
	dsn := url.URL{Scheme: "file", Path: filepath.Join(dir, "floor.db")}
	db, err := sql.Open("sqlite", dsn.String()+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(10000)")
	if err != nil {
		return err
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(context.Background(), `CREATE TABLE token (hash text PRIMARY KEY, client text, sub text, scope text, exp integer) WITHOUT ROWID`); err != nil {
		return err
	}
	s := &rows{arrived: make(chan row, 1024)}
	for text, stmt := range map[string]**sql.Stmt{
		"BEGIN IMMEDIATE": &s.begin, "COMMIT": &s.commit, "INSERT INTO token VALUES (?, ?, ?, ?, ?)": &s.insert,
	} {
		if *stmt, err = conn.PrepareContext(context.Background(), text); err != nil { //nolint:sqlclosecheck // kept until the process ends
			return err
		}
	}
	go s.run()
	handle(mux, "sqlite", func(*http.Request) error {
		var hash [32]byte
		_, _ = rand.Read(hash[:])
		r := row{b64.EncodeToString(hash[:]), make(chan error, 1)}
		s.arrived <- r
		return <-r.done
	})
	return nil
}

// postgresFloor writes one row on PostgreSQL for each request, in a transaction of
// its own.
func postgresFloor(mux *http.ServeMux, url string) error {
	pool, err := pgxpool.New(context.Background(), url)
	if err != nil {
		return err
	}
	if _, err := pool.Exec(context.Background(), `CREATE TABLE IF NOT EXISTS floor_token (hash text PRIMARY KEY, client text, sub text, scope text, exp int8)`); err != nil {
		return err
	}
	handle(mux, "pg", func(r *http.Request) error {
		var hash [32]byte
		_, _ = rand.Read(hash[:])
		_, err := pool.Exec(r.Context(), "INSERT INTO floor_token VALUES ($1, $2, $3, $4, $5)",
			b64.EncodeToString(hash[:]), "bench", "bench-user", "api", time.Now().Unix()+900)
		return err
	})
	return nil
}

type row struct {
	hash string
	done chan error
}

// rows is one writer with its prepared statements.
type rows struct {
	begin, insert, commit *sql.Stmt
	arrived               chan row
}

const rowsAtOnce = 64

func (s *rows) run() {
	group := make([]row, 0, rowsAtOnce)
	for first := range s.arrived {
		runtime.Gosched() // those just answered bring their next rows
		group = append(group[:0], first)
		for more := true; more && len(group) < rowsAtOnce; {
			select {
			case r := <-s.arrived:
				group = append(group, r)
			default:
				more = false
			}
		}
		err := s.write(group)
		for _, r := range group {
			r.done <- err
		}
	}
}

func (s *rows) write(group []row) error {
	ctx := context.Background()
	if _, err := s.begin.ExecContext(ctx); err != nil {
		return err
	}
	for _, r := range group {
		if _, err := s.insert.ExecContext(ctx, r.hash, "bench", "bench-user", "api", time.Now().Unix()+900); err != nil {
			return err
		}
	}
	_, err := s.commit.ExecContext(ctx)
	return err
}
