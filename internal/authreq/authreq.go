// Package authreq decides whether an authorization request is valid for the app
// that makes it: redirect URI, response type, scope, PKCE, nonce. It is shared by
// the headless login, and by every later door to the same decision. It is pure
// and looks at no credential and no person.
package authreq

import (
	"encoding/base64"

	"countersign/internal/client"
	"countersign/internal/fault"
	"countersign/internal/flow"
	"countersign/internal/oauth"
)

// Request is an authorization request as a dialect read it.
type Request struct {
	Flow            flow.Name
	RedirectURI     string
	NoRedirect      bool // the endpoint has no redirect: the URI must be absent
	Scopes          oauth.Scopes
	Challenge       string // base64url, as sent
	ChallengeMethod string // a dialect whose absent method means S256 says so here
	Nonce           string
	MaxAge          bool // an authentication was asked for; a headless login always is one
}

// Valid is what a request came to: what the code will be bound to.
type Valid struct {
	Scopes    oauth.Scopes
	Challenge [32]byte // zero: none
	Nonce     string
}

// Refusals, in the order of checking.
var (
	ErrFlowOff = oauth.Refuse(oauth.FlowDisabled, "flow.off", "RFC 6749 §5.2",
		"the flow is switched off for this app")
	ErrRedirectMissing = oauth.Refuse(oauth.RedirectMissing, "redirect.missing", "OAuth 2.1 §4.1.1",
		"the request names no redirect URI")
	ErrRedirectUnregistered = oauth.Refuse(oauth.RedirectMismatch, "redirect.unregistered", "RFC 9700 §4.1.3",
		"the redirect URI is not one of the app's, compared character by character")
	ErrRedirectUnexpected = oauth.Refuse(oauth.InvalidRequest, "redirect.unexpected", "draft-ietf-oauth-first-party-apps-04 §5.1",
		"a challenge request has no redirect: leave the redirect URI out")
	ErrScopeBeyond = oauth.Refuse(oauth.InvalidScope, "scope.beyond-app", "RFC 6749 §3.3",
		"the request asks for a scope that the app may not be granted")
	ErrChallengeMissing = oauth.Refuse(oauth.InvalidRequest, "pkce.challenge-missing", "RFC 7636 §4.4.1",
		"missing required code challenge")
	ErrChallengeMethod = oauth.Refuse(oauth.InvalidRequest, "pkce.method", "RFC 7636 §4.3",
		"the code challenge method must be S256")
	ErrChallengeSyntax = oauth.Refuse(oauth.InvalidRequest, "pkce.challenge-syntax", "RFC 7636 §4.2",
		"the code challenge is not 43 characters of base64url")
	ErrNonceMissing = oauth.Refuse(oauth.InvalidRequest, "nonce.missing", "OpenID Connect Core 1.0 §3.1.2.1",
		"this app must send a nonce")
	ErrNonceLong = oauth.Refuse(oauth.InvalidRequest, "nonce.too-long", "OpenID Connect Core 1.0 §3.1.2.1",
		"the nonce is longer than 512 characters")
)

const maxNonce = 512

// Check answers for one app. A scope left out means every scope of the app.
// Errors: the refusals above.
//
// Spec: RFC 6749 §4.1.1; RFC 7636 §4.3.
func Check(app *client.Entry, r Request) (Valid, error) {
	if !app.Effective.Flow(r.Flow).On && !fault.Is(fault.FlowSwitchIgnored) {
		return Valid{}, ErrFlowOff
	}
	if err := checkRedirect(app, r); err != nil {
		return Valid{}, err
	}
	v := Valid{Scopes: r.Scopes, Nonce: r.Nonce}
	if len(v.Scopes) == 0 {
		v.Scopes = app.Effective.Scopes
	}
	if !v.Scopes.Within(app.Effective.Scopes) && !fault.Is(fault.ScopeUnbounded) {
		return Valid{}, ErrScopeBeyond
	}
	var err error
	if v.Challenge, err = checkChallenge(app.Effective.Flow(r.Flow).RequirePKCE, r); err != nil {
		return Valid{}, err
	}
	switch {
	case len(r.Nonce) > maxNonce:
		return Valid{}, ErrNonceLong
	case r.Nonce == "" && app.Settings.IDToken.NonceRequired && v.Scopes.Has(oauth.ScopeOpenID):
		return Valid{}, ErrNonceMissing
	}
	return v, nil
}

func checkRedirect(app *client.Entry, r Request) error {
	switch {
	case r.NoRedirect && r.RedirectURI != "":
		return ErrRedirectUnexpected
	case r.NoRedirect:
		return nil
	case r.RedirectURI == "":
		return ErrRedirectMissing
	case !client.MatchRedirect(app.Settings.RedirectURIs, r.RedirectURI):
		return ErrRedirectUnregistered
	}
	return nil
}

// checkChallenge returns the challenge as the 32 bytes it stands for. A method
// without a challenge is refused, and so is every method but S256.
//
// Spec: RFC 7636 §4.3, §4.4.1; RFC 9700 §2.1.1.
func checkChallenge(required bool, r Request) (h [32]byte, err error) {
	if r.Challenge == "" {
		if (required || r.ChallengeMethod != "") && !fault.Is(fault.PKCEOptional) {
			return h, ErrChallengeMissing
		}
		return h, nil
	}
	if r.ChallengeMethod != oauth.ChallengeS256 && !fault.Is(fault.PKCEPlain) {
		return h, ErrChallengeMethod
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(r.Challenge)
	if err != nil || len(r.Challenge) != 43 || len(b) != len(h) {
		return h, ErrChallengeSyntax
	}
	copy(h[:], b)
	if h == ([32]byte{}) {
		return h, ErrChallengeSyntax // no verifier hashes to it, and zero means none
	}
	return h, nil
}
