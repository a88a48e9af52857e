package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"countersign/internal/client"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/secret"
	"countersign/internal/usage"
)

// Values is everything that can be changed on an app, as it is now, in the words
// that set it: what a form shows.
func Values(c *client.Client) map[string][]string {
	out := map[string][]string{}
	for _, s := range setsOf(c, true) {
		out[s.Field] = s.Values
	}
	return out
}

// AppFindings judges one app as a review of this moment would, and scores it.
// Errors: client.ErrNotFound.
func (d *Desk) AppFindings(ctx context.Context, id oauth.ClientID) ([]review.Finding, *AppHealth, error) {
	c, err := d.Apps.Client(ctx, id)
	if err != nil {
		return nil, nil, fmt.Errorf("findings: %w", err)
	}
	org, errOrg := d.Apps.Org(ctx)
	keys, errKeys := d.Signing.Keys(ctx)
	f, _, errFacts := d.factsOf(ctx, id, false)
	if err := errors.Join(errOrg, errKeys, errFacts); err != nil {
		return nil, nil, fmt.Errorf("findings: %w", err)
	}
	s := d.snapshotOf(org, keys, []*client.Client{c}, f)
	findings := ofApp(review.Judge(review.Input{Snapshot: s, Controls: appControls(), Beyond: Beyond}).Findings, id)
	return findings, healthOf(findings), nil
}

// SecretUse says when each of an app's secrets last proved the app, in the last
// 90 days, and since when anybody looked.
func (d *Desk) SecretUse(ctx context.Context, id oauth.ClientID) (map[string]time.Time, time.Time, error) {
	out := map[string]time.Time{}
	if d.Seen == nil {
		return out, time.Time{}, nil
	}
	counts, since, err := d.Seen.AppUsage(ctx, id, usage.DayOf(d.Now())-usage.Keep)
	for k, n := range counts {
		if key, ok := k.Trait.Secret(); ok && n.Last.After(out[key]) {
			out[key] = n.Last
		}
	}
	return out, since, err
}

// AppGrant reads one living grant of an app. A grant of another app is not found.
// Errors: grant.ErrNotFound.
func (d *Desk) AppGrant(ctx context.Context, app oauth.ClientID, id string) (grant.Family, error) {
	family, err := secret.ParseID(id)
	if err != nil {
		return grant.Family{}, fmt.Errorf("%q: %w", id, grant.ErrNotFound)
	}
	f, err := d.Grants.Family(ctx, family, 0)
	if err == nil && (f.Client != app || !f.Ended.IsZero()) {
		err = grant.ErrNotFound
	}
	return f, err
}
