package storagecheck

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"countersign/internal/secret"
	"countersign/internal/sqlstore"
)

// scratch is two schemas of our own on the database under test, one for the bare
// statements and one for the store, and connections that see them alone.
type scratch struct {
	o      Options
	schema string
	pool   *pgxpool.Pool

	once  sync.Once
	store *sqlstore.DB
	err   error
	stop  context.CancelFunc
	done  sync.WaitGroup
}

// callers is how many ask for the same thing at once in a race.
const callers = 64

// connections is how many of them the database sees at a time.
const connections = 16

// tables of the contract, in the shape of those of the store.
const tables = `CREATE TABLE check_spent (sk int2 NOT NULL, tb int4 NOT NULL, id bytea NOT NULL, kind int2 NOT NULL, rid bytea NOT NULL, PRIMARY KEY (sk, tb, id));
CREATE TABLE check_family (sk int2 NOT NULL, id bytea NOT NULL, app_id text NOT NULL, seq int8 NOT NULL, rid bytea NOT NULL, revoked_us int8, PRIMARY KEY (sk, id));
CREATE TABLE check_outbox (sk int2 NOT NULL, id bytea NOT NULL, ev bytea NOT NULL, PRIMARY KEY (sk, id));
CREATE TABLE check_floor (id int2 NOT NULL PRIMARY KEY, floor_tb int4 NOT NULL, ceil_tb int4 NOT NULL)`

// begin makes the schema.
func begin(ctx context.Context, o Options) (*scratch, error) {
	id := secret.NewID(o.Now())
	s := &scratch{o: o, schema: fmt.Sprintf("countersign_check_%x", id[:8])}
	conn, err := connect(ctx, o.Database)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is under way on it
	for _, name := range s.schemas() {
		if _, err := conn.Exec(ctx, `CREATE SCHEMA `+name); err != nil {
			return nil, errors.Join(fmt.Errorf("make a schema to work in: %w; the role needs CREATE on the database", err), s.drop(ctx))
		}
	}
	config, err := pgxpool.ParseConfig(s.url(s.schema))
	if err == nil {
		config.MaxConns = connections
		s.pool, err = pgxpool.NewWithConfig(ctx, config)
	}
	if err != nil {
		return nil, errors.Join(err, s.drop(ctx))
	}
	for text := range strings.SplitSeq(tables, ";") {
		if _, err := s.pool.Exec(ctx, text); err != nil {
			return nil, errors.Join(fmt.Errorf("make tables to work in: %w", err), s.end(context.WithoutCancel(ctx)))
		}
	}
	return s, nil
}

func (s *scratch) schemas() []string { return []string{s.schema, s.schema + "_store"} }

// url is the database with one of the schemas.
func (s *scratch) url(schema string) string {
	mark := "?"
	if strings.Contains(s.o.Database, "?") {
		mark = "&"
	}
	return s.o.Database + mark + "search_path=" + schema
}

// connect opens one connection; an error never repeats the URL, which may hold a
// password.
func connect(ctx context.Context, url string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("--database is no URL of PostgreSQL: write postgres://USER@HOST:PORT/NAME")
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return conn, nil
}

// errNoStore ends the checks of a store that did not open: why was said once.
var errNoStore = fmt.Errorf("%w: the store does not open here", errSkipped)

// open opens the real store in its schema: its migrations and its self-test are
// part of what is checked. Only the first who asks is told why it failed.
func (s *scratch) open(ctx context.Context) (*sqlstore.DB, error) {
	first := false
	s.once.Do(func() {
		first = true
		if s.store, s.err = sqlstore.Open(ctx, sqlstore.Options{Database: s.url(s.schema + "_store"), Now: s.o.Now, AuditKeep: -1}); s.err != nil {
			return
		}
		run, stop := context.WithCancel(context.WithoutCancel(ctx))
		s.stop = stop
		s.done.Go(func() { _ = s.store.Run(run) })
	})
	if s.err != nil && !first {
		return nil, errNoStore
	}
	return s.store, s.err
}

// end closes everything and removes the schema.
func (s *scratch) end(ctx context.Context) error {
	var err error
	if s.stop != nil {
		s.stop()
		s.done.Wait()
		err = s.store.Close()
	}
	if s.pool != nil {
		s.pool.Close()
	}
	return errors.Join(err, s.drop(ctx))
}

// drop tries for a minute: after a kill test the database may be busy with itself.
func (s *scratch) drop(ctx context.Context) error {
	limit, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := s.dropOnce(limit)
		if err == nil {
			return nil
		}
		select {
		case <-limit.Done():
			all := strings.Join(s.schemas(), ", ")
			return fmt.Errorf("schemas are left behind; remove them with DROP SCHEMA %s CASCADE: %w", all, err)
		case <-time.After(time.Second):
		}
	}
}

func (s *scratch) dropOnce(ctx context.Context) error {
	conn, err := connect(ctx, s.o.Database)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is under way on it
	for _, name := range s.schemas() {
		_, failed := conn.Exec(ctx, `DROP SCHEMA IF EXISTS `+name+` CASCADE`)
		err = errors.Join(err, failed)
	}
	return err
}

// id draws a row id.
func (s *scratch) id() []byte {
	id := secret.NewID(s.o.Now())
	return id[:]
}
