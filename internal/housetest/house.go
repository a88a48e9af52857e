// Package housetest furnishes a small house for tests: a real database in a
// temporary directory, a clock that is set by hand, two confidential apps, a
// public one and a person. It builds the rooms as the server does and replaces
// none of them.
package housetest

import (
	"context"
	"encoding/base64"
	"net/netip"
	"sync"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/authreq"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/headless"
	"countersign/internal/inspect"
	"countersign/internal/jose"
	"countersign/internal/key"
	"countersign/internal/login"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/sqlstore"
	"countersign/internal/token"
)

// What the house is called and where its apps live.
const (
	Issuer   = "https://as.example"
	Redirect = "https://app.example/cb"
	Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	Password = "correct horse battery staple"
)

// Clock is a clock that is set by hand. It moves by a microsecond at each look,
// so that no two moments are the same.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now looks at the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

// Forward moves the clock.
func (c *Clock) Forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// House is the house.
type House struct {
	T         testing.TB
	Clock     *Clock
	DB        *sqlstore.DB
	Keys      *secret.Keyring
	Directory *client.Directory
	Ring      *key.Ring
	Endings   *grant.Endings
	Verifier  *client.Verifier
	Exchanger *token.Exchanger
	Inspector *inspect.Inspector
	Headless  *headless.Authenticator

	Secrets map[oauth.ClientID]string
	Person  *account.Account
}

// Apps of the house.
const (
	Shop   oauth.ClientID = "shop-confidential"
	Other  oauth.ClientID = "other-confidential"
	Mobile oauth.ClientID = "mobile-public"
)

// hashing is cheap: what a password costs is login's own test.
var hashing = account.Params{MemoryKiB: 64, Time: 1, Parallelism: 1}

// Scopes every app of the house may be granted.
var Scopes = oauth.Scopes{oauth.ScopeOpenID, oauth.ScopeProfile, oauth.ScopeEmail, "api", oauth.ScopeOfflineAccess}

// New furnishes the house. It is taken down with the test.
func New(t testing.TB) *House {
	t.Helper()
	keys, err := secret.ParseKeyring(secret.NewMasterKey())
	if err != nil {
		t.Fatal(err)
	}
	h := &House{
		T: t, Clock: &Clock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}, Keys: keys,
		Directory: &client.Directory{}, Ring: &key.Ring{}, Endings: &grant.Endings{}, Secrets: map[oauth.ClientID]string{},
	}
	ctx, cancel := context.WithCancel(context.Background())
	if h.DB, err = sqlstore.Open(ctx, sqlstore.Options{Dir: t.TempDir(), Now: h.Clock.Now}); err != nil {
		t.Fatal(err)
	}
	h.DB.Follow(h.apply)
	h.must(h.DB.Poll(ctx))
	done := make(chan struct{})
	go func() { defer close(done); _ = h.DB.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done; h.must(h.DB.Close()) })
	h.furnish(ctx)
	return h
}

func (h *House) apply(c sqlstore.Changes) {
	h.Directory.Apply(c.Org, c.Clients)
	h.Endings.Add(c.Endings...)
	if c.Keys != nil {
		h.must(h.Ring.Apply(h.Keys, c.Keys))
	}
}

func (h *House) furnish(ctx context.Context) {
	h.Verifier = &client.Verifier{Directory: h.Directory, Keys: h.Keys, Now: h.Clock.Now}
	h.Exchanger = &token.Exchanger{
		Verifier: h.Verifier, Grants: h.DB, Accounts: h.DB, Audit: h.DB, Keys: h.Keys,
		Ring: h.Ring, Endings: h.Endings, Issuer: Issuer, Now: h.Clock.Now,
		Ready: h.DB.Ready, Note: func(e audit.Event) { h.must(h.DB.Record(ctx, e)) },
	}
	h.Inspector = &inspect.Inspector{
		Verifier: h.Verifier, Grants: h.DB, Accounts: h.DB, Keys: h.Keys,
		Ring: h.Ring, Endings: h.Endings, Issuer: Issuer, Now: h.Clock.Now,
	}
	h.Headless = &headless.Authenticator{
		Verifier: h.Verifier, Audit: h.DB, Keys: h.Keys, Ready: h.DB.Ready, Now: h.Clock.Now,
		Prover: &login.Prover{
			Accounts: h.DB, Log: h.DB, Keys: h.Keys, Pool: login.NewPool(2, 100, time.Minute), Params: hashing, Now: h.Clock.Now,
		},
	}
	for _, alg := range []jose.Alg{jose.ES256, jose.RS256} {
		k, err := key.Generate(h.Keys, alg, h.Clock.Now())
		h.must(err)
		h.must(h.DB.AddKey(ctx, k.Moved(key.Active, h.Clock.Now()), h.Event(audit.KeyAdded)))
	}
	for _, id := range []oauth.ClientID{Shop, Other, Mobile} {
		h.must(h.DB.CreateClient(ctx, h.app(id), h.Event(audit.AppCreated)))
	}
	hash, err := account.HashPassword(hashing, Password)
	h.must(err)
	h.Person = &account.Account{
		ID: oauth.UserID(secret.NewRecordID(secret.PrefixUser, h.Clock.Now())), Username: "ann", Email: "ann@example.com",
		State: account.Active, PasswordHash: hash, Created: h.Clock.Now(), Updated: h.Clock.Now(),
		Profile: account.Profile{Name: "Ann Example", GivenName: "Ann", FamilyName: "Example", EmailVerified: true},
	}
	h.must(h.DB.RegisterAccount(ctx, h.Person, h.Event(audit.UserCreated)))
	h.Clock.Forward(time.Second)
}

