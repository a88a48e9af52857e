// Package client owns External Client Apps: their settings (the developer's),
// their policies (the administrator's), their secrets, the effective values that
// follow from both, and the answer to "who is asking?". It does not decide what
// an app may do with a given code, token or person.
package client

import (
	"time"

	"countersign/internal/flow"
	"countersign/internal/oauth"
)

// Type says whether an app can keep a secret.
//
// Spec: RFC 6749 §2.1.
type Type string

// Client types.
const (
	Confidential Type = "confidential"
	Public       Type = "public"
)

// Platform says what an app runs on. It only chooses defaults and advice.
type Platform string

// Platforms.
const (
	Web     Platform = "web"
	SPA     Platform = "spa"
	Mobile  Platform = "mobile"
	Native  Platform = "native"
	Machine Platform = "machine"
)

// AuthMethod is the one way in which an app authenticates.
//
// Spec: RFC 7591 §2, token_endpoint_auth_method.
type AuthMethod string

// Authentication methods served.
const (
	AuthNone        AuthMethod = "none"
	AuthSecretBasic AuthMethod = "client_secret_basic"
	AuthSecretPost  AuthMethod = "client_secret_post"
)

// TokenFormat is the shape of an app's access tokens.
type TokenFormat string

// Token formats.
const (
	FormatJWT    TokenFormat = "jwt"
	FormatOpaque TokenFormat = "opaque"
)

// RefreshPolicy says how refresh tokens end.
type RefreshPolicy string

// Refresh policies: never; with the answer that gave them (so none is given); a
// fixed time after the login; a time without use.
const (
	RefreshInfinite   RefreshPolicy = "infinite"
	RefreshZero       RefreshPolicy = "zero"
	RefreshLifetime   RefreshPolicy = "lifetime"
	RefreshInactivity RefreshPolicy = "inactivity"
)

// PermittedUsers says who may use an app.
type PermittedUsers string

// Permitted users: anybody with an account, or only members of assigned groups.
const (
	SelfAuthorize      PermittedUsers = "self_authorize"
	AdminPreauthorized PermittedUsers = "admin_preauthorized"
)

// IPMode says how an app's address ranges are enforced.
type IPMode string

// Address modes: always, not on refresh, not after a second factor, never.
const (
	IPEnforce      IPMode = "enforce"
	IPRelaxRefresh IPMode = "relax_refresh"
	IPRelaxMFA     IPMode = "relax_mfa"
	IPBypass       IPMode = "bypass"
)

// Assurance is the strength of authentication an app asks for.
type Assurance string

// Assurance levels. A password alone gives standard.
const (
	AssuranceLow      Assurance = "low"
	AssuranceStandard Assurance = "standard"
	AssuranceHigh     Assurance = "high"
)

// Client is one External Client App, as kept. Values are immutable once they are
// in a Directory: copy before changing.
type Client struct {
	ID         oauth.ClientID `json:"client_id"`
	Name       string         `json:"name"`
	Type       Type           `json:"type"`
	Platform   Platform       `json:"platform"`
	FirstParty bool           `json:"first_party"` // an administrator marked it as ours; never self-declared
	Disabled   bool           `json:"disabled"`    // an administrator blocked it
	Owner      string         `json:"owner,omitempty"`
	ReviewDue  time.Time      `json:"review_due,omitzero"`
	Verified   bool           `json:"verified_publisher,omitempty"`
	Created    time.Time      `json:"created"`
	Updated    time.Time      `json:"updated"`
	NotBefore  time.Time      `json:"not_before,omitzero"` // every token issued earlier is dead
	Secrets    []Secret       `json:"secrets,omitempty"`
	Settings   Settings       `json:"settings"`
	Policy     Policy         `json:"policy"`
	Turn       *Turn          `json:"last_change,omitempty"` // the last change of what can be set: it can be taken back
	Version    int64          `json:"-"`                     // of the row; an update must name it
}

// Turn is one change of an app, kept with the app until the next one, so that it
// can be taken back. Secrets are no part of it: a secret that ended stays dead.
type Turn struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Undoes  string    `json:"undoes,omitempty"` // the id of the turn that this one took back
	Changes []Turned  `json:"changes"`
}

// Turned is one value of a Turn, as people read it.
type Turned struct {
	Name string `json:"setting"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Secret is one app secret as kept: a keyed hash, never the secret. Two may
// overlap while an app rotates.
type Secret struct {
	ID      string    `json:"id"`
	Hash    [32]byte  `json:"hash"` // HMAC-SHA256 under a key outside the database
	Hint    string    `json:"hint"` // last four characters
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"` // zero: until it is removed
}

// Settings are the developer's. Zero values mean the server's default.
type Settings struct {
	AuthMethod   AuthMethod    `json:"token_endpoint_auth_method"`
	Flows        flow.Switches `json:"flows"`
	RedirectURIs []string      `json:"redirect_uris"`
	Scopes       oauth.Scopes  `json:"scopes"`
	PostOnly     bool          `json:"post_body_only"` // the person's credentials in the POST body only
	CodeTTL      Duration      `json:"code_ttl"`       // 60s by default, 120s at most
	AccessToken  AccessToken   `json:"access_token"`
	IDToken      IDToken       `json:"id_token"`
	Rotation     bool          `json:"refresh_token_rotation"`
	Grace        Duration      `json:"refresh_grace"` // negative: none
	Origins      []string      `json:"cors_origins,omitempty"`
	Attributes   []string      `json:"claims,omitempty"`                 // claims the app declared it wants
	LooseOpening bool          `json:"response_type_optional,omitempty"` // pre-03 clients of the challenge endpoint
}

// AccessToken are the settings of an app's access tokens.
type AccessToken struct {
	Format   TokenFormat `json:"format"`
	TTL      Duration    `json:"ttl"`
	Alg      string      `json:"alg,omitempty"`      // of a JWT: ES256 or RS256
	Audience []string    `json:"audience,omitempty"` // default: the issuer
}

// IDToken are the settings of an app's ID tokens.
type IDToken struct {
	Alg           string   `json:"alg,omitempty"`
	TTL           Duration `json:"ttl"`
	Audience      []string `json:"audience,omitempty"` // besides the client_id
	NonceRequired bool     `json:"nonce_required,omitempty"`
	Claims        bool     `json:"standard_claims,omitempty"` // profile claims inside, not only at userinfo
}

// Policy is the administrator's. Zero values mean: as the settings say.
type Policy struct {
	PermittedUsers  PermittedUsers `json:"permitted_users,omitempty"`
	Groups          []string       `json:"groups,omitempty"`
	IP              IPMode         `json:"ip,omitempty"`
	IPRanges        []string       `json:"ip_ranges,omitempty"` // CIDR
	RefreshPolicy   RefreshPolicy  `json:"refresh_policy,omitempty"`
	RefreshTTL      Duration       `json:"refresh_ttl"`      // of lifetime or inactivity
	RefreshAbsolute Duration       `json:"refresh_absolute"` // besides inactivity: counted from the login
	SessionTimeout  Duration       `json:"session_timeout"`  // of opaque access tokens
	Assurance       Assurance      `json:"session_assurance,omitempty"`
	IntrospectAll   bool           `json:"introspect_all,omitempty"`
	PersonAddress   bool           `json:"person_address,omitempty"` // the app may tell where the person is, with its secret
	RateLimit       int            `json:"rate_limit,omitempty"`     // token requests an hour; 0: no limit
}
