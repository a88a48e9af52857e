package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/inspect"
	"countersign/internal/key"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/sqlstore"
)

// Standing is what an administrator may know of a token, whosever it is. Its
// JSON names are stable.
type Standing struct {
	Kind     string         `json:"kind"` // code, access_token, refresh_token
	Active   bool           `json:"active"`
	Why      string         `json:"why,omitempty"` // the rule, if it is not
	App      oauth.ClientID `json:"client_id,omitempty"`
	User     oauth.UserID   `json:"sub,omitempty"`
	Flow     flow.Name      `json:"flow,omitempty"`
	Scopes   oauth.Scopes   `json:"scope,omitempty"`
	Grant    string         `json:"grant,omitempty"`
	Audience []string       `json:"aud,omitempty"`
	Issued   time.Time      `json:"issued,omitzero"`
	Expires  time.Time      `json:"expires,omitzero"`
	AuthTime time.Time      `json:"auth_time,omitzero"`
}

// Standing says what a token is and whether it is alive, from this data alone:
// no server needs to run. Errors: faults; a dead or foreign token is no error.
func (d *Data) Standing(ctx context.Context, text string, now func() time.Time) (Standing, error) {
	i, err := d.inspector(ctx, text, now)
	if err != nil {
		return Standing{}, err
	}
	switch {
	case strings.HasPrefix(text, secret.KindCode.Prefix()):
		return d.codeStanding(ctx, text, i)
	case strings.HasPrefix(text, secret.KindRefresh.Prefix()):
		return d.refreshStanding(ctx, text, i)
	}
	a, err := i.Open(text)
	if err != nil {
		return Standing{Kind: "access_token", Why: why(err)}, nil
	}
	s := standing("access_token", a.Grant)
	s.Audience, s.Issued, s.Expires = a.Audience, a.TokenID.Time(), a.Expires
	return d.alive(ctx, s, i, a.Grant, a.Refreshed)
}

func standing(kind string, g grant.Grant) Standing {
	return Standing{
		Kind: kind, App: g.Client, User: oauth.UserID(g.Subject()), Flow: g.Flow, Scopes: g.Scopes, Grant: g.ID.String(), AuthTime: g.AuthTime.UTC(),
	}
}

// codeStanding finds a redemption in the audit log, where it is written in the
// transaction that spends the code; the store keeps nothing else of a code.
func (d *Data) codeStanding(ctx context.Context, text string, i *inspect.Inspector) (Standing, error) {
	c, err := grant.OpenCode(d.Keys, text, i.Now())
	if err != nil {
		return Standing{Kind: "code", Why: why(err)}, nil
	}
	s := standing("code", c.Grant)
	s.Issued, s.Expires = c.ID.Time(), c.Expires
	spent, err := d.DB.List(ctx, audit.Filter{App: c.Client, User: c.User, Name: audit.CodeRedeemed, Since: s.Issued})
	if err != nil {
		return s, fmt.Errorf("read audit log: %w", err)
	}
	for _, e := range spent {
		if e.Grant == s.Grant {
			s.Why = "it was redeemed at " + e.Time.Format(time.RFC3339)
			return s, nil
		}
	}
	return d.alive(ctx, s, i, c.Grant, false)
}

func (d *Data) refreshStanding(ctx context.Context, text string, i *inspect.Inspector) (Standing, error) {
	r, err := grant.OpenRefresh(d.Keys, text)
	if err != nil {
		return Standing{Kind: "refresh_token", Why: why(err)}, nil
	}
	s := standing("refresh_token", r.Grant)
	s.Issued = r.Issued
	f, err := d.DB.Family(ctx, r.ID, r.SK)
	switch {
	case errors.Is(err, grant.ErrNotFound):
		s.Why = "the grant is gone"
		return s, nil
	case err != nil:
		return s, fmt.Errorf("read family: %w", err)
	case !f.Ended.IsZero():
		s.Why = "the grant was ended at " + f.Ended.UTC().Format(time.RFC3339)
		return s, nil
	case f.Seq != r.Seq:
		s.Why = fmt.Sprintf("it is generation %d, the present one is %d", r.Seq, f.Seq)
		return s, nil
	}
	return d.alive(ctx, s, i, r.Grant, true)
}

// alive asks what every token of a grant depends on: the app, the person, and
// whatever ended since.
func (d *Data) alive(ctx context.Context, s Standing, i *inspect.Inspector, g grant.Grant, refreshed bool) (Standing, error) {
	app, begun := i.Verifier.Directory.Lookup(g.Client), g.ID.Time()
	switch {
	case app == nil:
		s.Why = "the app is gone"
	case !app.Effective.Enabled:
		s.Why = "the app is switched off"
	case !app.Effective.Flow(g.Flow).On, refreshed && !app.Effective.Flow(flow.RefreshToken).On:
		s.Why = "the flow is switched off"
	case !app.Honours(g.Flow, begun), refreshed && !app.Honours(flow.RefreshToken, begun):
		s.Why = "the app or the flow was switched off since"
	case i.Endings.Dead(&g):
		s.Why = "the grant was ended"
	}
	if s.Why != "" || g.User == "" {
		s.Active = s.Why == ""
		return s, nil
	}
	person, err := d.DB.Account(ctx, g.User)
	switch {
	case errors.Is(err, account.ErrNotFound):
		s.Why = "the person is gone"
		return s, nil
	case err != nil:
		return s, fmt.Errorf("read person: %w", err)
	case person.State != account.Active:
		s.Why = "the person is disabled"
	case person.Epoch != g.Epoch:
		s.Why = "the person's password was changed, or they were disabled, since"
	}
	s.Active = s.Why == ""
	return s, nil
}

func why(err error) string { return oauth.From(err).Error() }

// inspector fills a memory as a server does, once.
func (d *Data) inspector(ctx context.Context, text string, now func() time.Time) (*inspect.Inspector, error) {
	apps, ring, endings := &client.Directory{}, &key.Ring{}, &grant.Endings{}
	var fault error
	d.DB.Follow(func(c sqlstore.Changes) {
		apps.Apply(c.Org, c.Clients)
		if c.Keys != nil {
			fault = ring.Apply(d.Keys, c.Keys)
		}
		endings.Add(c.Endings...)
	})
	if err := errors.Join(d.DB.Poll(ctx), fault); err != nil {
		return nil, err
	}
	return &inspect.Inspector{
		Verifier: &client.Verifier{Directory: apps, Keys: d.Keys, Now: now}, Grants: d.DB, Accounts: d.DB, Keys: d.Keys,
		Ring: ring, Endings: endings, Issuer: issuerOf(text), Now: now,
	}, nil
}

// issuerOf reads the issuer that a JWT claims. The signature is what counts: one
// of our keys signs for one issuer only.
func issuerOf(text string) string {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return ""
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	var c struct {
		Issuer string `json:"iss"`
	}
	if err != nil || json.Unmarshal(body, &c) != nil {
		return ""
	}
	return c.Issuer
}
