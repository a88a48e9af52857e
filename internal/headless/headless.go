// Package headless owns the login without a page: an app sends a person's
// credentials and gets an authorization code. Salesforce's Authorization Code and
// Credentials flow and the authorization challenge of the first-party-apps draft
// are two dialects of this one feature. It knows no HTTP and hands out no token:
// the code is worthless until the app it was issued to countersigns it (token).
package headless

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"countersign/internal/audit"
	"countersign/internal/authreq"
	"countersign/internal/client"
	"countersign/internal/fault"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/login"
	"countersign/internal/oauth"
	"countersign/internal/policy"
	"countersign/internal/secret"
	"countersign/internal/usage"
)

// Place says where the person's credentials stood.
type Place int

// Places. InURL is never accepted, whatever an app's switch says.
const (
	InBody Place = iota
	InHeader
	InURL
)

// Request is a headless login as a dialect read it.
type Request struct {
	Client       client.Credentials
	ClientProves bool            // the dialect's request has a place for the app's credentials
	Auth         authreq.Request // its Flow is set here
	Username     string
	Password     string
	Place        Place
	Address      netip.Addr // of whoever sent the request
	// PersonAddress is where the app says that the person is, as it said it.
	PersonAddress string
	RequestID     string
}

// Answer is what the app gets: a code, and who asked.
type Answer struct {
	Client  client.Identity
	User    oauth.UserID
	Code    string
	Expires time.Time
	Seen    usage.Seen // for the counters
}

// Authenticator answers headless logins.
type Authenticator struct {
	Verifier *client.Verifier
	Prover   *login.Prover
	Audit    audit.Log
	Keys     *secret.Keyring
	Ready    func() error // may this node issue? See grant.ErrLease
	Now      func() time.Time
}

// retryAfter is when a client may ask again a node that must not issue.
const retryAfter = 2 * time.Second

// Refusals, in the order of checking.
var (
	ErrCredentialsRequired = oauth.Refuse(oauth.InvalidClient, "headless.client-unproven", "draft-ietf-oauth-first-party-apps-04 §5.1",
		"the app must prove its identity on this request, too")
	ErrFlowOff = oauth.Refuse(oauth.FlowDisabled, "headless.flow-off", "draft-ietf-oauth-first-party-apps-04 §5.2.2.1",
		"the Authorization Code and Credentials Flow is switched off for this app")
	ErrThirdParty = oauth.Refuse(oauth.UnauthorizedClient, "headless.third-party", "draft-ietf-oauth-first-party-apps-04 §9.1",
		"only an app that an administrator marked as first-party may collect a person's credentials")
	ErrInURL = oauth.Refuse(oauth.InvalidRequest, "headless.credentials-in-url", "RFC 9700 §2.4",
		"credentials in a URL are never accepted: send them in the POST body, or in the Authorization header where the dialect has one")
	ErrNotInBody = oauth.Refuse(oauth.InvalidRequest, "headless.credentials-not-in-body", "Salesforce isCodeCredPostOnly",
		"this app accepts the person's credentials in the POST body only")
	ErrNoCredentials = oauth.Refuse(oauth.InsufficientAuthorization, "headless.credentials-missing", "draft-ietf-oauth-first-party-apps-04 §5.2.2.1",
		"the request carries no credentials of a person: send username and password")
	ErrPersonAddress = oauth.Refuse(oauth.InvalidRequest, "headless.person-address", "draft-ietf-oauth-first-party-apps-04 §9.3",
		"this app may not tell the person's address, or did not prove its identity on this request")
	ErrPersonAddressSyntax = oauth.Refuse(oauth.InvalidRequest, "headless.person-address-syntax", "draft-ietf-oauth-first-party-apps-04 §9.3",
		"the parameter person_address is no IP address")
)

