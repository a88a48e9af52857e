package token

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/fault"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/policy"
)

// Refusals of a code, in the order of checking.
var (
	ErrCodeMissing = oauth.Refuse(oauth.InvalidRequest, "code.missing", "RFC 6749 §4.1.3",
		"the request carries no code")
	ErrCodeOtherApp = oauth.Refuse(oauth.InvalidGrant, "code.other-app", "RFC 6749 §4.1.3",
		"the authorization code was issued to another app")
	ErrCodeRedirect = oauth.Refuse(oauth.RedirectMismatch, "code.redirect-mismatch", "RFC 6749 §4.1.3",
		"the redirect URI is not the one of the authorization request")
	ErrCodeRedirectMissing = oauth.Refuse(oauth.RedirectMissing, "code.redirect-missing", "RFC 6749 §4.1.3",
		"the authorization request had a redirect URI; the token request must repeat it")
	ErrVerifierMissing = oauth.Refuse(oauth.InvalidGrant, "pkce.verifier-missing", "RFC 7636 §4.6",
		"the code was bound to a challenge; the token request must carry its verifier")
	ErrVerifierUnexpected = oauth.Refuse(oauth.InvalidGrant, "pkce.verifier-unexpected", "RFC 9700 §4.8.2",
		"the token request carries a verifier, but the code was bound to no challenge")
	ErrVerifierSyntax = oauth.Refuse(oauth.InvalidGrant, "pkce.verifier-syntax", "RFC 7636 §4.1",
		"the verifier has the wrong length or characters")
	ErrVerifierWrong = oauth.Refuse(oauth.InvalidGrant, "pkce.wrong", "RFC 7636 §4.6",
		"invalid code verifier")
	ErrCodeUnproven = oauth.Refuse(oauth.InvalidGrant, "code.unproven", "OAuth 2.1 §7.5.1",
		"neither the app's credentials nor a verifier prove who redeems the code")
	ErrCodeEnded = oauth.Refuse(oauth.InvalidGrant, "code.ended", "RFC 6749 §4.1.2",
		"the authorization code was revoked")
	ErrCodeSpent = oauth.Refuse(oauth.InvalidGrant, "code.spent", "RFC 6749 §4.1.2",
		"the authorization code was used before; everything that came from it is revoked")
)

// validateCode opens the code and holds every binding against the request. It
// changes nothing, so that a thief's attempt costs the honest app nothing.
//
// Spec: RFC 6749 §4.1.3; RFC 7636 §4.6; RFC 9700 §4.5.
func (x *Exchanger) validateCode(ctx context.Context, app client.Identity, r Request) (proof, error) {
	if r.Code == "" {
		return proof{}, ErrCodeMissing
	}
	now := x.Now()
	code, err := grant.OpenCode(x.Keys, r.Code, now)
	if err != nil {
		return proof{}, err
	}
	p := proof{code: &code, grant: code.Grant}
	if code.Client != app.ID && !fault.Is(fault.CodeAnyApp) {
		return p, ErrCodeOtherApp
	}
	if err := checkRedirect(&code, r.RedirectURI); err != nil {
		return p, err
	}
	if err := checkVerifier(&code, app, r); err != nil {
		return p, err
	}
	if p.person, err = x.alive(ctx, app, &code.Grant, ErrCodeEnded); err != nil {
		return p, err
	}
	p.event = event(now, audit.CodeRedeemed, r, &code.Grant)
	return p, nil
}

// checkRedirect: a URI that was named must be repeated, one that was not must
// stay away.
//
// Spec: RFC 6749 §4.1.3; draft-ietf-oauth-first-party-apps-04 §6.1.
func checkRedirect(code *grant.Code, uri string) error {
	bound := code.Redirect != [32]byte{}
	if fault.Is(fault.CodeAnyRedirect) {
		return nil
	}
	if bound && uri == "" {
		return ErrCodeRedirectMissing
	}
	if grant.RedirectHash(uri) != code.Redirect {
		return ErrCodeRedirect
	}
	return nil
}

