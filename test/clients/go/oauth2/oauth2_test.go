// Package oauth2 has golang.org/x/oauth2 judge the token endpoints.
package oauth2

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"judges/site"
)

// config is what an app of the standard dialect writes down. It learns codes
// from the challenge endpoint, so it has no redirect URL.
func config(s site.Site, app site.App, style oauth2.AuthStyle) *oauth2.Config {
	return &oauth2.Config{
		ClientID: app.ID, ClientSecret: app.Secret,
		Endpoint: oauth2.Endpoint{TokenURL: s.URL + "/oauth2/token", AuthStyle: style},
	}
}

// salesforce is the same for an app of the Salesforce dialect.
func salesforce(s site.Site, app site.App, style oauth2.AuthStyle) *oauth2.Config {
	return &oauth2.Config{
		ClientID: app.ID, ClientSecret: app.Secret, RedirectURL: app.Redirects[0],
		Endpoint: oauth2.Endpoint{TokenURL: s.URL + "/services/oauth2/token", AuthStyle: style},
	}
}

// exchange logs the person in and redeems the code.
func exchange(t *testing.T, ctx context.Context, s site.Site, app site.App, c *oauth2.Config) *oauth2.Token {
	t.Helper()
	verifier := oauth2.GenerateVerifier()
	token, err := c.Exchange(ctx, s.Code(t, app, verifier, nil), oauth2.VerifierOption(verifier))
	site.Must(t, err)
	sound(t, token)
	return token
}

// sound looks at what every answer must have.
func sound(t *testing.T, token *oauth2.Token) {
	t.Helper()
	if !token.Valid() || token.Type() != "Bearer" || token.RefreshToken == "" {
		t.Fatalf("not a usable token: type %q, expires %v, refresh token %t", token.TokenType, token.Expiry, token.RefreshToken != "")
	}
	if left := time.Until(token.Expiry); left < 10*time.Minute || left > 20*time.Minute {
		t.Errorf("it expires in %v", left)
	}
}

// again refreshes as the library does when a token has expired.
func again(ctx context.Context, c *oauth2.Config, refresh string) (*oauth2.Token, error) {
	return c.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
}

// refused is the error code of the answer that the library got.
func refused(t *testing.T, err error) *oauth2.RetrieveError {
	t.Helper()
	var refusal *oauth2.RetrieveError
	if !errors.As(err, &refusal) {
		t.Fatalf("no refusal that the library understands: %v", err)
	}
	if refusal.ErrorDescription == "" || refusal.ErrorCode == "" {
		t.Errorf("error %q, description %q", refusal.ErrorCode, refusal.ErrorDescription)
	}
	return refusal
}

func TestCodeFromChallenge(t *testing.T) {
	s := site.Plain(t)
	for name, style := range map[string]oauth2.AuthStyle{
		"basic": oauth2.AuthStyleInHeader, "post": oauth2.AuthStyleInParams, "public": oauth2.AuthStyleInParams,
	} {
		t.Run(name, func(t *testing.T) {
			app := s.App(t, name)
			c := config(s, app, style)
			first := exchange(t, t.Context(), s, app, c)
			if scope, _ := first.Extra("scope").(string); !strings.Contains(" "+scope+" ", " offline_access ") {
				t.Errorf("scope %q", scope)
			}
			second, err := again(t.Context(), c, first.RefreshToken)
			site.Must(t, err)
			sound(t, second)
			if second.AccessToken == first.AccessToken || second.RefreshToken == first.RefreshToken {
				t.Error("nothing rotated")
			}
		})
	}
}

func TestCodeFromSalesforceAuthorize(t *testing.T) {
	s := site.Plain(t)
	for name, style := range map[string]oauth2.AuthStyle{
		"salesforce": oauth2.AuthStyleInHeader, "sdk": oauth2.AuthStyleInParams,
	} {
		t.Run(name, func(t *testing.T) {
			app := s.App(t, name)
			c := salesforce(s, app, style)
			verifier := oauth2.GenerateVerifier()
			token, err := c.Exchange(t.Context(), s.SalesforceCode(t, app, verifier), oauth2.VerifierOption(verifier))
			site.Must(t, err)
			sound(t, token)
			for _, name := range []string{"instance_url", "id", "issued_at", "signature", "sfdc_community_url"} {
				if text, _ := token.Extra(name).(string); text == "" {
					t.Errorf("%s is %v", name, token.Extra(name))
				}
			}
			next, err := again(t.Context(), c, token.RefreshToken)
			site.Must(t, err)
			sound(t, next)
		})
	}
}

// The library does not know how an app authenticates until it has tried: the
// header first, then the body. What fails on the way must cost nothing.
func TestProbingOfTheAuthStyle(t *testing.T) {
	s := site.Plain(t)
	for name, want := range map[string][]int{
		"basic": {200}, "public": {200}, "post": {401, 200},
	} {
		t.Run(name, func(t *testing.T) {
			app := s.App(t, name)
			ctx, wire := s.Watched(t, oauth2.HTTPClient)
			c := config(s, app, oauth2.AuthStyleAutoDetect)
			token := exchange(t, ctx, s, app, c)
			if !slices.Equal(wire.Statuses, want) {
				t.Errorf("answers %v, want %v", wire.Statuses, want)
			}
			// another start of the app, which knows nothing but the refresh token
			wire.Statuses = nil
			next, err := again(ctx, config(s, app, oauth2.AuthStyleAutoDetect), token.RefreshToken)
			site.Must(t, err)
			sound(t, next)
			if !slices.Equal(wire.Statuses, want) {
				t.Errorf("answers to the refresh %v, want %v", wire.Statuses, want)
			}
		})
	}
}

