package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	oldestPostgres = 150000
	connectFor     = 5 * time.Second
	keyPoolSize    = "pool_max_conns"
)

var (
	errDatabaseURL = errors.New("--database is no URL of PostgreSQL: write postgres://USER@HOST:PORT/NAME, " +
		"several hosts as HOST:PORT,HOST:PORT, and the password in PGPASSFILE or the URL")
	errSimple = errors.New("--database asks for the simple protocol, in which values are pasted into the text of statements: " +
		"behind a pooler use default_query_exec_mode=cache_describe or exec")
)

// databaseConfig is what --database says.
type databaseConfig struct {
	*pgxpool.Config
	sized bool // it names the size of the pool
}

// parseDatabase reads the URL. Its text is never repeated: it may hold a password.
func parseDatabase(text string) (databaseConfig, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return databaseConfig{}, errDatabaseURL
	}
	c, err := pgxpool.ParseConfig(text)
	if err != nil {
		var e *pgconn.ParseConfigError
		if errors.As(err, &e) && errors.Unwrap(e) != nil { // the reason alone
			return databaseConfig{}, fmt.Errorf("%w: %w", errDatabaseURL, errors.Unwrap(e))
		}
		return databaseConfig{}, errDatabaseURL
	}
	if c.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return databaseConfig{}, errSimple
	}
	if c.ConnConfig.ConnectTimeout == 0 || c.ConnConfig.ConnectTimeout > time.Minute {
		c.ConnConfig.ConnectTimeout = connectFor
	}
	if c.ConnConfig.RuntimeParams["application_name"] == "" {
		c.ConnConfig.RuntimeParams["application_name"] = "countersign"
	}
	if len(c.ConnConfig.Fallbacks) > 0 && c.ConnConfig.ValidateConnect == nil {
		c.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	return databaseConfig{c, u.Query().Has(keyPoolSize)}, nil
}

// nature is what a server says about itself.
type nature struct {
	version                           string
	number                            int
	standby                           bool
	readOnly, encoding, lasting, role string
	schema                            *string
}

const askNature = `SELECT version(), CAST(current_setting('server_version_num') AS int), pg_is_in_recovery(), current_setting('transaction_read_only'),
current_setting('server_encoding'), current_setting('synchronous_commit'), CAST(current_user AS text), CAST(current_schema() AS text)`

func (n *nature) read(ctx context.Context, conn *pgx.Conn) error {
	return conn.QueryRow(ctx, askNature).Scan(&n.version, &n.number, &n.standby, &n.readOnly, &n.encoding, &n.lasting, &n.role, &n.schema)
}

// refuse tells what is wrong with a server, before anything is written to it.
func (n *nature) refuse(o *Options) error {
	other := strings.Contains(n.version, "CockroachDB") || strings.Contains(n.version, "-YB-") // they count their versions themselves
	switch {
	case n.number < oldestPostgres && !other:
		return fmt.Errorf("the database is PostgreSQL %d.%d: 15 or newer is needed", n.number/10000, n.number%10000)
	case n.schema == nil:
		return errors.New("the search path of --database names no schema that exists: make it with CREATE SCHEMA, or leave out search_path")
	case !strings.EqualFold(n.encoding, "UTF8"):
		return fmt.Errorf("the database is encoded in %s: make one with ENCODING 'UTF8'", n.encoding)
	case o.ReadOnly:
		return nil
	case n.standby, n.readOnly == "on":
		return errors.New("the database is read-only, a standby perhaps: name the primary in --database, or all hosts with target_session_attrs=read-write")
	case n.lasting == "off":
		return fmt.Errorf("synchronous_commit is off, so the database would acknowledge what it may lose: ALTER ROLE %s SET synchronous_commit = on", pgx.Identifier{n.role}.Sanitize())
	}
	return nil
}

// preparePostgres looks at the server and its schema, and migrates it where the
// options allow.
func preparePostgres(ctx context.Context, c *pgx.ConnConfig, o *Options) error {
	conn, n, err := meetPostgres(ctx, c)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // what was to be known is known
	if err := n.refuse(o); err != nil {
		return err
	}
	all, err := postgresDialect.migrations()
	if err != nil {
		return err
	}
	found, err := postgresLevel(ctx, conn)
	if err != nil {
		return err
	}
	_, pending, err := readTables(ctx, conn)
	switch {
	case err != nil:
		return err
	case pending && !o.copying:
		return errCopyPending
	case found.number == 0 && (o.MustExist || o.ReadOnly):
		return fmt.Errorf("%w: schema %s of the database has no tables of countersign; check --database, or make them with: countersign migrate up", ErrNoDatabase, *n.schema)
	case o.ReadOnly:
		return found.current(len(all))
	}
	if err := migratePostgres(ctx, conn, all, found); err != nil {
		if cannotCreate(err) {
			return fmt.Errorf("the role %s may not make tables in schema %s: GRANT CREATE ON SCHEMA %s TO it, "+
				"or run 'countersign migrate up' as a role that may: %w", n.role, *n.schema, *n.schema, err)
		}
		return err
	}
	return checkRights(ctx, conn, n.role)
}

// meetPostgres connects, and asks the server who it is.
func meetPostgres(ctx context.Context, c *pgx.ConnConfig) (conn *pgx.Conn, n nature, err error) {
	if conn, err = connectPostgres(ctx, c); err != nil {
		return nil, n, err
	}
	if err = n.read(ctx, conn); err != nil {
		_ = conn.Close(context.WithoutCancel(ctx))
	}
	return conn, n, err
}

// connectPostgres says in few words why nobody answers.
func connectPostgres(ctx context.Context, c *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, c)
	if err == nil {
		return conn, nil
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return nil, fmt.Errorf("no server answers as --database says; check host, port and whether it runs: %w", oneLine{err})
	}
	return nil, oneLine{err}
}

// oneLine is an error of the driver, which has a line for each address and each
// way that was tried, often the same twice.
type oneLine struct{ error }

func (e oneLine) Unwrap() error { return e.error }

func (e oneLine) Error() string {
	var kept []string
	for line := range strings.Lines(e.error.Error()) {
		if line = strings.TrimSpace(line); !slices.Contains(kept, line) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, " ")
}

// missingRights are the tables that a role may not use. A list of rights in one
// call would ask for any of them.
const missingRights = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'countersign_schema' AND NOT (
has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'SELECT')
AND has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'INSERT')
AND has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'UPDATE')
AND has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'DELETE')
AND (tablename NOT LIKE 'spent%' OR has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'TRUNCATE'))
) ORDER BY tablename`

func checkRights(ctx context.Context, conn *pgx.Conn, role string) error {
	rows, err := conn.Query(ctx, missingRights)
	if err != nil {
		return err
	}
	missing, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("the role %s lacks rights on %s: GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA to it", role, strings.Join(missing, ", "))
	}
	return err
}
