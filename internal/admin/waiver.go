package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"countersign/internal/audit"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/secret"
)

// Acceptance is what somebody says who accepts a finding. Every part is
// mandatory.
type Acceptance struct {
	Reason string
	Owner  string // who can be asked
	Until  time.Time
}

// Waive accepts one finding for a time. App is empty for a control of the
// server. Errors: the ErrWaiver errors of review, ErrNoControl,
// client.ErrNotFound.
func (d *Desk) Waive(ctx context.Context, control, app string, a Acceptance) (review.KeptWaiver, error) {
	what := Reviewing{Controls: []string{control}}
	if app != "" {
		what.Apps = []string{app}
	}
	run, _, err := d.Review(ctx, what)
	if err != nil {
		return review.KeptWaiver{}, err
	}
	if app != "" {
		app = what.Apps[0]
	}
	w, err := run.Waive(control, app, a.Reason, a.Owner, a.Until)
	if err != nil {
		return review.KeptWaiver{}, err
	}
	return d.keepWaiver(ctx, w)
}

func (d *Desk) keepWaiver(ctx context.Context, w review.Waiver) (review.KeptWaiver, error) {
	kept := review.KeptWaiver{ID: secret.NewID(d.Now()).String(), Waiver: w}
	return kept, d.Book.AddWaiver(ctx, &kept, d.waiverEvent(audit.WaiverAdded, kept))
}

func (d *Desk) waiverEvent(name audit.Name, w review.KeptWaiver) audit.Event {
	e := d.event(name).With("waiver", w.ID).With("control", w.Control).With("reason", w.Reason).
		With("owner", w.Owner).With("until", w.Until.UTC().Format(time.DateOnly))
	e.App = oauth.ClientID(w.App)
	return e
}

// ErrWaiverOver says that a waiver has ended already.
var ErrWaiverOver = errors.New("the waiver has ended already")

// EndWaiver ends a waiver before its time. It stays in every list. Errors:
// review.ErrNoWaiver, ErrWaiverOver.
func (d *Desk) EndWaiver(ctx context.Context, id string) (review.KeptWaiver, error) {
	all, err := d.Book.Waivers(ctx)
	if err != nil {
		return review.KeptWaiver{}, err
	}
	for _, w := range all {
		if w.ID != id {
			continue
		}
		if !w.Ended.IsZero() {
			return w, ErrWaiverOver
		}
		w.Ended = d.Now().UTC().Truncate(time.Second)
		return w, d.Book.EndWaiver(ctx, &w, d.waiverEvent(audit.WaiverEnded, w))
	}
	return review.KeptWaiver{}, fmt.Errorf("%q: %w", id, review.ErrNoWaiver)
}

// WaiverView is a waiver and whether it still counts.
type WaiverView struct {
	review.KeptWaiver
	State string `json:"state"` // "in force", or why it no longer counts
}

// Waivers lists every waiver, oldest first, with what a review says of it today.
func (d *Desk) Waivers(ctx context.Context) ([]WaiverView, error) {
	kept, err := d.Book.Waivers(ctx)
	if err != nil {
		return nil, err
	}
	run, _, err := d.Review(ctx, Reviewing{})
	if err != nil {
		return nil, err
	}
	views := make([]WaiverView, len(kept))
	for i, w := range kept {
		views[i] = WaiverView{w, run.WaiverState(w.Waiver)}
	}
	return views, nil
}

// waivers reads every waiver as the review takes them.
func (d *Desk) waivers(ctx context.Context) ([]review.Waiver, error) {
	if d.Book == nil {
		return nil, nil
	}
	kept, err := d.Book.Waivers(ctx)
	out := make([]review.Waiver, len(kept))
	for i, w := range kept {
		out[i] = w.Waiver
	}
	return out, err
}
