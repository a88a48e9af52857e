package admin

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/evidence"
	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/secret"
)

// Reviewing chooses what a review looks at.
type Reviewing struct {
	Apps     []string        // client_ids; nil for all
	Controls []string        // ids; nil for all
	Keep     bool            // keep the run for later comparison
	Prove    bool            // run the threat scenario of each control
	Step     func(ProofStep) // hears how the proof goes on; may be nil
}

// whole says whether the run covers everything: only such runs are kept, since
// the states of findings come from the run before.
func (r Reviewing) whole() bool { return len(r.Apps) == 0 && len(r.Controls) == 0 }

// ErrNoControl says that the catalogue has no control of that id.
var ErrNoControl = errors.New("there is no such control")

// Review judges everything by every control, weighs each fix, and says what
// became of each finding since the run before. A whole run is kept if that is
// asked for; then the id of the kept run is not empty. Errors: ErrNoControl,
// client.ErrNotFound, faults.
func (d *Desk) Review(ctx context.Context, what Reviewing) (*review.Run, string, error) {
	for _, id := range what.Controls {
		if _, ok := controls.Control(id); !ok {
			return nil, "", fmt.Errorf("%q: %w", id, ErrNoControl)
		}
	}
	for i, name := range what.Apps {
		c, err := d.App(ctx, name)
		if err != nil {
			return nil, "", err
		}
		what.Apps[i] = string(c.ID)
	}
	in, err := d.reviewInput(ctx)
	if err != nil {
		return nil, "", err
	}
	in.Apps, in.Only, in.WhatIf = what.Apps, what.Controls, true
	var made []*evidence.Transcript
	if what.Prove {
		if in.Proofs, made, err = d.prove(ctx, what, in.Snapshot); err != nil {
			return nil, "", err
		}
		walked(in.Snapshot, in.Proofs)
	}
	run := review.Judge(in)
	run.Transcripts = made
	if !what.Keep || !what.whole() {
		return run, "", nil
	}
	id, err := d.keepRun(ctx, run)
	return run, id, err
}

// reviewInput is what every review of this server begins with.
func (d *Desk) reviewInput(ctx context.Context) (review.Input, error) {
	f, seen, err := d.facts(ctx)
	if err != nil {
		return review.Input{}, err
	}
	s, err := d.Snapshot(ctx, f)
	if err != nil {
		return review.Input{}, err
	}
	in := review.Input{Snapshot: s, Controls: controls.Catalogue(), Catalogue: controls.Version, Forecast: seen.forecast(s.Apps), Beyond: Beyond}
	if d.Book == nil {
		return in, nil
	}
	in.Previous, _, err = d.ReviewRun(ctx, "")
	if errors.Is(err, review.ErrNoRun) {
		err = nil
	}
	return in, err
}

// keepRun keeps a run, compressed, and records that it was made.
func (d *Desk) keepRun(ctx context.Context, run *review.Run) (string, error) {
	doc, err := pack(slim(run))
	if err != nil {
		return "", err
	}
	fails := 0
	for _, f := range run.Findings {
		if f.Open() {
			fails++
		}
	}
	kept := review.KeptRun{
		ID: secret.NewID(d.Now()).String(), Score: review.Points(run.Score.Score), Grade: run.Grade, Fails: fails, Document: doc,
	}
	e := d.event(audit.ReviewRun).With("run", kept.ID).With("score", kept.Score).With("grade", string(kept.Grade)).With("open", strconv.Itoa(fails))
	return kept.ID, d.Book.KeepRun(ctx, kept, e)
}

// ReviewRun reads a kept run: by its id, by the beginning of its id or date if
// one run alone has it, or the newest if id is empty. Errors: review.ErrNoRun.
func (d *Desk) ReviewRun(ctx context.Context, id string) (*review.Run, review.KeptRun, error) {
	kept, err := d.Book.ReviewRun(ctx, id)
	if errors.Is(err, review.ErrNoRun) && id != "" {
		kept, err = d.runLike(ctx, id)
	}
	if err != nil {
		return nil, kept, err
	}
	run, err := unpack(kept.Document)
	if err != nil {
		return nil, kept, fmt.Errorf("run %s: %w", kept.ID, err)
	}
	return run, kept, nil
}

// runLike finds the newest run whose id or date begins like that.
func (d *Desk) runLike(ctx context.Context, text string) (review.KeptRun, error) {
	runs, err := d.Book.ReviewRuns(ctx)
	if err != nil {
		return review.KeptRun{}, err
	}
	for _, r := range runs {
		if strings.HasPrefix(r.ID, text) || strings.HasPrefix(r.Taken.Format("2006-01-02T15:04:05Z"), text) {
			return d.Book.ReviewRun(ctx, r.ID)
		}
	}
	return review.KeptRun{}, fmt.Errorf("%q: %w", text, review.ErrNoRun)
}

// ReviewRuns lists the kept runs, newest first.
func (d *Desk) ReviewRuns(ctx context.Context) ([]review.KeptRun, error) {
	return d.Book.ReviewRuns(ctx)
}

// slim is what later runs are compared with: verdicts and reasons, not the values
// and fixes, which would be most of it.
func slim(run *review.Run) *review.Run {
	kept := *run
	kept.Improvements, kept.Together, kept.Transcripts = nil, nil, nil
	kept.Findings = slices.Clone(run.Findings)
	for i := range kept.Findings {
		kept.Findings[i].Values, kept.Findings[i].Fix = []review.Shown{}, nil
	}
	return &kept
}

func pack(run *review.Run) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := errors.Join(json.NewEncoder(z).Encode(run), z.Close()); err != nil {
		return nil, fmt.Errorf("pack run: %w", err)
	}
	return b.Bytes(), nil
}

// mostRun bounds what a kept run may unpack to.
const mostRun = 1 << 30

func unpack(doc []byte) (*review.Run, error) {
	z, err := gzip.NewReader(bytes.NewReader(doc))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	run := &review.Run{}
	if err := json.NewDecoder(io.LimitReader(z, mostRun)).Decode(run); err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	return run, nil
}
