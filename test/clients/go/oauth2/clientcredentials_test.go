package oauth2

import (
	"net/url"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"judges/site"
)

// machine is what an app that acts for itself writes down.
func machine(s site.Site, app site.App, path string, style oauth2.AuthStyle, scopes ...string) *clientcredentials.Config {
	return &clientcredentials.Config{
		ClientID: app.ID, ClientSecret: app.Secret, TokenURL: s.URL + path, AuthStyle: style, Scopes: scopes,
	}
}

func TestClientCredentials(t *testing.T) {
	s := site.Plain(t)
	app := s.App(t, "machine")
	for name, row := range map[string]struct {
		path   string
		style  oauth2.AuthStyle
		scopes []string
		want   string
	}{
		"header":               {"/oauth2/token", oauth2.AuthStyleInHeader, nil, "orders.read orders.write"},
		"probing":              {"/oauth2/token", oauth2.AuthStyleAutoDetect, []string{"orders.read"}, "orders.read"},
		"salesforce in header": {"/services/oauth2/token", oauth2.AuthStyleInHeader, nil, "orders.read orders.write"},
		"salesforce in params": {"/services/oauth2/token", oauth2.AuthStyleInParams, nil, "orders.read orders.write"},
	} {
		t.Run(name, func(t *testing.T) {
			token, err := machine(s, app, row.path, row.style, row.scopes...).Token(t.Context())
			site.Must(t, err)
			if !token.Valid() || token.Type() != "Bearer" || token.RefreshToken != "" || time.Until(token.Expiry) < 10*time.Minute {
				t.Errorf("type %q, expires %v, refresh token %t", token.Type(), token.Expiry, token.RefreshToken != "")
			}
			if scope, _ := token.Extra("scope").(string); scope != row.want {
				t.Errorf("scope %q, want %q", scope, row.want)
			}
			var in map[string]any
			s.Command(t, &in, "token", "introspect", token.AccessToken)
			if in["active"] != true || in["sub"] != app.ID {
				t.Errorf("standing %v", in)
			}
		})
	}
}

func TestClientCredentialsRefused(t *testing.T) {
	s := site.Plain(t)
	app := s.App(t, "machine")
	for name, row := range map[string]struct {
		app   site.App
		style oauth2.AuthStyle
		extra url.Values
		want  string
	}{
		"a scope of others": {app, oauth2.AuthStyleInHeader, url.Values{"scope": {"admin"}}, "invalid_scope"},
		"a wrong secret":    {site.App{ID: app.ID, Secret: "css_wrong"}, oauth2.AuthStyleInHeader, nil, "invalid_client"},
		"switched off":      {s.App(t, "basic"), oauth2.AuthStyleInHeader, nil, "unauthorized_client"},
		"a public app":      {s.App(t, "public"), oauth2.AuthStyleInParams, nil, "unauthorized_client"},
	} {
		t.Run(name, func(t *testing.T) {
			c := machine(s, row.app, "/oauth2/token", row.style)
			c.EndpointParams = row.extra
			token, err := c.Token(t.Context())
			if err == nil {
				t.Fatalf("it got a token: %v", token.Extra("scope"))
			}
			if got := refused(t, err).ErrorCode; got != row.want {
				t.Errorf("%s, want %s", got, row.want)
			}
		})
	}
}
