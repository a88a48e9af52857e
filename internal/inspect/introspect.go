package inspect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"countersign/internal/client"
	"countersign/internal/fault"
	"countersign/internal/grant"
	"countersign/internal/oauth"
)

// Refusals of introspection.
var (
	ErrIntrospectUnproven = oauth.Refuse(oauth.InvalidClient, "introspect.unproven", "RFC 7662 §2.1",
		"introspection is for apps that prove their identity")
	ErrIntrospectMissing = oauth.Refuse(oauth.InvalidRequest, "introspect.token-missing", "RFC 7662 §2.1",
		"the request carries no token")
)

// Introspection is what an app may know of a token. Active false says nothing
// else, whatever the reason.
type Introspection struct {
	Active  bool
	Refresh bool // it is a refresh token
	Access  grant.Access
	Issued  time.Time
	Expires time.Time // zero: no fixed end
}

// Introspect answers an app's question about a token. An app sees its own tokens
// only, unless its policy says otherwise; an app that is in the token's audience
// counts as an owner. Everything else is inactive. For an access token it reads
// no database; a refresh token costs one point read. Errors: those of
// Authenticate, ErrIntrospectUnproven, ErrIntrospectMissing, faults.
//
// Spec: RFC 7662 §2.1, §2.2, §4.
func (i *Inspector) Introspect(ctx context.Context, c client.Credentials, text string) (client.Identity, Introspection, error) {
	caller, err := i.Verifier.Authenticate(c)
	if err != nil {
		return caller, Introspection{}, err
	}
	if !caller.Proven {
		return caller, Introspection{}, ErrIntrospectUnproven
	}
	if text == "" {
		return caller, Introspection{}, ErrIntrospectMissing
	}
	if err := i.fresh(); err != nil {
		return caller, Introspection{}, err
	}
	if a, err := i.Open(text); err == nil {
		if !mayKnow(caller, &a) {
			return caller, Introspection{}, nil
		}
		return caller, Introspection{Active: true, Access: a, Issued: a.TokenID.Time(), Expires: a.Expires}, nil
	}
	in, err := i.refresh(ctx, caller, text)
	return caller, in, err
}

// mayKnow says whether a token is the caller's business.
//
// Spec: RFC 7662 §4.
func mayKnow(caller client.Identity, a *grant.Access) bool {
	if a.Client == caller.ID || caller.Policy.IntrospectAll || fault.Is(fault.ForeignIntrospected) {
		return true
	}
	for _, aud := range a.Audience {
		if aud == string(caller.ID) {
			return true
		}
	}
	return false
}

func (i *Inspector) refresh(ctx context.Context, caller client.Identity, text string) (Introspection, error) {
	tok, err := grant.OpenRefresh(i.Keys, text)
	if err != nil {
		return Introspection{}, nil //nolint:nilerr // inactive is the answer, not a fault
	}
	app := i.Verifier.Directory.Lookup(tok.Client)
	if app == nil || !live(app, &tok.Grant, true) || app.Effective.RefreshPolicy == client.RefreshZero || i.Endings.Dead(&tok.Grant) {
		return Introspection{}, nil
	}
	a := grant.Access{Grant: tok.Grant}
	if !mayKnow(caller, &a) {
		return Introspection{}, nil
	}
	fam, err := i.Grants.Family(ctx, tok.ID, tok.SK)
	if errors.Is(err, grant.ErrNotFound) {
		return Introspection{}, nil
	}
	if err != nil {
		return Introspection{}, fmt.Errorf("read family: %w", err)
	}
	if !fam.Ended.IsZero() || fam.Seq != tok.Seq {
		return Introspection{}, nil
	}
	in := Introspection{Active: true, Refresh: true, Access: a, Issued: fam.Issued, Expires: endOf(app.Effective, &tok, &fam)}
	if !in.Expires.IsZero() && !i.Now().Before(in.Expires) {
		return Introspection{}, nil
	}
	return in, nil
}

// endOf is when a refresh token ends by today's policy; zero: it does not.
func endOf(e *client.Effective, tok *grant.Refresh, fam *grant.Family) (end time.Time) {
	used := fam.Issued
	if fam.Used.After(used) {
		used = fam.Used
	}
	if e.RefreshAbsolute > 0 {
		end = tok.ID.Time().Add(e.RefreshAbsolute)
	}
	if e.RefreshIdle > 0 {
		if idle := used.Add(e.RefreshIdle); end.IsZero() || idle.Before(end) {
			end = idle
		}
	}
	return end
}
