package probe

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"countersign/internal/oauth"
)

// Target is what the harness holds of a server.
type Target struct {
	Issuer   string // as the server names itself
	Doors    []Door
	App      *App // the one that is attacked
	AppB     *App // another registered app, with its own credentials
	Person   *Person
	PersonB  *Person    // another person; where only assigned ones may use the app, one who is not
	Inside   netip.Addr // where honest requests come from; not valid: the system's choice
	Outside  netip.Addr // where the attacker sits, outside every fence
	Operator Operator
}

// Dialect says in which words a door speaks.
type Dialect string

// Dialects.
const (
	Standard   Dialect = "standard"
	Salesforce Dialect = "salesforce"
)

// Door is a set of endpoints that speak one dialect: absolute URLs, "" where
// there is none.
type Door struct {
	Dialect    Dialect
	Login      string // takes a person's credentials for a code: challenge, or headless authorize
	Authorize  string // of the browser flow
	Token      string
	Introspect string
	Revoke     string
	Userinfo   string
	Metadata   []string // discovery documents
	Keys       string
	Others     []string // addresses that must not exist, or whose headers are worth a look

	// Browse signs a person in at Authorize, where there is no Login; nil: there is
	// no way.
	Browse Browse
}

// App is a registered app, with its credentials.
type App struct {
	ID       string
	Name     string
	Secret   string // "": a public app
	Method   string // client_secret_basic, client_secret_post or none
	Redirect string // one of its redirect URIs
	Scopes   []string
	Settings *Settings // nil: nobody told
}

// Public says whether the app has no secret.
func (a *App) Public() bool { return a.Secret == "" }

// Settings are what the app's configuration says. A probe does not believe them:
// it needs them to know what a right answer would be.
type Settings struct {
	Disabled          bool
	FirstParty        bool
	Headless          bool // login without a page is on
	Refresh           bool // refresh tokens are given
	ClientCredentials bool // tokens without a person
	SecretForCode     bool
	SecretForRefresh  bool
	PKCE              bool
	PostOnly          bool // the person's credentials in the POST body alone
	Rotation          bool
	Opaque            bool // access tokens are handles
	AssignedOnly      bool // people must be assigned to the app
	Fenced            bool // and Target.Outside lies outside the fence
	FencedRefresh     bool // refreshing is fenced, too
	HighAssurance     bool // a password is not enough
	IntrospectsAll    bool
	Origins           []string // whose pages may read answers
	Audience          []string // of access tokens; nil: the issuer
	CodeTTL           time.Duration
	AccessTTL         time.Duration
	IDTokenTTL        time.Duration
	Grace             time.Duration // a repeated refresh is answered again
	RefreshIdle       time.Duration // 0: no end by disuse
	RefreshAbsolute   time.Duration // 0: no end by age
}

// Person is somebody who can sign in.
type Person struct {
	Username string
	Password string
}

// Operator is what the harness may do besides being a client. A nil function is a
// piece that is missing.
type Operator struct {
	Advance    func(ctx context.Context, d time.Duration) error // moves the server's clock forward
	Block      func(ctx context.Context, app string, on bool) error
	EndUser    func(ctx context.Context, username string) error // ends everything of a person
	Assign     func(ctx context.Context, username string, on bool) error
	Disable    func(ctx context.Context, username string, on bool) error
	FirstParty func(ctx context.Context, app string, on bool) error
	Quota      func(ctx context.Context, app string, hourly int) error // tokens in an hour; 0: no limit
	Rotate     func(ctx context.Context, app string, overlap time.Duration) (secret string, err error)
	Keys       func(ctx context.Context, what KeyChange) error                           // of the server
	Reads      func(ctx context.Context) (map[string]string, error)                      // every management answer and export, by name
	Traces     func(ctx context.Context) (map[string]string, error)                      // logs, metrics, audit log, by name
	Audited    func(ctx context.Context) ([]Audited, error)                              // refusals in the audit log
	Register   func(ctx context.Context, field, value string) error                      // sets a field of a draft app; an error is the refusal
	Sign       func(ctx context.Context, alg, typ string, claims []byte) (string, error) // as another server does that shares the keys of this one
}

// Audited is a refusal as the audit log has it.
type Audited struct {
	Rule, App string
}

// KeyChange is what may happen to the server's signing keys.
type KeyChange int

// Changes of signing keys.
const (
	RotateKeys KeyChange = iota
	RetireKeys
)

// Piece is a part of a target that a case may need.
type Piece string

// Pieces, as a report names them.
const (
	NeedAppB       Piece = "another app (app_b)"
	NeedPersonB    Piece = "another person (user_b)"
	NeedNetworkB   Piece = "another address (network_b)"
	NeedClock      Piece = "a clock that can be moved (clock)"
	NeedOperator   Piece = "an operator (operator)"
	NeedTraces     Piece = "the server's logs (operator)"
	NeedLogin      Piece = "an endpoint that takes a person's credentials (user)"
	NeedCodes      Piece = "a way to get codes (user)"
	NeedIntrospect Piece = "an introspection endpoint"
	NeedRevoke     Piece = "a revocation endpoint"
	NeedUserinfo   Piece = "a userinfo endpoint"
	NeedRefresh    Piece = "an app that gets refresh tokens"
)

// lacks says which of the pieces the target does not have at a door.
func (t *Target) lacks(d *Door, needs []Piece) (Piece, bool) {
	has := map[Piece]bool{
		NeedAppB: t.AppB != nil, NeedPersonB: t.PersonB != nil, NeedNetworkB: t.Inside.IsValid() && t.Outside.IsValid(),
		NeedClock: t.Operator.Advance != nil, NeedOperator: t.Operator.Block != nil && t.Operator.EndUser != nil,
		NeedTraces: t.Operator.Traces != nil, NeedLogin: d.Login != "", NeedCodes: d.Login != "" || d.Browse != nil && d.Authorize != "", NeedIntrospect: d.Introspect != "", NeedRevoke: d.Revoke != "",
		NeedUserinfo: d.Userinfo != "", NeedRefresh: t.App != nil && slices.Contains(t.App.Scopes, string(oauth.ScopeOfflineAccess)),
	}
	for _, p := range needs {
		if !has[p] {
			return p, true
		}
	}
	return "", false
}

// settings are the app's, or their most careful reading where nobody told.
func (t *Target) settings() Settings {
	if t.App == nil || t.App.Settings == nil {
		return Settings{}
	}
	return *t.App.Settings
}

// told says whether the app's settings are known.
func (t *Target) told() bool { return t.App != nil && t.App.Settings != nil }

// noCodes says why no code can be got for the app, or "".
func noCodes(t *Target) string {
	s := t.settings()
	switch {
	case t.App == nil:
		return "there is no app to prove"
	case t.told() && s.Disabled:
		return "the app is switched off"
	case t.told() && !s.Headless:
		return "the app has no flow by which it gets codes"
	case t.told() && !s.FirstParty:
		return "only first-party apps get codes by headless login, and this app is not marked as one"
	case t.told() && s.HighAssurance:
		return "the app asks for more than a password, and this server has no second factor yet: nobody gets a code"
	}
	return ""
}