// An app that starts often probes often.
func TestProbingDoesNotLockTheApp(t *testing.T) {
	s := site.Plain(t)
	app := s.App(t, "post")
	token := exchange(t, t.Context(), s, app, config(s, app, oauth2.AuthStyleInParams))
	for n := range 60 {
		var err error
		if token, err = again(t.Context(), config(s, app, oauth2.AuthStyleAutoDetect), token.RefreshToken); err != nil {
			t.Fatalf("start %d: %v", n+1, err)
		}
	}
}

func TestTokenOpensUserinfo(t *testing.T) {
	s := site.Plain(t)
	app := s.App(t, "basic")
	c := config(s, app, oauth2.AuthStyleInHeader)
	token := exchange(t, t.Context(), s, app, c)
	res, err := c.Client(t.Context(), token).Get(s.URL + "/oauth2/userinfo")
	site.Must(t, err)
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("userinfo: %s", res.Status)
	}
}

// A thief who has the code, but not what it is bound to, neither redeems it nor
// spoils it for the app.
func TestCodeIsWorthlessToOthers(t *testing.T) {
	s := site.Plain(t)
	app, other := s.App(t, "basic"), s.App(t, "post")
	c := config(s, app, oauth2.AuthStyleInHeader)
	verifier := oauth2.GenerateVerifier()
	code := s.Code(t, app, verifier, nil)
	impostor := config(s, app, oauth2.AuthStyleInHeader)
	impostor.ClientSecret = other.Secret
	nobody := config(s, app, oauth2.AuthStyleInParams)
	nobody.ClientSecret = ""
	for name, row := range map[string]struct {
		config   *oauth2.Config
		verifier string
		want     string
	}{
		"another app":           {config(s, other, oauth2.AuthStyleInParams), verifier, "invalid_grant"},
		"the other app's proof": {impostor, verifier, "invalid_client"},
		"no proof":              {nobody, verifier, "invalid_client"},
		"another verifier":      {c, oauth2.GenerateVerifier(), "invalid_grant"},
	} {
		_, err := row.config.Exchange(t.Context(), code, oauth2.VerifierOption(row.verifier))
		if refusal := refused(t, err); refusal.ErrorCode != row.want {
			t.Errorf("%s: %s, want %s", name, refusal.ErrorCode, row.want)
		}
	}
	if _, err := c.Exchange(t.Context(), code); refused(t, err).ErrorCode != "invalid_grant" {
		t.Errorf("no verifier: %v", err)
	}
	token, err := c.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	site.Must(t, err)
	sound(t, token)
}

// So is a refresh token.
func TestRefreshTokenIsWorthlessToOthers(t *testing.T) {
	s := site.Plain(t)
	app, other, public := s.App(t, "basic"), s.App(t, "post"), s.App(t, "public")
	c := config(s, app, oauth2.AuthStyleInHeader)
	token := exchange(t, t.Context(), s, app, c)
	nobody := config(s, app, oauth2.AuthStyleInParams)
	nobody.ClientSecret = ""
	for name, row := range map[string]struct {
		config *oauth2.Config
		want   string
	}{
		"another app":  {config(s, other, oauth2.AuthStyleInParams), "invalid_grant"},
		"a public app": {config(s, public, oauth2.AuthStyleInParams), "invalid_grant"},
		"no proof":     {nobody, "invalid_client"},
	} {
		if _, err := again(t.Context(), row.config, token.RefreshToken); refused(t, err).ErrorCode != row.want {
			t.Errorf("%s: %v, want %s", name, err, row.want)
		}
	}
	next, err := again(t.Context(), c, token.RefreshToken)
	site.Must(t, err)
	sound(t, next)
}

func TestSpentCodeEndsWhatCameOfIt(t *testing.T) {
	s := site.Plain(t)
	app := s.App(t, "basic")
	c := config(s, app, oauth2.AuthStyleInHeader)
	verifier := oauth2.GenerateVerifier()
	code := s.Code(t, app, verifier, nil)
	token, err := c.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	site.Must(t, err)
	_, err = c.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	if refusal := refused(t, err); refusal.ErrorCode != "invalid_grant" || refusal.Response.StatusCode != http.StatusBadRequest {
		t.Errorf("second use: %d %s", refusal.Response.StatusCode, refusal.ErrorCode)
	}
	_, err = again(t.Context(), c, token.RefreshToken)
	if refusal := refused(t, err); refusal.ErrorCode != "invalid_grant" {
		t.Errorf("refresh after it: %s", refusal.ErrorCode)
	}
}

// The answer to a refresh was lost: the app asks once more with the old token.
func TestLostRefreshIsRepeated(t *testing.T) {
	s := site.Plain(t)
	app := s.App(t, "public")
	c := config(s, app, oauth2.AuthStyleInParams)
	first := exchange(t, t.Context(), s, app, c)
	lost, err := again(t.Context(), c, first.RefreshToken)
	site.Must(t, err)
	second, err := again(t.Context(), c, first.RefreshToken)
	site.Must(t, err)
	if second.RefreshToken != lost.RefreshToken {
		t.Error("the repeated refresh has another successor")
	}
	third, err := again(t.Context(), c, second.RefreshToken)
	site.Must(t, err)
	// now the first is old, and whoever shows it is no app of ours
	if _, err := again(t.Context(), c, first.RefreshToken); refused(t, err).ErrorCode != "invalid_grant" {
		t.Errorf("old token: %v", err)
	}
	if _, err := again(t.Context(), c, third.RefreshToken); refused(t, err).ErrorCode != "invalid_grant" {
		t.Errorf("its family: %v", err)
	}
}
