// Package grant owns allowances: authorization codes, refresh-token families,
// access tokens as sealed values, spent values and revocation. It is the state
// machine of a login after the person proved who they are. It does not know why
// a grant is given, only what it binds and how it ends.
package grant

import (
	"time"

	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// Grant is what a person allowed an app, as every code and token of one login
// carries it. The ID is the code's id, and the family's: one code, one family.
type Grant struct {
	ID       secret.ID // time-ordered; its time is when the code was issued
	Client   oauth.ClientID
	User     oauth.UserID // empty: no person takes part, the app acts for itself
	Epoch    int32        // the person's, when they signed in; a newer one kills the grant
	Flow     flow.Name
	Scopes   oauth.Scopes
	AuthTime time.Time // to the second; zero: nobody signed in
	AMR      []string  // authentication methods: pwd …
	ACR      string
	Nonce    string   // for the ID token
	JKT      [32]byte // thumbprint of the bound key; zero: none
}

// Subject is who a token speaks for: the person, or the app itself.
//
// Spec: RFC 9068 §2.2.
func (g *Grant) Subject() string {
	if g.User == "" {
		return string(g.Client)
	}
	return string(g.User)
}

// Code is an authorization code, opened. It is spent by redeeming it once.
type Code struct {
	Grant
	Redirect  [32]byte // SHA-256 of the redirect URI; zero: the request had none
	Challenge [32]byte // SHA-256 of the verifier (S256); zero: the request had none
	Expires   time.Time
	Slot      int32 // of the ring of spent values
	SK        int16
}

// Refresh is a refresh token, opened: one generation of a family.
type Refresh struct {
	Grant
	Seq    int64     // generation, from 1; never a timestamp
	Issued time.Time // when this generation was made, to the microsecond
	SK     int16
}

// Access is an access token, opened.
type Access struct {
	Grant
	TokenID   secret.ID
	Expires   time.Time
	Audience  []string
	Refreshed bool // obtained with a refresh token, so by that flow, too
	SK        int16
}

// Family is the row behind the refresh tokens of one grant.
type Family struct {
	ID      secret.ID
	Client  oauth.ClientID
	User    oauth.UserID
	Epoch   int32
	Scopes  oauth.Scopes
	Flow    flow.Name
	Seq     int64
	Issued  time.Time // of the present generation
	Used    time.Time // last, if it does not rotate; zero: not yet
	Attempt [32]byte  // id of the request that made the present generation
	Ended   time.Time // zero while it lives
	SK      int16
}
