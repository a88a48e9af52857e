package admin

import (
	"context"
	"errors"
	"fmt"

	"countersign/internal/client"
	"countersign/internal/review"
	"countersign/internal/review/controls"
)

// OrgPreview is what a change of the server-wide settings would come to, before
// anything is saved. Its JSON names are stable.
type OrgPreview struct {
	Version int64             `json:"-"` // of the settings that were looked at: ChangeOrgSince wants it
	Changes []Change          `json:"changes"`
	Faults  Invalid           `json:"faults"`
	Moves   review.Difference `json:"moves"` // findings that become others
	Before  review.Score      `json:"before"`
	After   review.Score      `json:"after"`
	Breaks  []AppForecast     `json:"breaks"` // apps that would notice
}

// AppForecast says what an app would notice.
type AppForecast struct {
	ID   string `json:"client_id"`
	Name string `json:"name"`
	ChangeForecast
}

// PreviewOrg says what ChangeOrg would do: the diff, what becomes of the
// findings of every app, and whose requests of the last days would have been
// refused. It writes nothing. Faults of the settings are part of the answer.
func (d *Desk) PreviewOrg(ctx context.Context, sets []Set) (*OrgPreview, error) {
	old, err := d.Apps.Org(ctx)
	if err != nil {
		return nil, fmt.Errorf("preview settings: %w", err)
	}
	next := old
	p := &OrgPreview{Version: old.Version, Changes: []Change{}, Breaks: []AppForecast{}}
	p.Faults = append(Invalid{}, apply(OrgFields, &next, sets, d.Now(), false)...)
	if len(p.Faults) > 0 {
		return p, nil
	}
	if p.Changes = append(p.Changes, diff(OrgFields, &old, &next)...); len(p.Changes) == 0 {
		return p, nil
	}
	f, seen, errFacts := d.facts(ctx)
	keys, errKeys := d.Signing.Keys(ctx)
	apps, errApps := d.Apps.Clients(ctx)
	if err := errors.Join(errFacts, errKeys, errApps); err != nil {
		return nil, fmt.Errorf("preview settings: %w", err)
	}
	judge := func(o client.Org) *review.Run {
		return review.Judge(review.Input{
			Snapshot: d.snapshotOf(o, keys, apps, f), Controls: controls.Catalogue(), Catalogue: controls.Version, Beyond: Beyond,
		})
	}
	before, after := judge(old), judge(next)
	p.Moves, p.Before, p.After = review.Compare(before, after), before.Score, after.Score
	for _, c := range apps {
		forecast := seen.change(d.AppSnapshot(old, c, f), d.AppSnapshot(next, c, f))
		if forecast.Refused > 0 || len(forecast.Unknown) > 0 {
			p.Breaks = append(p.Breaks, AppForecast{string(c.ID), c.Name, forecast})
		}
	}
	return p, nil
}

// ChangeOrgSince is ChangeOrg of settings that somebody looked at: if they are
// others by now, nothing is done. Errors: Invalid, client.ErrConflict.
func (d *Desk) ChangeOrgSince(ctx context.Context, version int64, sets []Set) ([]Change, error) {
	old, err := d.Apps.Org(ctx)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read settings: %w", err)
	case old.Version != version:
		return nil, client.ErrConflict
	}
	next := old
	if faults := apply(OrgFields, &next, sets, d.Now(), false); len(faults) > 0 {
		return nil, faults
	}
	changes := diff(OrgFields, &old, &next)
	if len(changes) == 0 {
		return nil, nil
	}
	return changes, d.replaceOrg(ctx, next, changes)
}
