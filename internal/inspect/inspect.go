// Package inspect owns what can be asked of tokens that exist: introspection,
// revocation and userinfo. One function opens an access token and says whether
// it is alive; every door to that question goes through it. It makes no token.
package inspect

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/fault"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/jose"
	"countersign/internal/key"
	"countersign/internal/oauth"
	"countersign/internal/policy"
	"countersign/internal/secret"
)

// Inspector answers questions about tokens.
type Inspector struct {
	Verifier *client.Verifier
	Grants   grant.Store
	Accounts account.Store
	Keys     *secret.Keyring
	Ring     *key.Ring
	Endings  *grant.Endings
	Issuer   string
	Now      func() time.Time
	Fresh    func() error // does this node know what ended? nil: it does
}

// fresh refuses to call anything alive on a node that lost touch with its
// database. Errors: those of Fresh.
func (i *Inspector) fresh() error {
	if i.Fresh == nil {
		return nil
	}
	return i.Fresh()
}

// Refusals of an access token.
var (
	ErrTokenMissing = oauth.Refuse(oauth.InvalidToken, "token.missing", "RFC 6750 §3",
		"the request carries no access token")
	ErrTokenEnded = oauth.Refuse(oauth.InvalidToken, "token.ended", "RFC 6750 §3.1",
		"the access token was revoked")
	ErrTokenMalformed = oauth.Refuse(oauth.InvalidToken, "token.malformed", "RFC 6750 §3.1",
		"the access token is not one of this server, or was changed")
	ErrScopeOpenID = oauth.Refuse(oauth.InsufficientScope, "token.scope-openid", "OpenID Connect Core 1.0 §5.3",
		"userinfo needs an access token with the scope openid")
	ErrNotAdmitted = oauth.Refuse(oauth.InvalidToken, "token.not-admitted", "RFC 6750 §3.1",
		"the access token may not be used by this person or from this address any more")
	ErrNoPerson = oauth.Refuse(oauth.InsufficientScope, "token.no-person", "OpenID Connect Core 1.0 §5.3; RFC 6749 §4.4",
		"the access token speaks for an app itself; there is no person behind it")
	ErrNotMachine = oauth.Refuse(oauth.InvalidToken, "token.not-machine", "RFC 6749 §4.4; RFC 9700 §2.3",
		"this is for tokens that an app obtained for itself by client credentials")
	ErrPersonGone = oauth.Refuse(oauth.InvalidToken, "token.person-ended", "RFC 6750 §3.1",
		"the access token was revoked")
)

// Open opens an access token, sealed or signed, and says whether it is alive:
// the seal or signature, the time, the app, the app's switch for the flow it
// came from, and every ending this node has seen. It reads no database. Errors:
// the refusals above and those of grant.OpenAccess and grant.ReadClaims.
//
// Spec: RFC 7662 §2.2; RFC 9068 §4.
func (i *Inspector) Open(text string) (grant.Access, error) {
	a, _, err := i.open(text)
	return a, err
}

// open looks the app up once: it may be deleted at any moment.
func (i *Inspector) open(text string) (grant.Access, *client.Entry, error) {
	if text == "" {
		return grant.Access{}, nil, ErrTokenMissing
	}
	a, err := i.read(text)
	if err != nil {
		return grant.Access{}, nil, err
	}
	app := i.Verifier.Directory.Lookup(a.Client)
	if app == nil || (!live(app, &a.Grant, a.Refreshed) || i.Endings.DeadToken(&a)) && !fault.Is(fault.EndingsIgnored) {
		return grant.Access{}, nil, ErrTokenEnded
	}
	return a, app, nil
}

func (i *Inspector) read(text string) (grant.Access, error) {
	if strings.HasPrefix(text, secret.KindAccess.Prefix()) {
		return grant.OpenAccess(i.Keys, text, i.Now())
	}
	return i.readJWT(text)
}

// live says whether the app honours the flows that a token came from: the one of
// the login, and that of refresh tokens if it is one or was obtained with one.
func live(app *client.Entry, g *grant.Grant, refreshed bool) bool {
	begun := g.ID.Time()
	return app.Honours(g.Flow, begun) && (!refreshed || app.Honours(flow.RefreshToken, begun))
}

