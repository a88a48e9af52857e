// Package oidc has github.com/coreos/go-oidc judge discovery, keys, ID tokens and
// userinfo.
package oidc

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"judges/site"
)

const nonce = "n-0S6_WzA2Mj"

func provider(t *testing.T, s site.Site) *oidc.Provider {
	t.Helper()
	p, err := oidc.NewProvider(t.Context(), s.URL)
	site.Must(t, err)
	return p
}

// login gets tokens of an app by its own ways.
func login(t *testing.T, s site.Site, p *oidc.Provider, app site.App) (token *oauth2.Token, idToken string) {
	t.Helper()
	c := config(p, app)
	verifier := oauth2.GenerateVerifier()
	token, err := c.Exchange(t.Context(), s.Code(t, app, verifier, url.Values{"nonce": {nonce}}), oauth2.VerifierOption(verifier))
	site.Must(t, err)
	return token, idOf(t, token)
}

func config(p *oidc.Provider, app site.App) *oauth2.Config {
	c := &oauth2.Config{ClientID: app.ID, ClientSecret: app.Secret, Endpoint: p.Endpoint()}
	c.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
	return c
}

func idOf(t *testing.T, token *oauth2.Token) string {
	t.Helper()
	text, _ := token.Extra("id_token").(string)
	if text == "" {
		t.Fatal("no id_token")
	}
	return text
}

func TestDiscovery(t *testing.T) {
	s := site.Plain(t)
	p := provider(t, s)
	if p.Endpoint().TokenURL != s.URL+"/oauth2/token" || p.UserInfoEndpoint() != s.URL+"/oauth2/userinfo" {
		t.Errorf("%+v %s", p.Endpoint(), p.UserInfoEndpoint())
	}
	var facts struct {
		Algs      []string `json:"id_token_signing_alg_values_supported"`
		Challenge string   `json:"authorization_challenge_endpoint"`
	}
	site.Must(t, p.Claims(&facts))
	if !slices.Contains(facts.Algs, oidc.ES256) || !slices.Contains(facts.Algs, oidc.RS256) || facts.Challenge != s.URL+"/oauth2/challenge" {
		t.Errorf("%+v", facts)
	}
}

