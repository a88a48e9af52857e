// Package token owns the token endpoint as a feature: one numbered function that
// takes a grant for tokens. Particulars of a grant type are in grant_*.go, the
// making of tokens in mint.go. It knows no HTTP: a dialect parses the request
// and renders the answer.
//
// Where is the rule that a code needs the app's credentials? Step 2 asks for
// them (proven, in this file), step 3 binds the code to the app (grant_code.go).
package token

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/fault"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/key"
	"countersign/internal/oauth"
	"countersign/internal/policy"
	"countersign/internal/secret"
	"countersign/internal/usage"
)

// Request is a token request as a dialect read it.
type Request struct {
	Grant        oauth.GrantType
	Client       client.Credentials
	Code         string
	RedirectURI  string
	Verifier     string
	LongVerifier bool // the dialect takes verifiers of up to 256 characters
	RefreshToken string
	Scopes       oauth.Scopes // asked for on refresh and by an app for itself; empty: all
	Style        Style        // whose claims a JWT access token carries
	// Spell is how the dialect writes an opaque access token; nil: as it is. It is
	// asked here, because the ID token's at_hash is of the text the app gets.
	Spell     func(handle string) string
	Address   netip.Addr
	RequestID string
}

// Answer is what the app gets.
type Answer struct {
	Client       client.Identity
	Grant        grant.Grant
	AccessToken  string
	Format       client.TokenFormat
	ExpiresIn    time.Duration
	RefreshToken string // empty: none, or the old one goes on
	IDToken      string
	Scopes       oauth.Scopes
	IssuedAt     time.Time
	Seen         usage.Seen // for the counters

	repeated bool // the last refresh, answered again
}

// Exchanger answers token requests.
type Exchanger struct {
	Verifier *client.Verifier
	Grants   grant.Store
	Accounts account.Store
	Audit    audit.Log
	Keys     *secret.Keyring
	Ring     *key.Ring
	Endings  *grant.Endings
	Issuer   string
	// Ready says whether this node may issue; see grant.ErrLease. Grants that write
	// are held to it by the store.
	Ready func() error
	// Note is told of tokens that no state changed for, and must not block: the
	// event is written within a second, with others, in one commit.
	Note func(audit.Event)
	Now  func() time.Time

	quota quota
}

// Refusals of the first two steps.
var (
	ErrGrantMissing = oauth.Refuse(oauth.InvalidRequest, "token.grant-type-missing", "RFC 6749 §4.1.3",
		"the request names no grant_type")
	ErrGrantType = oauth.Refuse(oauth.UnsupportedGrantType, "token.grant-type-unknown", "RFC 6749 §5.2",
		"this server does not serve the grant_type")
	ErrFlowOff = oauth.Refuse(oauth.FlowDisabled, "token.flow-off", "RFC 6749 §5.2",
		"the flow is switched off for this app")
	ErrCredentials = oauth.Refuse(oauth.InvalidClient, "flow.credentials", "RFC 6749 §4.1.3",
		"the app must prove its identity to use this flow")
)

// proof is what a valid grant came to: the terms' input, and what is written
// when the answer is sure.
type proof struct {
	grant   grant.Grant
	person  *account.Account // nil: no person takes part
	asked   oauth.Scopes
	refresh *grant.Refresh // of a refresh: the generation presented
	code    *grant.Code    // of a code
	event   audit.Event
}

// Exchange takes a grant for tokens. Tokens are made before the grant is spent:
// in memory they harm nobody, and a signer that fails burns no code. Errors: a
// refusal, or a fault of ours.
//
// Spec: RFC 6749 §3.2, §4.1.3, §6.
func (x *Exchanger) Exchange(ctx context.Context, r Request) (Answer, error) {
	// 1 who is asking?
	app, err := x.authenticate(r)
	if err != nil {
		return Answer{}, err
	}
	// 2 is the flow open, and has the app proven enough?
	if err := proven(app, r.Grant); err != nil {
		return Answer{Client: app}, err
	}
	// 3 is the grant valid? changes nothing
	p, err := x.validate(ctx, app, r)
	if err != nil {
		return Answer{Client: app, Grant: p.grant}, err
	}
	// 4 on what terms?
	if err := admit(app, p, r); err != nil {
		return Answer{Client: app, Grant: p.grant}, err
	}
	terms, err := policy.Decide(app.Entry, p.grant.Scopes, p.asked)
	if err != nil {
		return Answer{Client: app, Grant: p.grant}, err
	}
	if err := x.quota.take(app.ID, app.Effective.RateLimit, x.Now()); err != nil {
		return Answer{Client: app, Grant: p.grant}, err
	}
	// 5 make tokens, unseen
	a, err := x.mint(app, p, terms, r)
	if err != nil {
		return Answer{Client: app, Grant: p.grant}, err
	}
	// 6 spend, store and record, in one commit
	if err := x.commit(ctx, app, p, terms, r, &a); err != nil {
		return Answer{Client: app, Grant: p.grant}, err
	}
	// 7 answer
	a.Seen = seen(app, p, a, r)
	return a, nil
}

