package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/usage"
)

// AppPreview is what a change of an app would come to, before anything is saved.
// Its JSON names are stable.
type AppPreview struct {
	ID       oauth.ClientID  `json:"client_id"`
	Version  int64           `json:"-"`        // of the app that was looked at: what Desk.Saw is to be for the change
	Changes  []Change        `json:"changes"`  // the diff
	Faults   Invalid         `json:"faults"`   // what cannot be saved at all
	Stops    []Verdict       `json:"stops"`    // what is saved with a Consent only
	Verdicts []Verdict       `json:"verdicts"` // findings that become others
	Before   review.Score    `json:"before"`   // of the app
	After    review.Score    `json:"after"`
	Breaks   ChangeForecast  `json:"breaks"`
	Warnings []string        `json:"warnings"`
	App      *client.Client  `json:"-"` // as it would be
	Stopped  []review.Remark `json:"-"` // behind Stops, with their fixes
}

// Saveable says whether the change has something to save and no fault.
func (p *AppPreview) Saveable() bool { return len(p.Faults) == 0 && len(p.Changes) > 0 }

// Verdict is a finding that a change makes another one.
type Verdict struct {
	Control  string          `json:"control"`
	Title    string          `json:"title"`
	Was      review.Status   `json:"was,omitempty"` // empty for a new app
	Is       review.Status   `json:"is"`
	Severity review.Severity `json:"severity"`
	Reason   string          `json:"reason"`
	Mend     string          `json:"mend,omitempty"` // the patch, as flags, of one that stops the change
}

// Better says whether the change mends the finding.
func (v Verdict) Better() bool { return v.Was == review.Fail && v.Is != review.Fail }

// PreviewApp says what ChangeApp would do with the same settings: the diff, what
// becomes of the findings, who would break, what stops it. It writes nothing.
// Faults of the settings are part of the answer. Errors: client.ErrNotFound.
func (d *Desk) PreviewApp(ctx context.Context, id oauth.ClientID, sets []Set) (*AppPreview, error) {
	old, err := d.Apps.Client(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	next, now := clone(old), d.Now().UTC().Truncate(time.Millisecond)
	faults := apply(AppFields, next, sets, now, false)
	faults = append(faults, checkApp(next)...)
	return d.preview(ctx, old, next, faults)
}

// PreviewUndo says what UndoApp would do. Errors: client.ErrNotFound,
// ErrNothingToUndo.
func (d *Desk) PreviewUndo(ctx context.Context, id oauth.ClientID) (*AppPreview, error) {
	old, err := d.Apps.Client(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	if old.Turn == nil {
		return nil, ErrNothingToUndo
	}
	return d.PreviewApp(ctx, id, UndoSets(old.Turn))
}

// PreviewNewApp says what CreateApp would make of the same settings.
func (d *Desk) PreviewNewApp(ctx context.Context, sets []Set) (*AppPreview, error) {
	next, faults := draftApp("app-not-made-yet", sets, d.Now().UTC().Truncate(time.Millisecond))
	return d.preview(ctx, nil, next, faults)
}

func (d *Desk) preview(ctx context.Context, old, next *client.Client, faults Invalid) (*AppPreview, error) {
	p := &AppPreview{ID: next.ID, App: next, Faults: append(Invalid{}, faults...), Warnings: warnings(next)}
	before := &client.Client{}
	if old != nil {
		before, p.Version = old, old.Version
	}
	if p.Changes = diff(appLines, before, next); len(p.Changes) == 0 || len(faults) > 0 {
		p.Changes = append([]Change{}, p.Changes...)
		return p, nil
	}
	stops, warns, err := d.lint(ctx, old, next)
	if err != nil {
		return nil, err
	}
	p.Warnings = append(p.Warnings, heard(next.ID, warns)...)
	for _, r := range stops {
		p.Stopped = append(p.Stopped, r)
		p.Stops = append(p.Stops, Verdict{r.Control, r.Title, r.Was, r.Status, r.Severity, r.Reason, Remedy(r)})
	}
	return p, d.foresee(ctx, p, old, next)
}

// foresee judges the app before and after, as a review of this very moment
// would, and asks the counters who meets what changed.
func (d *Desk) foresee(ctx context.Context, p *AppPreview, old, next *client.Client) error {
	org, errOrg := d.Apps.Org(ctx)
	keys, errKeys := d.Signing.Keys(ctx)
	f, t, errFacts := d.factsOf(ctx, next.ID, old == nil)
	if err := errors.Join(errOrg, errKeys, errFacts); err != nil {
		return fmt.Errorf("preview: %w", err)
	}
	judge := func(c *client.Client) []review.Finding {
		s := d.snapshotOf(org, keys, []*client.Client{c}, f)
		run := review.Judge(review.Input{Snapshot: s, Controls: controls.Catalogue(), Catalogue: controls.Version, Beyond: Beyond})
		return ofApp(run.Findings, c.ID)
	}
	was := map[string]review.Finding{}
	if old != nil {
		findings := judge(old)
		for _, f := range findings {
			was[f.Control] = f
		}
		p.Before = review.ScoreOf(findings)
		p.Breaks = t.change(d.AppSnapshot(org, old, f), d.AppSnapshot(org, next, f))
	}
	after := judge(next)
	p.After = review.ScoreOf(after)
	for _, f := range after {
		o, known := was[f.Control]
		shown := known && o.Status != f.Status || !known && (f.Status == review.Fail || f.Status == review.Mitigated)
		if shown {
			p.Verdicts = append(p.Verdicts, Verdict{Control: f.Control, Title: f.Title, Was: o.Status, Is: f.Status, Severity: f.Severity, Reason: f.Reason})
		}
	}
	return nil
}

func ofApp(findings []review.Finding, id oauth.ClientID) []review.Finding {
	var out []review.Finding
	for _, f := range findings {
		if f.App == string(id) {
			out = append(out, f)
		}
	}
	return out
}

// factsOf are the facts of one app, and what was seen of it. A new app was not
// seen and holds nothing.
func (d *Desk) factsOf(ctx context.Context, id oauth.ClientID, isNew bool) (Facts, *traffic, error) {
	f, err := d.appFacts(ctx, id, isNew)
	t := &traffic{now: d.Now(), apps: map[oauth.ClientID][]usage.Key{}}
	if err != nil || isNew || d.Seen == nil {
		return f, t, err
	}
	if t.counts, t.since, err = d.Seen.AppUsage(ctx, id, usage.DayOf(t.now)-usage.Keep); err != nil || t.since.IsZero() {
		return f, t, err
	}
	for k := range t.counts {
		t.apps[id] = append(t.apps[id], k)
	}
	live, err := d.liveGrants(ctx)
	f.Usage = map[oauth.ClientID]*Usage{id: t.use(id, live[id])}
	return f, t, err
}

// liveGrants counts living grants, from the memory of the index if there is one.
func (d *Desk) liveGrants(ctx context.Context) (map[oauth.ClientID]int, error) {
	if d.Index != nil {
		return d.Index.liveGrants(ctx, d)
	}
	return d.Seen.LiveGrants(ctx)
}