// readJWT verifies one of our own JWT access tokens, of either type.
//
// Spec: RFC 9068 §4; RFC 8725 §3.11.
func (i *Inspector) readJWT(text string) (grant.Access, error) {
	for _, typ := range []string{grant.TypeAccess, grant.TypeAccessSalesforce} {
		body, err := jose.VerifyOwn(text, typ, i.Ring.Verifiers())
		if err != nil && unsigned(text, typ) {
			body, err = base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[1])
		}
		if err == nil {
			return grant.ReadClaims(typ, body, i.Issuer, i.Now())
		}
	}
	return grant.Access{}, ErrTokenMalformed
}

// unsigned says whether a token of this type is believed without its signature:
// never, but in a build with faults.
func unsigned(text, typ string) bool {
	if !fault.Is(fault.TokenUnsigned) && !fault.Is(fault.AlgNone) {
		return false
	}
	head, rest, _ := strings.Cut(text, ".")
	plain, err := base64.RawURLEncoding.DecodeString(head)
	return err == nil && strings.Count(rest, ".") == 1 && strings.Contains(string(plain), `"typ":"`+typ+`"`) &&
		(fault.Is(fault.TokenUnsigned) || strings.Contains(string(plain), `"alg":"none"`))
}

// Person is who an access token speaks for, and on what terms.
type Person struct {
	Access  grant.Access
	Account *account.Account
	App     *client.Entry
}

// Userinfo answers with the person behind an access token: alive, with the scope
// openid unless anyScope, still allowed to use the app from this address. One
// point read. Errors: those of Fresh and Open, ErrScopeOpenID, ErrNoPerson,
// ErrPersonGone, ErrNotAdmitted.
//
// Spec: OpenID Connect Core 1.0 §5.3.
func (i *Inspector) Userinfo(ctx context.Context, text string, from netip.Addr, anyScope bool) (Person, error) {
	if err := i.fresh(); err != nil {
		return Person{}, err
	}
	a, app, err := i.open(text)
	if err != nil {
		return Person{}, err
	}
	p := Person{Access: a, App: app}
	if !anyScope && !a.Scopes.Has(oauth.ScopeOpenID) && !fault.Is(fault.AnyScopeUserinfo) {
		return p, ErrScopeOpenID
	}
	if a.User == "" {
		return p, ErrNoPerson
	}
	p.Account, err = i.Accounts.Account(ctx, a.User)
	switch {
	case errors.Is(err, account.ErrNotFound):
		return p, ErrPersonGone
	case err != nil:
		return p, fmt.Errorf("read person: %w", err)
	case p.Account.State != account.Active || p.Account.Epoch != a.Epoch:
		return p, ErrPersonGone
	}
	if policy.Admit(p.App, p.Account, from, true) != nil {
		return p, ErrNotAdmitted
	}
	return p, nil
}

// Machine is an app that asks for itself, and with which scopes.
type Machine struct {
	Access grant.Access
	App    *client.Entry
	Scopes oauth.Scopes // of the token, without those that the app has lost since
}

// Machine opens an access token that an app obtained for itself: alive, and used
// from where the app may be used. Errors: those of Fresh and Open, ErrNotMachine,
// ErrNotAdmitted.
//
// Spec: RFC 6750 §2.1; RFC 6749 §4.4.
func (i *Inspector) Machine(text string, from netip.Addr) (Machine, error) {
	if err := i.fresh(); err != nil {
		return Machine{}, err
	}
	a, app, err := i.open(text)
	if err != nil {
		return Machine{}, err
	}
	m := Machine{Access: a, App: app}
	switch {
	case (a.User != "" || a.Flow != flow.ClientCredentials) && !fault.Is(fault.PersonAdministers):
		return m, ErrNotMachine
	case policy.AdmitApp(app, from) != nil:
		return m, ErrNotAdmitted
	}
	for _, s := range a.Scopes {
		if app.Effective.Scopes.Has(s) {
			m.Scopes = append(m.Scopes, s)
		}
	}
	return m, nil
}

// event makes the audit event of a request about a grant.
func event(now time.Time, name audit.Name, requestID string, from netip.Addr, g *grant.Grant) audit.Event {
	e := audit.New(now, name)
	e.App, e.User, e.RequestID, e.Grant = g.Client, g.User, requestID, g.ID.String()
	if from.IsValid() {
		e.Address = from.String()
	}
	return e
}
