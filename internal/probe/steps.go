package probe

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// Code is an authorization code with what its app keeps to redeem it.
type Code struct {
	Text     string
	Verifier string
	Redirect string
}

// Tokens are what an app got.
type Tokens struct {
	Access  string
	Refresh string
	ID      string
	Answer  *Answer
}

// NewVerifier draws a PKCE verifier.
//
// Spec: RFC 7636 §4.1.
func (t *Trial) NewVerifier() string {
	v := secret.Text(32)
	t.wire.o.Mask.Know("verifier", v)
	return v
}

// Challenge is the S256 challenge of a verifier.
//
// Spec: RFC 7636 §4.2.
func Challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (t *Trial) request(method, address, what string, app *App, form url.Values) *Request {
	return &Request{
		Who: "the app", What: what, Method: method, URL: address, Query: url.Values{}, Form: form, Header: http.Header{}, App: app,
	}
}

// Login is the app's honest request for a code.
func (t *Trial) Login(app *App, person *Person, verifier string) *Request {
	form := url.Values{
		"response_type": {"code"}, "nonce": {secret.Text(12)},
		"scope": {strings.Join(app.Scopes, " ")}, "code_challenge": {Challenge(verifier)}, "code_challenge_method": {oauth.ChallengeS256},
		"username": {person.Username}, "password": {person.Password},
	}
	r := t.request(http.MethodPost, t.Door.Login, "asks for a code with the person's credentials", app, form)
	r.Person = person
	if t.Door.Login == "" {
		form.Set("redirect_uri", app.Redirect)
	}
	if t.Door.Dialect == Salesforce {
		r.Header.Set("Auth-Request-Type", "Named-User")
		form.Set("response_type", string(oauth.ResponseCodeCredentials))
		form.Set("redirect_uri", app.Redirect)
		r.Bare = true // no client of this dialect proves itself here
	}
	return r
}

// codeIn finds the code of an answer, in whichever way the dialect gives it.
func codeIn(a *Answer) string {
	if c := a.Text("authorization_code"); c != "" {
		return c
	}
	if u, err := url.Parse(a.Header.Get("Location")); err == nil && a.Status/100 == 3 {
		return u.Query().Get("code")
	}
	return ""
}

// Code gets a fresh code for the app under attack, as it would itself; without
// one the trial is inconclusive.
func (t *Trial) Code(changes ...Change) Code {
	return t.CodeOf(t.App, t.Person, changes...)
}

// CodeOf gets a fresh code of some app and person.
func (t *Trial) CodeOf(app *App, person *Person, changes ...Change) Code {
	c := Code{Verifier: t.NewVerifier()}
	r := t.Login(app, person, c.Verifier)
	c.Redirect = r.Form.Get("redirect_uri") // the challenge endpoint has none
	if _, missing := t.lacks(t.Door, []Piece{NeedCodes}); missing {
		t.Inconclusive("a piece is missing: %s", NeedCodes)
	}
	a := t.Send(r, changes...)
	if a.Fault != "" {
		t.Inconclusive("the honest login: %s", a.Fault)
	}
	if c.Text = codeIn(a); c.Text == "" {
		t.Inconclusive("the honest login was refused: %s", a.short())
	}
	return c
}

// Redeem is the app's honest redemption of a code.
func (t *Trial) Redeem(app *App, c Code) *Request {
	form := url.Values{"grant_type": {string(oauth.GrantAuthorizationCode)}, "code": {c.Text}}
	if c.Redirect != "" {
		form.Set("redirect_uri", c.Redirect)
	}
	if c.Verifier != "" {
		form.Set("code_verifier", c.Verifier)
	}
	return t.request(http.MethodPost, t.Door.Token, "redeems the code", app, form)
}

// Tokens redeems a code honestly.
func (t *Trial) Tokens(app *App, c Code) Tokens {
	a := t.Send(t.Redeem(app, c))
	t.Must(a, "the honest redemption")
	return tokensIn(a)
}

// SignIn gets tokens for the app under attack, honestly.
func (t *Trial) SignIn() Tokens { return t.Tokens(t.App, t.Code()) }

func tokensIn(a *Answer) Tokens {
	return Tokens{Access: a.Text("access_token"), Refresh: a.Text("refresh_token"), ID: a.Text("id_token"), Answer: a}
}

// RefreshRequest is the app's honest refresh.
func (t *Trial) RefreshRequest(app *App, refresh string) *Request {
	return t.request(http.MethodPost, t.Door.Token, "refreshes", app, url.Values{
		"grant_type": {string(oauth.GrantRefreshToken)}, "refresh_token": {refresh},
	})
}

// UserinfoRequest presents an access token at the userinfo endpoint.
func (t *Trial) UserinfoRequest(access string) *Request {
	r := t.request(http.MethodGet, t.Door.Userinfo, "shows the access token at userinfo", nil, url.Values{})
	r.Header.Set("Authorization", "Bearer "+access)
	return r
}

// IntrospectRequest is an app's question about a token.
func (t *Trial) IntrospectRequest(app *App, token string) *Request {
	return t.request(http.MethodPost, t.Door.Introspect, "asks about the token", app, url.Values{"token": {token}})
}

// RevokeRequest is an app's wish that a token ends.
func (t *Trial) RevokeRequest(app *App, token string) *Request {
	return t.request(http.MethodPost, t.Door.Revoke, "revokes the token", app, url.Values{"token": {token}})
}

// Life is whether a token still does what it is for.
type Life int

// A token is alive, dead, or there is no endpoint to tell.
const (
	Untold Life = iota
	Alive
	Dead
)

// LifeOf asks userinfo about an access token, or introspection where the app may
// ask.
func (t *Trial) LifeOf(access, what string) Life {
	var seen Life
	if t.Door.Userinfo != "" {
		a := t.Send(t.UserinfoRequest(access), By("somebody who asks", what))
		switch {
		case a.Status == http.StatusOK:
			return Alive
		case a.Status == http.StatusForbidden && t.Door.Dialect == Standard: // alive, without the scope
		case a.Status/100 == 4:
			seen = Dead
		}
	}
	if t.Door.Introspect != "" && !t.App.Public() {
		a := t.Send(t.IntrospectRequest(t.App, access), By("the app", what))
		active, told := a.JSON["active"].(bool)
		switch {
		case told && active:
			return Alive
		case told:
			seen = Dead
		}
	}
	return seen
}