// The issuer is a text, not an address: other ways to the server are other names.
func TestIssuerIsExact(t *testing.T) {
	s := site.Plain(t)
	for _, name := range []string{s.URL + "/", strings.Replace(s.URL, "127.0.0.1", "localhost", 1)} {
		if _, err := oidc.NewProvider(t.Context(), name); err == nil || !strings.Contains(err.Error(), "issuer") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIDToken(t *testing.T) {
	s := site.Plain(t)
	p := provider(t, s)
	person := s.Person(t)
	for name, row := range map[string]struct{ alg, other string }{
		"basic": {oidc.ES256, oidc.RS256}, "rs256": {oidc.RS256, oidc.ES256},
	} {
		t.Run(row.alg, func(t *testing.T) {
			app := s.App(t, name)
			before := time.Now().Add(-time.Second)
			token, text := login(t, s, p, app)
			id, err := p.VerifierContext(t.Context(), &oidc.Config{ClientID: app.ID, SupportedSigningAlgs: []string{row.alg}}).Verify(t.Context(), text)
			site.Must(t, err)
			if id.AccessTokenHash == "" {
				t.Error("no at_hash")
			}
			site.Must(t, id.VerifyAccessToken(token.AccessToken))
			if id.Nonce != nonce || id.Subject != person.ID || !slices.Equal(id.Audience, []string{app.ID}) {
				t.Errorf("nonce %q, sub %q, aud %q", id.Nonce, id.Subject, id.Audience)
			}
			var claims struct {
				AuthTime int64    `json:"auth_time"`
				AMR      []string `json:"amr"`
				ACR      string   `json:"acr"`
			}
			site.Must(t, id.Claims(&claims))
			if at := time.Unix(claims.AuthTime, 0); at.Before(before.Truncate(time.Second)) || at.After(time.Now().Add(time.Second)) {
				t.Errorf("auth_time %v", at)
			}
			if !slices.Contains(claims.AMR, "pwd") || claims.ACR == "" {
				t.Errorf("amr %q, acr %q", claims.AMR, claims.ACR)
			}
			// what must not verify
			for what, c := range map[string]*oidc.Config{
				"another app":       {ClientID: "somebody else", SupportedSigningAlgs: []string{row.alg}},
				"another algorithm": {ClientID: app.ID, SupportedSigningAlgs: []string{row.other}},
			} {
				if _, err := p.VerifierContext(t.Context(), c).Verify(t.Context(), text); err == nil {
					t.Errorf("it verifies for %s", what)
				}
			}
			if err := id.VerifyAccessToken(token.AccessToken + "x"); err == nil {
				t.Error("at_hash fits another token")
			}
		})
	}
}

// An access token is none of an app's ID tokens, though the same keys sign both.
func TestAccessTokenIsNoIDToken(t *testing.T) {
	s := site.Plain(t)
	p := provider(t, s)
	app := s.App(t, "basic")
	token, _ := login(t, s, p, app)
	if _, err := p.Verifier(&oidc.Config{ClientID: app.ID}).Verify(t.Context(), token.AccessToken); err == nil {
		t.Error("an access token passes for an ID token")
	}
}

// A refresh brings no new ID token: nobody has logged in again.
func TestRefreshedTokenOpensUserinfo(t *testing.T) {
	s := site.Plain(t)
	p := provider(t, s)
	app := s.App(t, "basic")
	token, _ := login(t, s, p, app)
	source := config(p, app).TokenSource(t.Context(), &oauth2.Token{RefreshToken: token.RefreshToken})
	next, err := source.Token()
	site.Must(t, err)
	if text := next.Extra("id_token"); text != nil {
		t.Errorf("id_token %v", text)
	}
	info, err := p.UserInfo(t.Context(), source)
	site.Must(t, err)
	if info.Subject != s.Person(t).ID {
		t.Errorf("sub %q", info.Subject)
	}
}

func TestUserinfo(t *testing.T) {
	s := site.Plain(t)
	p := provider(t, s)
	person := s.Person(t)
	token, _ := login(t, s, p, s.App(t, "basic"))
	info, err := p.UserInfo(t.Context(), oauth2.StaticTokenSource(token))
	site.Must(t, err)
	if info.Subject != person.ID || info.Email != person.Email || !info.EmailVerified {
		t.Errorf("%+v", info)
	}
	var claims struct {
		Username string `json:"preferred_username"`
		Given    string `json:"given_name"`
	}
	site.Must(t, info.Claims(&claims))
	if claims.Username != person.Username || claims.Given != "Anna" {
		t.Errorf("%+v", claims)
	}
	if _, err := p.UserInfo(t.Context(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "nothing"})); err == nil {
		t.Error("userinfo opens to anybody")
	}
}

// The Salesforce dialect's ID token is of the same issuer and keys; its subject
// is the identity URL.
func TestIDTokenOfSalesforceDialect(t *testing.T) {
	s := site.Plain(t)
	p := provider(t, s)
	app := s.App(t, "salesforce")
	verifier := oauth2.GenerateVerifier()
	c := &oauth2.Config{
		ClientID: app.ID, ClientSecret: app.Secret, RedirectURL: app.Redirects[0],
		Endpoint: oauth2.Endpoint{TokenURL: s.URL + "/services/oauth2/token", AuthStyle: oauth2.AuthStyleInParams},
	}
	token, err := c.Exchange(t.Context(), s.SalesforceCode(t, app, verifier), oauth2.VerifierOption(verifier))
	site.Must(t, err)
	id, err := p.Verifier(&oidc.Config{ClientID: app.ID}).Verify(t.Context(), idOf(t, token))
	site.Must(t, err)
	if id.Subject != token.Extra("id") || !strings.HasSuffix(id.Subject, "/"+s.Person(t).ID) {
		t.Errorf("sub %q, id %v", id.Subject, token.Extra("id"))
	}
	if id.AccessTokenHash == "" {
		t.Error("no at_hash")
	}
	site.Must(t, id.VerifyAccessToken(token.AccessToken))
}

// Whoever knows the keys never meets a token that they cannot verify: a key is
// published before it signs, and stays while what it signed is alive.
func TestKeyRotationOverlaps(t *testing.T) {
	s := site.Plain(t)
	p := provider(t, s)
	for name, alg := range map[string]string{"basic": oidc.ES256, "rs256": oidc.RS256} {
		t.Run(alg, func(t *testing.T) {
			app := s.App(t, name)
			c := &oidc.Config{ClientID: app.ID, SupportedSigningAlgs: []string{alg}}
			verifier := p.VerifierContext(t.Context(), c)
			_, old := login(t, s, p, app)
			oldKid := kid(t, verifier, old)

			// published, not yet used
			var rotated key
			s.Command(t, &rotated, "key", "rotate", "--alg", alg)
			published(t, s, rotated.Kid)
			_, text := login(t, s, p, app)
			if got := kid(t, verifier, text); got != oldKid {
				t.Errorf("%s signs, which clients cannot know yet", got)
			}
			// used at once, as after a leak
			s.Command(t, &rotated, "key", "rotate", "--alg", alg, "--now")
			published(t, s, rotated.Kid)
			_, text = login(t, s, p, app)
			if got := kid(t, verifier, text); got != rotated.Kid {
				t.Errorf("%s signs, not %s", got, rotated.Kid)
			}
			// the old token by those who look up the keys only now
			kid(t, provider(t, s).VerifierContext(t.Context(), c), old)
		})
	}
}

type key struct {
	Kid string `json:"kid"`
}

// kid verifies a token and says which key has signed it.
func kid(t *testing.T, v *oidc.IDTokenVerifier, text string) string {
	t.Helper()
	_, err := v.Verify(t.Context(), text)
	site.Must(t, err)
	return site.Header(t, text)["kid"].(string)
}

// published waits until the running server shows a key: within a second, and two
// more for a busy machine.
func published(t *testing.T, s site.Site, kid string) {
	t.Helper()
	for end := time.Now().Add(3 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var set struct {
			Keys []key `json:"keys"`
		}
		s.JSON(t, http.MethodGet, s.URL+"/oauth2/jwks", &set)
		if slices.Contains(set.Keys, key{kid}) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("key %s is not published after three seconds", kid)
		}
	}
}
