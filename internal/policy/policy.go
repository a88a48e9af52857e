// Package policy decides on what terms an app gets tokens for a person: who may
// use the app, from where, at which assurance, with which scopes, for how long.
// It is pure: everything it needs is handed to it, and it changes nothing.
package policy

import (
	"net/netip"
	"slices"
	"time"

	"countersign/internal/account"
	"countersign/internal/client"
	"countersign/internal/fault"
	"countersign/internal/flow"
	"countersign/internal/oauth"
)

// Refusals.
var (
	ErrNotAssigned = oauth.Refuse(oauth.NotAdmitted, "policy.not-assigned", "RFC 6749 §4.1.2.1",
		"user is not admin approved to access this app")
	ErrAddress = oauth.Refuse(oauth.AccessDenied, "policy.address", "RFC 6749 §4.1.2.1",
		"the app may not be used from this address")
	ErrAssurance = oauth.Refuse(oauth.InsufficientAuthorization, "policy.assurance", "RFC 9470 §4",
		"the app asks for a stronger authentication than a password")
	ErrScopeApp = oauth.Refuse(oauth.InvalidScope, "scope.beyond-machine", "RFC 6749 §4.4.2; RFC 6749 §3.3",
		"the request asks for a scope that the app may not have for itself")
	ErrScopeWider = oauth.Refuse(oauth.InvalidScope, "scope.wider-than-grant", "RFC 6749 §6",
		"the request asks for a scope that the person did not allow")
)

// Admit answers: may this person use this app from here, at this assurance?
// Refreshing says that the person is not present. Errors: ErrNotAssigned,
// ErrAddress, ErrAssurance.
//
// Spec: RFC 6749 §10.2.
func Admit(app *client.Entry, person *account.Account, from netip.Addr, refreshing bool) error {
	e := app.Effective
	if e.PermittedUsers == client.AdminPreauthorized && !shares(person.Groups, e.Groups) && !fault.Is(fault.NotAssigned) {
		return ErrNotAssigned
	}
	if !addressAllowed(e, from, refreshing) && !fault.Is(fault.FenceIgnored) {
		return ErrAddress
	}
	if e.Assurance == client.AssuranceHigh && !refreshing {
		return ErrAssurance
	}
	return nil
}

// AdmitApp answers: may this app ask for itself from here? There is no person to
// be admitted. Errors: ErrAddress.
//
// Spec: RFC 6749 §4.4; RFC 9700 §2.
func AdmitApp(app *client.Entry, from netip.Addr) error {
	if !addressAllowed(app.Effective, from, false) && !fault.Is(fault.FenceIgnored) {
		return ErrAddress
	}
	return nil
}

// MachineScopes answers which scopes an app gets for itself: those of its own
// that are not about a person, or of them those it asks for. Errors: ErrScopeApp.
//
// Spec: RFC 6749 §4.4.2, §3.3.
func MachineScopes(app *client.Entry, asked oauth.Scopes) (oauth.Scopes, error) {
	mine := slices.DeleteFunc(slices.Clone(app.Effective.Scopes), oauth.Scope.OfPerson)
	switch {
	case len(asked) == 0:
		return mine, nil
	case !asked.Within(mine) && !fault.Is(fault.MachineUnbounded):
		return nil, ErrScopeApp
	}
	return asked, nil
}

func shares(a, b []string) bool {
	return slices.ContainsFunc(a, func(g string) bool { return slices.Contains(b, g) })
}

func addressAllowed(e *client.Effective, from netip.Addr, refreshing bool) bool {
	if len(e.IPRanges) == 0 || e.IP == client.IPBypass || e.IP == client.IPRelaxRefresh && refreshing {
		return true
	}
	from = from.Unmap()
	return slices.ContainsFunc(e.IPRanges, func(p netip.Prefix) bool { return p.Contains(from) })
}

// AdminTokenCeiling is the longest life of a token that opens the administration
// of this server.
const AdminTokenCeiling = time.Hour

// Terms are what an app gets: decided, not yet made.
type Terms struct {
	Scopes    oauth.Scopes // of the access token
	AccessTTL time.Duration
	Format    client.TokenFormat
	Audience  []string // empty: the issuer
	IDToken   bool
	Refresh   bool // a refresh token is given
	Rotation  bool
}

// Decide answers on what terms: granted are the scopes the person allowed,
// asked those of this request (none: all that were granted). Scopes the app has
// lost since are left out silently: nobody keeps what an administrator took
// away. Errors: ErrScopeWider.
//
// Spec: RFC 6749 §3.3, §6.
func Decide(app *client.Entry, granted, asked oauth.Scopes) (Terms, error) {
	e := app.Effective
	if !asked.Within(granted) {
		return Terms{}, ErrScopeWider
	}
	if len(asked) == 0 {
		asked = granted
	}
	t := Terms{AccessTTL: e.AccessTTL, Format: e.AccessFormat, Audience: e.AccessAudience, Rotation: e.Rotation}
	if asked.Within(e.Scopes) || fault.Is(fault.ScopeUnbounded) {
		t.Scopes = asked
	} else {
		t.Scopes = slices.DeleteFunc(slices.Clone(asked), func(s oauth.Scope) bool { return !e.Scopes.Has(s) })
	}
	if slices.ContainsFunc(t.Scopes, oauth.Scope.Admin) {
		t.AccessTTL = min(t.AccessTTL, AdminTokenCeiling)
	}
	t.IDToken = t.Scopes.Has(oauth.ScopeOpenID)
	t.Refresh = granted.Offline() && e.RefreshPolicy != client.RefreshZero && e.Flow(flow.RefreshToken).On
	return t, nil
}
