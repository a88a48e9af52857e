package inspect

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/fault"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// Refusals of revocation.
var (
	ErrRevokeMissing = oauth.Refuse(oauth.InvalidRequest, "revoke.token-missing", "RFC 7009 §2.1",
		"the request carries no token")
	ErrRevokeUnproven = oauth.Refuse(oauth.InvalidClient, "revoke.unproven", "RFC 7009 §2.1",
		"the app must prove its identity to revoke a token")
)

// Revocation is a request to end a token.
type Revocation struct {
	Client    client.Credentials
	ByHolder  bool // the dialect lets whoever holds a token end it, without naming an app
	Token     string
	Address   netip.Addr
	RequestID string
	Reason    string // one of the dialect's known words; empty: none
}

// Revoke ends a token: a refresh token with its whole grant, an access token
// alone. Found says whether there was something of the caller's to end; a
// foreign, unknown or dead token is not found, and nothing happens. When it
// returns nil the ending is durable, and in force on every node within a second.
// Errors: those of Authenticate, ErrRevokeUnproven, ErrRevokeMissing, faults.
//
// Spec: RFC 7009 §2.
func (i *Inspector) Revoke(ctx context.Context, r Revocation) (found bool, err error) {
	var caller client.Identity
	if !r.ByHolder {
		if caller, err = i.Verifier.Authenticate(r.Client); err != nil {
			return false, err
		}
		if caller.Type == client.Confidential && !caller.Proven {
			return false, ErrRevokeUnproven
		}
	}
	if r.Token == "" {
		return false, ErrRevokeMissing
	}
	mine := func(g *grant.Grant) bool {
		return r.ByHolder || g.Client == caller.ID || fault.Is(fault.ForeignRevoked)
	}
	if strings.HasPrefix(r.Token, secret.KindRefresh.Prefix()) {
		return i.revokeRefresh(ctx, r, mine)
	}
	a, err := i.Open(r.Token)
	if err != nil || !mine(&a.Grant) {
		return false, nil //nolint:nilerr // an unknown or dead token is not found, by RFC 7009 §2.2
	}
	out, err := i.Grants.EndAccess(ctx, a.TokenID, i.Now(), i.revoked(r, &a.Grant, "access_token"))
	return settled(out, err)
}

func (i *Inspector) revokeRefresh(ctx context.Context, r Revocation, mine func(*grant.Grant) bool) (bool, error) {
	tok, err := grant.OpenRefresh(i.Keys, r.Token)
	if err != nil || !mine(&tok.Grant) || i.Endings.Dead(&tok.Grant) {
		return false, nil //nolint:nilerr // an unknown or dead token is not found, by RFC 7009 §2.2
	}
	out, err := i.Grants.EndGrant(ctx, tok.ID, tok.SK, i.Now(), i.revoked(r, &tok.Grant, "refresh_token"))
	return settled(out, err)
}

func (i *Inspector) revoked(r Revocation, g *grant.Grant, what string) audit.Event {
	e := event(i.Now(), audit.GrantRevoked, r.RequestID, r.Address, g).With("token", what)
	if r.Reason != "" {
		e = e.With("reason", r.Reason)
	}
	return e
}

func settled(out oauth.Outcome, err error) (bool, error) {
	switch {
	case err != nil:
		return false, fmt.Errorf("revoke: %w", err)
	case out == oauth.Unknown:
		return false, oauth.ErrUnknownOutcome
	}
	return true, nil
}
