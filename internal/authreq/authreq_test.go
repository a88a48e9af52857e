package authreq

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/oauth"
)

const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

func challenge() string {
	h := grant.ChallengeHash(verifier)
	return base64.RawURLEncoding.EncodeToString(h[:])
}

func entry(change func(*client.Client)) *client.Entry {
	c := &client.Client{
		ID: "app", Type: client.Confidential, FirstParty: true,
		Settings: client.Settings{
			Flows:        flow.Switches{flow.CodeAndCredentials: {On: true, RequirePKCE: true, RequireSecret: true}},
			RedirectURIs: []string{"https://app.example/cb", "https://app.example/other"},
			Scopes:       oauth.Scopes{"openid", "api", "offline_access"},
		},
	}
	change(c)
	return &client.Entry{Client: c, Effective: client.Resolve(client.Org{}, c)}
}

func TestCheck(t *testing.T) {
	plain := func(*client.Client) {}
	withoutPKCE := func(c *client.Client) { c.Settings.Flows[flow.CodeAndCredentials] = flow.Switch{On: true} }
	for name, row := range map[string]struct {
		app   func(*client.Client)
		spoil func(*Request)
		want  error
	}{
		"valid":                          {plain, func(*Request) {}, nil},
		"no redirect where none belongs": {plain, func(r *Request) { r.NoRedirect, r.RedirectURI = true, "" }, nil},
		"flow off":                       {func(c *client.Client) { c.Settings.Flows = nil }, func(*Request) {}, ErrFlowOff},
		"C11 redirect left out":          {plain, func(r *Request) { r.RedirectURI = "" }, ErrRedirectMissing},
		"C01 unregistered":               {plain, func(r *Request) { r.RedirectURI += "x" }, ErrRedirectUnregistered},
		"redirect at the challenge":      {plain, func(r *Request) { r.NoRedirect = true }, ErrRedirectUnexpected},
		"scope beyond the app":           {plain, func(r *Request) { r.Scopes = oauth.Scopes{"api", "full"} }, ErrScopeBeyond},
		"B10 challenge stripped":         {plain, func(r *Request) { r.Challenge, r.ChallengeMethod = "", "" }, ErrChallengeMissing},
		"method without challenge":       {withoutPKCE, func(r *Request) { r.Challenge = "" }, ErrChallengeMissing},
		"no PKCE where none is required": {withoutPKCE, func(r *Request) { r.Challenge, r.ChallengeMethod = "", "" }, nil},
		"B11 method plain":               {plain, func(r *Request) { r.ChallengeMethod = "plain" }, ErrChallengeMethod},
		"B11 method left out":            {plain, func(r *Request) { r.ChallengeMethod = "" }, ErrChallengeMethod},
		"B11 method in lower case":       {plain, func(r *Request) { r.ChallengeMethod = "s256" }, ErrChallengeMethod},
		"challenge cut":                  {plain, func(r *Request) { r.Challenge = r.Challenge[1:] }, ErrChallengeSyntax},
		"challenge padded":               {plain, func(r *Request) { r.Challenge += "=" }, ErrChallengeSyntax},
		"challenge of another alphabet":  {plain, func(r *Request) { r.Challenge = "+" + r.Challenge[1:] }, ErrChallengeSyntax},
		"challenge of zeros":             {plain, func(r *Request) { r.Challenge = strings.Repeat("A", 43) }, ErrChallengeSyntax},
		"nonce required":                 {func(c *client.Client) { c.Settings.IDToken.NonceRequired = true }, func(*Request) {}, ErrNonceMissing},
		"C33 nonce of 512 works":         {plain, func(r *Request) { r.Nonce = strings.Repeat("n", 512) }, nil},
		"C33 nonce of 513":               {plain, func(r *Request) { r.Nonce = strings.Repeat("n", 513) }, ErrNonceLong},
	} {
		t.Run(name, func(t *testing.T) {
			r := Request{Flow: flow.CodeAndCredentials, RedirectURI: "https://app.example/cb", Challenge: challenge(), ChallengeMethod: "S256", Scopes: oauth.Scopes{"openid", "api"}}
			row.spoil(&r)
			v, err := Check(entry(row.app), r)
			if row.want != nil {
				if !errors.Is(err, row.want) {
					t.Fatalf("got %v, want %v", err, row.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if (v.Challenge == grant.ChallengeHash(verifier)) != (r.Challenge != "") {
				t.Error("the challenge is not carried over")
			}
		})
	}
}

func TestScopeLeftOutMeansAllOfTheApp(t *testing.T) {
	v, err := Check(entry(func(*client.Client) {}), Request{Flow: flow.CodeAndCredentials, NoRedirect: true, Challenge: challenge(), ChallengeMethod: "S256"})
	if err != nil || len(v.Scopes) != 3 {
		t.Errorf("%v, %v", v.Scopes, err)
	}
}