func (h *House) app(id oauth.ClientID) *client.Client {
	c := &client.Client{
		ID: id, Name: string(id), Type: client.Confidential, Platform: client.Web, FirstParty: true,
		Created: h.Clock.Now(), Updated: h.Clock.Now(),
		Settings: client.Settings{
			AuthMethod: client.AuthSecretBasic, RedirectURIs: []string{Redirect}, Scopes: Scopes, Rotation: true,
			Flows: flow.Switches{
				flow.CodeAndCredentials: {On: true, RequireSecret: true, RequirePKCE: true},
				flow.RefreshToken:       {On: true, RequireSecret: true},
			},
		},
	}
	if id == Mobile {
		c.Type, c.Platform, c.Settings.AuthMethod = client.Public, client.Mobile, client.AuthNone
		return c
	}
	text, kept := client.NewSecret(h.Keys, id, h.Clock.Now(), time.Time{})
	h.Secrets[id], c.Secrets = text, []client.Secret{kept}
	return c
}

// Credentials are the right ones of an app.
func (h *House) Credentials(id oauth.ClientID) client.Credentials {
	if s := h.Secrets[id]; s != "" {
		return client.Credentials{ID: id, Method: client.AuthSecretBasic, Secret: s}
	}
	return client.Credentials{ID: id, Method: client.AuthNone}
}

// ChangeApp changes an app as an administrator would.
func (h *House) ChangeApp(id oauth.ClientID, change func(*client.Client)) {
	h.T.Helper()
	c, err := h.DB.Client(context.Background(), id)
	h.must(err)
	change(c)
	h.must(h.DB.ReplaceClient(context.Background(), c, h.Event(audit.AppChanged)))
}

// Code issues a code as the headless login does; spoil changes it before it is
// sealed.
func (h *House) Code(id oauth.ClientID, spoil ...func(*grant.Code)) string {
	now := h.Clock.Now()
	c := grant.Code{
		Grant: grant.Grant{
			ID: secret.NewID(now), Client: id, User: h.Person.ID, Flow: flow.CodeAndCredentials, Scopes: Scopes,
			AuthTime: now, AMR: []string{"pwd"}, ACR: "urn:countersign:acr:password",
		},
		Redirect: grant.RedirectHash(Redirect), Challenge: grant.ChallengeHash(Verifier), Expires: now.Add(time.Minute),
	}
	for _, f := range spoil {
		f(&c)
	}
	h.Clock.Forward(2 * time.Millisecond) // whatever happens next happens later than the code
	return grant.SealCode(h.Keys, c)
}

// CodeRequest is the honest redemption of a code.
func (h *House) CodeRequest(id oauth.ClientID, code string) token.Request {
	return token.Request{
		Grant: oauth.GrantAuthorizationCode, Client: h.Credentials(id), Code: code, RedirectURI: Redirect, Verifier: Verifier,
	}
}

// RefreshRequest is the honest use of a refresh token.
func (h *House) RefreshRequest(id oauth.ClientID, refresh string) token.Request {
	return token.Request{Grant: oauth.GrantRefreshToken, Client: h.Credentials(id), RefreshToken: refresh}
}

// HeadlessRequest is the honest headless login of the person through an app.
func (h *House) HeadlessRequest(id oauth.ClientID) headless.Request {
	sum := grant.ChallengeHash(Verifier)
	return headless.Request{
		Client: h.Credentials(id), ClientProves: true, Username: h.Person.Username, Password: Password,
		Address: netip.MustParseAddr("127.0.0.1"),
		Auth: authreq.Request{
			RedirectURI: Redirect, Scopes: Scopes, ChallengeMethod: oauth.ChallengeS256,
			Challenge: base64.RawURLEncoding.EncodeToString(sum[:]),
		},
	}
}

// Login redeems a fresh code honestly.
func (h *House) Login(id oauth.ClientID) token.Answer {
	h.T.Helper()
	a, err := h.Exchanger.Exchange(context.Background(), h.CodeRequest(id, h.Code(id)))
	h.must(err)
	h.Clock.Forward(2 * time.Millisecond)
	return a
}

// Alive says whether an access token is alive.
func (h *House) Alive(access string) bool {
	_, err := h.Inspector.Open(access)
	return err == nil
}

// Events returns the audit events of this name.
func (h *House) Events(name audit.Name) []audit.Event {
	h.T.Helper()
	list, err := h.DB.List(context.Background(), audit.Filter{Name: name})
	h.must(err)
	return list
}

// Event makes an audit event for a change the test itself makes.
func (h *House) Event(name audit.Name) audit.Event { return audit.New(h.Clock.Now(), name) }

func (h *House) must(err error) {
	if err != nil {
		h.T.Helper()
		h.T.Fatal(err)
	}
}