// admit asks whether the person may use the app from here, or the app itself.
func admit(app client.Identity, p proof, r Request) error {
	if p.person == nil {
		return policy.AdmitApp(app.Entry, r.Address)
	}
	return policy.Admit(app.Entry, p.person, r.Address, r.Grant == oauth.GrantRefreshToken)
}

// seen says what the request looked like, for the counters.
func seen(app client.Identity, p proof, a Answer, r Request) usage.Seen {
	s := usage.Seen{App: app.ID, Flow: p.grant.Flow, What: usage.Token, Scopes: a.Scopes, Secret: app.Key, Address: r.Address}
	bare := usage.BareToken
	if p.refresh != nil {
		s.What, bare = usage.Refresh, usage.BareRefresh
		s.Traits = append(s.Traits, usage.OfAge(a.IssuedAt.Sub(p.grant.ID.Time())))
		if app.Effective.Rotation { // otherwise the token does not say when it was used last
			s.Traits = append(s.Traits, usage.OfIdle(a.IssuedAt.Sub(p.refresh.Issued)))
		}
	}
	if !app.Proven {
		s.Traits = append(s.Traits, bare)
	}
	if a.repeated {
		s.Traits = append(s.Traits, usage.Repeated)
	}
	return s
}

func (x *Exchanger) authenticate(r Request) (client.Identity, error) {
	switch r.Grant {
	case "":
		return client.Identity{}, ErrGrantMissing
	case oauth.GrantAuthorizationCode, oauth.GrantRefreshToken, oauth.GrantClientCredentials:
		return x.Verifier.Authenticate(r.Client)
	}
	return client.Identity{}, ErrGrantType
}

// proven is the rule that a code, and a refresh token where the app's switch
// says so, is worthless without the app's credentials. Every flow that is
// redeemed by this grant type counts: if one of those that are on demands
// credentials, they are demanded before the grant is looked at. Errors:
// ErrFlowOff, ErrCredentials.
//
// Spec: RFC 6749 §3.2.1, §4.1.3.
func proven(app client.Identity, g oauth.GrantType) error {
	open := false
	for _, f := range flow.All {
		sw := app.Effective.Flow(f.Name)
		if f.GrantType != g || !sw.On {
			continue
		}
		open = true
		if (sw.RequireSecret || f.Credentials == flow.Always) && !app.Proven && !fault.Is(fault.SecretOptional) {
			return ErrCredentials
		}
	}
	if !open && !fault.Is(fault.FlowSwitchIgnored) {
		return ErrFlowOff
	}
	return nil
}

func (x *Exchanger) validate(ctx context.Context, app client.Identity, r Request) (proof, error) {
	switch r.Grant {
	case oauth.GrantRefreshToken:
		return x.validateRefresh(ctx, app, r)
	case oauth.GrantClientCredentials:
		return x.validateMachine(app, r)
	case oauth.GrantAuthorizationCode:
	}
	return x.validateCode(ctx, app, r)
}

func (x *Exchanger) commit(ctx context.Context, app client.Identity, p proof, t policy.Terms, r Request, a *Answer) error {
	switch r.Grant {
	case oauth.GrantRefreshToken:
		return x.commitRefresh(ctx, app, p, t, r, a)
	case oauth.GrantClientCredentials:
		x.noteMachine(p, a)
		return nil
	case oauth.GrantAuthorizationCode:
	}
	return x.commitCode(ctx, p, t, r, a.IssuedAt)
}

// attempt makes the id of this request's try: drawn once, the same for every
// retry inside the request. Its second half says what was presented.
func attempt(now time.Time, app oauth.ClientID, presented ...string) (at grant.Attempt) {
	id := secret.NewID(now)
	copy(at[:16], id[:])
	h := sha256.New()
	h.Write([]byte(app))
	for _, p := range presented {
		h.Write([]byte{0})
		h.Write([]byte(p))
	}
	copy(at[16:], h.Sum(nil))
	return at
}

// event makes the audit event of this request.
func event(now time.Time, name audit.Name, r Request, g *grant.Grant) audit.Event {
	e := audit.New(now, name)
	e.App, e.User, e.RequestID, e.Grant = g.Client, g.User, r.RequestID, g.ID.String()
	if r.Address.IsValid() {
		e.Address = r.Address.String()
	}
	return e
}

// alive re-reads the person: a lockout, a new password or a deletion since the
// grant was given ends it. Errors: ended, or a fault of the store.
//
// Spec: RFC 6749 §10.5; RFC 9700 §4.14.
func (x *Exchanger) alive(ctx context.Context, app client.Identity, g *grant.Grant, ended *oauth.Error) (*account.Account, error) {
	if !app.Honours(g.Flow, g.ID.Time()) || x.Endings.Dead(g) && !fault.Is(fault.PersonNotReread) {
		return nil, ended
	}
	person, err := x.Accounts.Account(ctx, g.User)
	if err != nil {
		return nil, notFound(err, ended)
	}
	if (person.State != account.Active || person.Epoch != g.Epoch) && !fault.Is(fault.PersonNotReread) {
		return nil, ended
	}
	return person, nil
}
