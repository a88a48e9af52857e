package cli

import (
	"fmt"
	"os"

	"countersign/internal/admin"
	"countersign/internal/review"
	"countersign/internal/review/report"
)

type reviewList struct{}

// Run lists the kept runs.
func (*reviewList) Run(s *session) error {
	return s.at(reading, func(d door) error {
		runs, err := d.ReviewRuns(s.ctx)
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
	return s.at(reading, func(d door) error {
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

func (s *session) runAfter(d door, until string) (*review.Run, error) {
	if until != "" {
		return s.runNamed(d, until)
	}
	return d.Review(s.ctx, admin.Reviewing{})
}

// runNamed reads a run from the history, or from a file of that name.
func (s *session) runNamed(d door, name string) (*review.Run, error) {
	if _, err := os.Stat(name); name != "" && err == nil {
		return readRun(name)
	}
	return d.ReviewRun(s.ctx, name)
}