// Login takes a person's credentials for an authorization code. The app is
// judged before any credential is looked at; nothing is stored but the audit
// event: the code is sealed. Errors: a refusal, or a fault of ours.
//
// Spec: draft-ietf-oauth-first-party-apps-04 §5; RFC 6749 §4.1.2.
func (h *Authenticator) Login(ctx context.Context, r Request) (Answer, error) {
	// 1 who is asking, and may it use this flow?
	app, err := h.Verifier.Authenticate(r.Client)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Client: app}
	if err := mayAsk(app, r); err != nil {
		return a, err
	}
	// 2 is the request valid for this app?
	r.Auth.Flow = flow.CodeAndCredentials
	valid, err := authreq.Check(app.Entry, r.Auth)
	if err != nil {
		return a, err
	}
	at, err := where(app, r)
	if err != nil {
		return a, err
	}
	if h.Ready() != nil {
		return a, grant.ErrLease.After(retryAfter)
	}
	// 3 is this the person?
	if r.Username == "" && r.Password == "" {
		return a, ErrNoCredentials
	}
	proof, err := h.Prover.Prove(ctx, login.Attempt{
		Identifier: r.Username, Password: r.Password, Client: app.ID, Proven: app.Proven,
		Address: at, Told: r.PersonAddress != "", RequestID: r.RequestID,
	})
	if err != nil {
		return a, err
	}
	a.User = proof.Account.ID
	// 4 may this person use this app from here, at this assurance?
	if err := policy.Admit(app.Entry, proof.Account, r.Address, false); err != nil {
		return a, err
	}
	// 5 a code: sealed and bound; nothing is stored
	code := h.seal(app, proof, valid, r)
	a.Code, a.Expires = grant.SealCode(h.Keys, code), code.Expires
	// 6 record, answer
	if err := h.Audit.Record(ctx, issued(code, r)); err != nil {
		return Answer{Client: app}, fmt.Errorf("record the login: %w", err)
	}
	a.Seen = seen(code, app.Key, r)
	return a, nil
}

// seen says what the login looked like, for the counters.
func seen(c grant.Code, key string, r Request) usage.Seen {
	s := usage.Seen{App: c.Client, Flow: c.Flow, What: usage.Login, Secret: key, Address: r.Address}
	if c.Challenge == [32]byte{} {
		s.Traits = append(s.Traits, usage.NoChallenge)
	}
	if r.Place != InBody {
		s.Traits = append(s.Traits, usage.InHeader)
	}
	return s
}

// mayAsk judges the app before any credential is looked at: a confidential app
// proves who it is where its redemption would have to, the flow is on, the app
// is ours, and the credentials stand where they may.
//
// Spec: draft-ietf-oauth-first-party-apps-04 §5.1, §9.1.
func mayAsk(app client.Identity, r Request) error {
	sw := app.Effective.Flow(flow.CodeAndCredentials)
	switch {
	case !sw.On && !fault.Is(fault.FlowSwitchIgnored):
		return ErrFlowOff
	case sw.RequireSecret && !app.Proven && r.ClientProves:
		return ErrCredentialsRequired
	case !app.FirstParty && !fault.Is(fault.ThirdParty):
		return ErrThirdParty
	case r.Place == InURL && !fault.Is(fault.CredentialsInURL):
		return ErrInURL
	case r.Place != InBody && app.Settings.PostOnly:
		return ErrNotInBody
	}
	return nil
}

// where is the address from which the person signs in: that of whoever sent the
// request, or the one that an app tells which may, and proved itself. An app that
// may not is refused, or it would believe that its people are told apart.
//
// Spec: draft-ietf-oauth-first-party-apps-04 §9.3.
func where(app client.Identity, r Request) (netip.Addr, error) {
	if r.PersonAddress == "" {
		return r.Address, nil
	}
	if !app.Policy.PersonAddress || !app.Proven {
		return netip.Addr{}, ErrPersonAddress
	}
	at, err := netip.ParseAddr(r.PersonAddress)
	if err != nil {
		return netip.Addr{}, ErrPersonAddressSyntax
	}
	return at.Unmap().WithZone(""), nil
}

// seal binds the code to everything the redemption must match.
//
// Spec: RFC 6749 §4.1.2; RFC 9700 §4.5.
func (h *Authenticator) seal(app client.Identity, p login.Proof, v authreq.Valid, r Request) grant.Code {
	now := h.Now()
	return grant.Code{
		Grant: grant.Grant{
			ID: secret.NewID(now), Client: app.ID, User: p.Account.ID, Epoch: p.Account.Epoch,
			Flow: flow.CodeAndCredentials, Scopes: v.Scopes, AuthTime: p.AuthTime, AMR: p.AMR, ACR: p.ACR, Nonce: v.Nonce,
		},
		Redirect: grant.RedirectHash(r.Auth.RedirectURI), Challenge: v.Challenge,
		Expires: now.Add(app.Effective.CodeTTL),
	}
}

func issued(c grant.Code, r Request) audit.Event {
	e := audit.New(c.ID.Time(), audit.CodeIssued)
	e.App, e.User, e.RequestID, e.Grant = c.Client, c.User, r.RequestID, c.ID.String()
	if r.Address.IsValid() {
		e.Address = r.Address.String()
	}
	if r.PersonAddress != "" {
		e = e.With("person_address", r.PersonAddress)
	}
	return e
}
