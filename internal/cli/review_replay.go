package cli

import (
	"fmt"
	"slices"

	"countersign/internal/admin"
	"countersign/internal/evidence"
	"countersign/internal/review/seal"
	"countersign/internal/server"
)

type reviewReplay struct {
	reviewVerify
}

// replayed is the outcome as JSON.
type replayed struct {
	File        string            `json:"file"`
	Compared    int               `json:"compared"`
	Skipped     []string          `json:"skipped"` // why a transcript was not run again
	Differences []seal.Difference `json:"differences"`
}

// Run makes the proofs of a file again, with fresh values, and compares. It ends
// with 1 if something came out otherwise. A file that was touched is not run.
func (c *reviewReplay) Run(s *session) error {
	f, err := c.read(s)
	if err != nil {
		return reviewFailed(err)
	}
	if !f.Sound() {
		for _, fault := range f.Faults {
			fmt.Fprintln(s.err, fault)
		}
		return ended{exitUnreadable, fmt.Errorf("%s is not sound: it is not run again", c.File)}
	}
	out := replayed{File: c.File, Skipped: []string{}, Differences: []seal.Difference{}}
	again, err := c.again(s, f.Transcripts)
	if err != nil {
		return reviewFailed(err)
	}
	for _, was := range f.Transcripts {
		i := slices.IndexFunc(again, func(t *evidence.Transcript) bool { return t.Probe == was.Probe && t.Subject == was.Subject })
		if i < 0 {
			out.Skipped = append(out.Skipped, was.Probe+" of "+subjectWord(was.Subject)+": no control asks for it here")
			continue
		}
		out.Compared++
		out.Differences = append(out.Differences, seal.Compare(was, *again[i])...)
	}
	if err := out.write(s); err != nil {
		return err
	}
	if len(out.Differences) > 0 || len(out.Skipped) > 0 {
		return ended{code: exitFailure}
	}
	return nil
}

// again makes the proofs of the same apps and controls.
func (c *reviewReplay) again(s *session, all []evidence.Transcript) (made []*evidence.Transcript, err error) {
	what := admin.Reviewing{Prove: true, Step: s.proofStep()}
	for _, t := range all {
		if t.Subject != "" && !slices.Contains(what.Apps, t.Subject) {
			what.Apps = append(what.Apps, t.Subject)
		}
		for _, control := range t.Controls {
			if !slices.Contains(what.Controls, control) {
				what.Controls = append(what.Controls, control)
			}
		}
	}
	err = s.with(reading, func(d *server.Data) error {
		run, _, err := d.Desk.Review(s.ctx, what)
		if err == nil {
			made = run.Transcripts
		}
		return err
	})
	return made, err
}

func (r replayed) write(s *session) error {
	if s.Output == "json" {
		return s.json(r)
	}
	for _, d := range r.Differences {
		fmt.Fprintln(s.out, d)
	}
	for _, why := range r.Skipped {
		fmt.Fprintln(s.out, "not compared:", why)
	}
	fmt.Fprintf(s.out, "%d proofs run again, %d differences\n", r.Compared, len(r.Differences))
	return nil
}

func subjectWord(app string) string {
	if app == "" {
		return "the server"
	}
	return app
}
