package cli

import (
	"fmt"
	"time"

	"countersign/internal/sqlstore/storagecheck"
)

type storageCommand struct {
	KillTest bool          `help:"Put writes under way and wait until you kill the primary; then check that nothing acknowledged is lost or spent twice."`
	Wait     time.Duration `help:"How long the kill test waits for you." default:"5m"`
	Each     time.Duration `help:"How long each hot statement is measured; 0s: not at all." default:"2s"`
}

// Run checks that a database keeps the contract of the store. It works in a schema
// of its own, and removes it.
func (c *storageCommand) Run(s *session) error {
	l, err := s.load(nil)
	if err != nil {
		return err
	}
	if l.Config.Database == "" {
		return usage{"storage-check needs the database: --database postgres://USER@HOST:PORT/NAME"}
	}
	each := c.Each
	if each == 0 {
		each = -1 // there, zero means the default
	}
	r, err := storagecheck.Run(s.ctx, storagecheck.Options{
		Database: string(l.Config.Database), Now: s.now, Each: each, Kill: c.KillTest, Wait: c.Wait,
		Tell: func(sentence string) { fmt.Fprintln(s.err, sentence) },
	})
	if err != nil {
		return err
	}
	if err := c.print(s, r); err != nil {
		return err
	}
	if r.Failed > 0 {
		return ended{code: exitFailure, err: fmt.Errorf("this database breaks the contract in %d of %d checks: do not keep grants in it", r.Failed, len(r.Results))}
	}
	return nil
}

func (c *storageCommand) print(s *session, r storagecheck.Report) error {
	if s.Output == "json" {
		return s.json(r)
	}
	rows := [][]string{{"AREA", "CHECK", "", "SEEN"}}
	for _, one := range r.Results {
		rows = append(rows, []string{one.Area, one.Check, string(one.State), one.Detail})
	}
	if err := s.table(rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(s.out, "%s\n%d checks, %d failed\n", r.Server, len(r.Results), r.Failed)
	return err
}
