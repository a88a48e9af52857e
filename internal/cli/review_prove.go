package cli

import (
	"fmt"
	"time"

	"countersign/internal/admin"
	"countersign/internal/review"
	"countersign/internal/review/report"
	"countersign/internal/server"
)

// proofStep tells a person at a terminal how far the proof is.
func (s *session) proofStep() func(admin.ProofStep) {
	if !terminal(s.err) {
		return nil
	}
	return func(p admin.ProofStep) {
		if p.Case != nil {
			return
		}
		about := "the server"
		if p.App != "" {
			about = string(p.App)
		}
		fmt.Fprintf(s.err, "\r\x1b[Kproving %d of %d: %s, %s", p.Done, p.Total, about, p.Title)
		if p.Done == p.Total {
			fmt.Fprint(s.err, "\r\x1b[K")
		}
	}
}

// watchEvery is how often somebody who watches looks whether a setting changed.
const watchEvery = time.Second

// watch judges again after each change, until the person has seen enough. It
// returns the last run.
func (c *reviewRun) watch(s *session, run *review.Run, o report.Options) (*review.Run, error) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return run, nil
		case <-tick.C:
		}
		changed, err := s.settingsChanged(run)
		if err != nil {
			return run, err
		}
		if !changed {
			continue
		}
		next, err := c.judge(s)
		if err != nil {
			return run, err
		}
		run = next
		if err := c.write(s, run, o); err != nil {
			return run, err
		}
	}
}

// settingsChanged says whether a run was made under other settings than today's.
func (s *session) settingsChanged(run *review.Run) (changed bool, err error) {
	err = s.with(reading, func(d *server.Data) error {
		now, err := d.Desk.ConfigurationHash(s.ctx)
		changed = now != run.Header.Hash
		return err
	})
	return changed, err
}
