// Package storagecheck owns the proof that a database keeps the contract the
// store relies on: an operator runs it against the very cluster that is to hold
// the grants, a YugabyteDB, a CockroachDB, a Citus or somebody's managed
// PostgreSQL. It works in a schema of its own, which it makes and removes, and
// touches nothing else. It knows the contract, not the products.
package storagecheck

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options say what to check.
type Options struct {
	// Database is the URL of the database, as for serve.
	Database string
	// Now is the wall clock that the servers will have; nil means time.Now.
	Now func() time.Time
	// Each is how long each hot statement is measured; 0 means 2 s, negative not
	// at all.
	Each time.Duration
	// Kill asks the operator to kill the primary under load, and Wait is how long
	// there is to do it; 0 means 5 minutes.
	Kill bool
	Wait time.Duration
	// Tell is told what goes on, a sentence at a time; nil: nobody.
	Tell func(string)
}

// State is how a check ended.
type State string

// States. A check that did not run says why.
const (
	Holds   State = "ok"
	Broken  State = "FAILED"
	Skipped State = "skipped"
)

// Result is one line of the report. Its JSON names are stable.
type Result struct {
	Area   string `json:"area"`
	Check  string `json:"check"`
	State  State  `json:"state"`
	Detail string `json:"detail,omitempty"`
}

// Report is what was found. Its JSON names are stable.
type Report struct {
	Server  string   `json:"server"`
	Results []Result `json:"results"`
	Failed  int      `json:"failed"`
}

// check is one sentence that must be true. It says what it saw.
type check struct {
	area, sentence string
	run            func(context.Context, *scratch) (string, error)
}

// errSkipped ends a check that cannot be made on this database.
var errSkipped = errors.New("not on this database")

// patience bounds one check: a database that hangs is told from one that is slow.
const patience = 2 * time.Minute

// Run checks. An error means that nothing could be checked; what is wrong with the
// database is in the report.
func Run(ctx context.Context, o Options) (r Report, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Each == 0 {
		o.Each = 2 * time.Second
	}
	if o.Wait <= 0 {
		o.Wait = 5 * time.Minute
	}
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	s, err := begin(ctx, o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.end(context.WithoutCancel(ctx))) }()
	if err := s.pool.QueryRow(ctx, `SELECT version()`).Scan(&r.Server); err != nil {
		return r, err
	}
	all := [][]check{contractChecks, raceChecks, clockChecks, storeChecks}
	if o.Each > 0 {
		all = append(all, speedChecks)
	}
	if o.Kill {
		all = append(all, killChecks)
	}
	for _, list := range all {
		for _, c := range list {
			if ctx.Err() != nil {
				return r, context.Cause(ctx)
			}
			r.add(c.judge(ctx, s))
		}
	}
	return r, nil
}

func (r *Report) add(one Result) {
	r.Results = append(r.Results, one)
	if one.State == Broken {
		r.Failed++
	}
}

func (c check) judge(ctx context.Context, s *scratch) Result {
	s.o.Tell(c.area + ": " + c.sentence)
	limit, cancel := context.WithTimeout(ctx, patience+s.longer(c))
	defer cancel()
	detail, err := c.run(limit, s)
	r := Result{Area: c.area, Check: c.sentence, State: Holds, Detail: detail}
	switch {
	case errors.Is(err, errSkipped):
		r.State, r.Detail = Skipped, err.Error()
	case err != nil:
		r.State, r.Detail = Broken, err.Error()
	}
	return r
}

// longer is what waiting for an operator adds.
func (s *scratch) longer(c check) time.Duration {
	if c.area == killArea {
		return s.o.Wait
	}
	return 0
}

// rows runs a statement and gives how many rows it changed or returned.
func rows(ctx context.Context, p *pgxpool.Pool, text string, args ...any) (int64, error) {
	tag, err := p.Exec(ctx, text, args...)
	return tag.RowsAffected(), err
}

// expect compares a number of rows.
func expect(what string, got, want int64, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if got != want {
		return fmt.Errorf("%s: %d rows, want %d", what, got, want)
	}
	return nil
}
