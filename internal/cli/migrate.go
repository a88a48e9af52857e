package cli

import (
	"fmt"
	"strconv"

	"countersign/internal/sqlstore"
)

type migrateCommands struct {
	Status migrateStatus `cmd:"" help:"Say how far the schema of the database is."`
	Plan   migratePlan   `cmd:"" help:"Print the statements that up would run."`
	Up     migrateUp     `cmd:"" help:"Bring the schema up to this program, while older nodes go on."`
	Copy   migrateCopy   `cmd:"" help:"Move everything from --data to an empty PostgreSQL database: --data DIR --database URL."`
	Back   migrateBack   `cmd:"" help:"Let a data directory be served again that was copied, as it was then."`
}

// store are the options of the database that the flags, the environment or the
// file name.
func (s *session) store() (sqlstore.Options, error) {
	l, err := s.load(nil)
	return sqlstore.Options{Dir: l.Config.Data, Database: l.Config.URL(), Now: s.now}, err
}

func (s *session) schema() (sqlstore.Schema, error) {
	o, err := s.store()
	if err != nil {
		return sqlstore.Schema{}, err
	}
	return sqlstore.ReadSchema(s.ctx, o)
}

type migrateStatus struct{}

// Run prints what is there, what is known, and what is to be done.
func (c *migrateStatus) Run(s *session) error {
	schema, err := s.schema()
	if err != nil {
		return err
	}
	return one(s, schema, [][]string{
		{"schema", strconv.Itoa(schema.Found)}, {"this program knows", strconv.Itoa(schema.Known)}, {"to do", standing(schema)},
	})
}

func standing(m sqlstore.Schema) string {
	switch {
	case m.Found == 0:
		return "everything: there are no tables yet; countersign migrate up, or serve, makes them"
	case len(m.Pending) > 0:
		return fmt.Sprintf("%d migrations: countersign migrate up, or the next start of serve", len(m.Pending))
	case m.Found > m.Known && m.Oldest <= m.Known:
		return "nothing: a newer program extended it, this one may go on"
	case m.Found > m.Known:
		return "run the newer countersign that wrote it"
	}
	return "nothing"
}

type migratePlan struct{}

// Run prints every pending migration in the words of the database.
func (c *migratePlan) Run(s *session) error {
	schema, err := s.schema()
	if err != nil {
		return err
	}
	if s.Output == "json" {
		return s.json(schema.Pending)
	}
	if len(schema.Pending) == 0 {
		return s.done("nothing to do")
	}
	for _, m := range schema.Pending {
		fmt.Fprintf(s.out, "-- migration %d (%s); programs that know schema %d go on after it\n%s\n", m.Number, m.Name, m.Oldest, m.Text)
	}
	return nil
}

type migrateUp struct{}

// Run migrates.
func (c *migrateUp) Run(s *session) error {
	o, err := s.store()
	if err != nil {
		return err
	}
	before, err := sqlstore.MigrateUp(s.ctx, o)
	if err != nil {
		return err
	}
	if len(before.Pending) == 0 {
		return s.done("nothing to do: the schema is %d", before.Found)
	}
	return s.done("migrated from schema %d to %d", before.Found, before.Known)
}

type migrateCopy struct {
	Again bool `help:"Empty the target of a copy that was not finished, and begin anew."`
}

// Run copies, compares, and says what to do next.
func (c *migrateCopy) Run(s *session) error {
	o, err := s.store()
	if err != nil {
		return err
	}
	out, err := sqlstore.Copy(s.ctx, o, c.Again, func(table string, rows int64) {
		if rows > 0 && s.Output != "json" {
			fmt.Fprintf(s.err, "%s: %d rows\n", table, rows)
		}
	})
	if err != nil {
		return err
	}
	if s.Output == "json" {
		return s.json(out)
	}
	rows := [][]string{{"TABLE", "ROWS", "CHECKSUM OF BOTH"}}
	for _, t := range out.Tables {
		rows = append(rows, []string{t.Name, strconv.FormatInt(t.Rows, 10), t.Checksum})
	}
	if err := s.table(rows); err != nil {
		return err
	}
	return s.done("everything was copied and compared; serve it with --data %s --database URL: the directory holds the master key, its database is not served any more", o.Dir)
}

type migrateBack struct{}

// Run takes the mark of a copy away.
func (c *migrateBack) Run(s *session) error {
	o, err := s.store()
	if err != nil {
		return err
	}
	if err := sqlstore.Unmove(s.ctx, o); err != nil {
		return err
	}
	return s.done("%s is served again, as it was when it was copied; do not serve the other database any more", o.Dir)
}
