package token

import (
	"context"
	"fmt"
	"time"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/fault"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/policy"
)

// Refusals of a refresh token, in the order of checking.
var (
	ErrRefreshMissing = oauth.Refuse(oauth.InvalidRequest, "refresh.missing", "RFC 6749 §6",
		"the request carries no refresh_token")
	ErrRefreshOtherApp = oauth.Refuse(oauth.InvalidGrant, "refresh.other-app", "RFC 6749 §6",
		"the refresh token was issued to another app")
	ErrRefreshIdle = oauth.Refuse(oauth.InvalidGrant, "refresh.idle", "RFC 9700 §4.14.2",
		"the refresh token was not used for too long")
	ErrRefreshExpired = oauth.Refuse(oauth.InvalidGrant, "refresh.expired", "RFC 9700 §4.14.2",
		"the refresh token has reached the end of its life")
	ErrRefreshEnded = oauth.Refuse(oauth.InvalidGrant, "refresh.ended", "RFC 6749 §5.2",
		"the refresh token was revoked")
	ErrRefreshReused = oauth.Refuse(oauth.InvalidGrant, "refresh.reused", "RFC 9700 §4.14.2",
		"the refresh token was replaced before; its whole family is revoked")
	ErrRefreshAhead = oauth.Refuse(oauth.InvalidGrant, "refresh.not-found", "RFC 6749 §5.2",
		"the refresh token is not known to this database")
)

// validateRefresh opens the token and holds app, person and lifetimes against
// the request. It changes nothing.
//
// Spec: RFC 6749 §6; RFC 9700 §4.14.2.
func (x *Exchanger) validateRefresh(ctx context.Context, app client.Identity, r Request) (proof, error) {
	if r.RefreshToken == "" {
		return proof{}, ErrRefreshMissing
	}
	tok, err := grant.OpenRefresh(x.Keys, r.RefreshToken)
	if err != nil {
		return proof{}, err
	}
	p := proof{refresh: &tok, grant: tok.Grant, asked: r.Scopes}
	if tok.Client != app.ID && !fault.Is(fault.RefreshAnyApp) {
		return p, ErrRefreshOtherApp
	}
	if !app.Honours(flow.RefreshToken, tok.ID.Time()) && !fault.Is(fault.FlowSwitchIgnored) {
		return p, ErrRefreshEnded
	}
	now := x.Now()
	if err := checkLifetimes(app.Effective, &tok, now); err != nil {
		return p, err
	}
	if p.person, err = x.alive(ctx, app, &tok.Grant, ErrRefreshEnded); err != nil {
		return p, err
	}
	p.event = event(now, audit.TokenRefreshed, r, &tok.Grant)
	return p, nil
}

// checkLifetimes applies today's policy, not the one of the day of the login.
// Disuse is counted from the making of this generation; a token that does not
// rotate is checked against its row instead (see touch).
//
// Spec: OAuth 2.1 §4.3.3.
func checkLifetimes(e *client.Effective, tok *grant.Refresh, now time.Time) error {
	if fault.Is(fault.RefreshForever) {
		return nil
	}
	if e.RefreshPolicy == client.RefreshZero {
		return ErrRefreshExpired
	}
	if e.RefreshAbsolute > 0 && !now.Before(tok.ID.Time().Add(e.RefreshAbsolute)) {
		return ErrRefreshExpired
	}
	if e.Rotation && e.RefreshIdle > 0 && !now.Before(tok.Issued.Add(e.RefreshIdle)) {
		return ErrRefreshIdle
	}
	return nil
}

// commitRefresh replaces the presented generation by the next one and records
// it, in one commit; or notes the use of a token that does not rotate.
//
// Spec: RFC 9700 §4.14.2.
func (x *Exchanger) commitRefresh(ctx context.Context, app client.Identity, p proof, t policy.Terms, r Request, a *Answer) error {
	if !t.Rotation {
		return x.touch(ctx, app, p, r)
	}
	now := a.IssuedAt
	out, err := x.Grants.RotateRefresh(ctx, grant.Rotation{
		Attempt: attempt(now, app.ID, r.RefreshToken), Refresh: *p.refresh, Now: now, Event: p.event,
	})
	if err != nil {
		return fmt.Errorf("rotate refresh token: %w", err)
	}
	switch out {
	case oauth.Won:
		a.RefreshToken = x.successor(p.refresh, now)
		return nil
	case oauth.Lost:
		return x.settleLost(ctx, app, p, r, a)
	case oauth.Unknown:
	}
	return oauth.ErrUnknownOutcome
}

// successor is generation seq+1 as text. It is a function of the family's row,
// so that the same successor can be given twice.
func (x *Exchanger) successor(old *grant.Refresh, made time.Time) string {
	next := *old
	next.Seq, next.Issued = old.Seq+1, made
	return grant.SealRefresh(x.Keys, next)
}

// settleLost decides what a refresh means whose generation is not the present
// one: a retry of the last refresh by the same app within the grace time gets
// the same successor again, everything else is reuse and ends the family.
//
// Spec: RFC 9700 §4.14.2.
func (x *Exchanger) settleLost(ctx context.Context, app client.Identity, p proof, r Request, a *Answer) error {
	fam, err := x.Grants.Family(ctx, p.grant.ID, p.refresh.SK)
	if err != nil {
		return notFound(err, ErrRefreshAhead)
	}
	now := x.Now()
	switch {
	case !fam.Ended.IsZero():
		return ErrRefreshEnded
	case p.refresh.Seq > fam.Seq:
		return ErrRefreshAhead
	case fault.Is(fault.RefreshReuse):
		a.RefreshToken = x.successor(p.refresh, fam.Issued)
		return nil
	case p.refresh.Seq == fam.Seq-1 && app.Effective.Grace > 0 && now.Sub(fam.Issued) <= app.Effective.Grace:
		a.RefreshToken, a.repeated = x.successor(p.refresh, fam.Issued), true
		return x.record(ctx, event(now, audit.TokenReanswered, r, &p.grant))
	}
	return x.contain(ctx, p, r, audit.RefreshReused, ErrRefreshReused)
}

func (x *Exchanger) record(ctx context.Context, e audit.Event) error {
	if err := x.Audit.Record(ctx, e); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	return nil
}

// touch lets a token that does not rotate be used again: its family must live,
// be of this generation, and not have lain idle.
func (x *Exchanger) touch(ctx context.Context, app client.Identity, p proof, r Request) error {
	fam, err := x.Grants.Family(ctx, p.grant.ID, p.refresh.SK)
	if err != nil {
		return notFound(err, ErrRefreshAhead)
	}
	switch {
	case !fam.Ended.IsZero():
		return ErrRefreshEnded
	case fam.Seq != p.refresh.Seq:
		return x.contain(ctx, p, r, audit.RefreshReused, ErrRefreshReused)
	}
	now, since := x.Now(), time.Time{}
	if idle := app.Effective.RefreshIdle; idle > 0 {
		since = now.Add(-idle)
	}
	out, err := x.Grants.TouchRefresh(ctx, p.grant.ID, p.refresh.SK, now, since, p.event)
	if err != nil {
		return fmt.Errorf("note the use of a refresh token: %w", err)
	}
	switch out {
	case oauth.Won:
		return nil
	case oauth.Lost:
		return ErrRefreshIdle
	case oauth.Unknown:
	}
	return oauth.ErrUnknownOutcome
}
