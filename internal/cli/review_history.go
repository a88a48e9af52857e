package cli

import (
	"fmt"
	"os"

	"countersign/internal/admin"
	"countersign/internal/review"
	"countersign/internal/review/report"
	"countersign/internal/server"
)

type reviewList struct{}

// Run lists the kept runs.
func (*reviewList) Run(s *session) error {
	return s.with(reading, func(d *server.Data) error {
		runs, err := d.Desk.ReviewRuns(s.ctx)
		if err != nil {
			return err
		}
		return list(s, runs, []string{"RUN", "TAKEN", "SCORE", "GRADE", "OPEN"}, func(r review.KeptRun) []string {
			return []string{r.ID, when(r.Taken), r.Score, string(r.Grade), fmt.Sprint(r.Fails)}
		})
	})
}

type reviewDiff struct {
	Since string `help:"The earlier run: its id, the beginning of its id or date, or a JSON file. Default: the last kept one." placeholder:"RUN"`
	Until string `help:"The later run, said the same way. Default: the server as it is now." placeholder:"RUN"`
}

// Run compares two runs.
func (c *reviewDiff) Run(s *session) error {
	return s.with(reading, func(d *server.Data) error {
		before, err := s.runNamed(d, c.Since)
		if err != nil {
			return err
		}
		after, err := s.runAfter(d, c.Until)
		if err != nil {
			return err
		}
		diff := review.Compare(before, after)
		if s.Output == "json" {
			return s.json(diff)
		}
		return report.Difference(s.out, diff)
	})
}

func (s *session) runAfter(d *server.Data, until string) (*review.Run, error) {
	if until != "" {
		return s.runNamed(d, until)
	}
	run, _, err := d.Desk.Review(s.ctx, admin.Reviewing{})
	return run, err
}

// runNamed reads a run from the history, or from a file of that name.
func (s *session) runNamed(d *server.Data, name string) (*review.Run, error) {
	if _, err := os.Stat(name); name != "" && err == nil {
		return readRun(name)
	}
	run, _, err := d.Desk.ReviewRun(s.ctx, name)
	return run, err
}