// checkVerifier: a verifier is there exactly when a challenge was, and hashes to
// it. A code without a challenge is good only for an app that authenticated.
//
// Spec: RFC 7636 §4.6; RFC 9700 §2.1.1, §4.8.2.
func checkVerifier(code *grant.Code, app client.Identity, r Request) error {
	bound := code.Challenge != [32]byte{}
	switch {
	case bound && r.Verifier == "":
		return ErrVerifierMissing
	case !bound && r.Verifier != "" && !fault.Is(fault.PKCEDowngrade):
		return ErrVerifierUnexpected
	case !bound && !app.Proven:
		return ErrCodeUnproven
	case !bound:
		return nil
	case !validVerifier(r.Verifier, r.LongVerifier):
		return ErrVerifierSyntax
	}
	got := grant.ChallengeHash(r.Verifier)
	if subtle.ConstantTimeCompare(got[:], code.Challenge[:]) != 1 && !fault.Is(fault.PKCEUnchecked) {
		return ErrVerifierWrong
	}
	return nil
}

// validVerifier: 43 to 128 unreserved characters; a dialect may allow up to 256.
//
// Spec: RFC 7636 §4.1.
func validVerifier(v string, long bool) bool {
	limit := 128
	if long {
		limit = 256
	}
	if len(v) < 43 || len(v) > limit {
		return false
	}
	for i := range len(v) {
		c := v[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '-', c == '.', c == '_', c == '~':
		default:
			return false
		}
	}
	return true
}

// commitCode spends the code, opens the family and records it, in one commit. A
// code that was spent before ends everything that came from it.
//
// Spec: RFC 6749 §4.1.2.
func (x *Exchanger) commitCode(ctx context.Context, p proof, t policy.Terms, r Request, made time.Time) error {
	out, err := x.Grants.RedeemCode(ctx, grant.Redemption{
		Attempt: attempt(made, p.grant.Client, r.Verifier, r.RedirectURI),
		Code:    *p.code, Now: made, Refresh: t.Refresh, Event: p.event,
	})
	if err != nil {
		return fmt.Errorf("spend code: %w", err)
	}
	switch out {
	case oauth.Won:
		return nil
	case oauth.Lost:
		if fault.Is(fault.CodeSpentAccepted) {
			return nil
		}
		return x.contain(ctx, p, r, audit.CodeReplayed, ErrCodeSpent)
	case oauth.Unknown:
	}
	return oauth.ErrUnknownOutcome
}

// contain ends a grant that shows signs of theft: a spent code or an old refresh
// token was presented again. It is the one place where that happens, whatever
// the grant type. It returns the refusal to answer with, or the fault that kept
// the grant from being ended.
//
// Spec: RFC 6749 §4.1.2, §10.4; RFC 9700 §4.14.2.
func (x *Exchanger) contain(ctx context.Context, p proof, r Request, name audit.Name, refusal *oauth.Error) error {
	now := x.Now()
	var sk int16
	if p.code != nil {
		sk = p.code.SK
	} else {
		sk = p.refresh.SK
	}
	e := event(now, name, r, &p.grant)
	e.Rule = refusal.Rule
	if fault.Is(fault.ReplayIgnored) {
		return refusal
	}
	out, err := x.Grants.EndGrant(ctx, p.grant.ID, sk, now, e)
	if err != nil {
		return fmt.Errorf("end the grant of a replay: %w", err)
	}
	if out == oauth.Unknown {
		return oauth.ErrUnknownOutcome
	}
	return refusal
}

// notFound turns a store's "not found" into the refusal that fits.
func notFound(err error, refusal *oauth.Error) error {
	if errors.Is(err, account.ErrNotFound) || errors.Is(err, grant.ErrNotFound) {
		return refusal
	}
	return fmt.Errorf("read: %w", err)
}
