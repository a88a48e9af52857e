// Package endpoint owns the standard dialect: the RFCs and the first-party-apps
// draft as they look on the wire, under /oauth2/ and /.well-known/. One file per
// endpoint reads a request, asks the feature behind it and renders the answer;
// errors.go spells every refusal. It decides nothing about an app, a person or a
// token.
package endpoint

import (
	"fmt"
	"net/url"
	"strings"

	"countersign/internal/client"
	"countersign/internal/headless"
	"countersign/internal/inspect"
	"countersign/internal/key"
	"countersign/internal/token"
	"countersign/internal/web"
)

// Deps are the features behind the endpoints.
type Deps struct {
	Issuer    string // https URL, byte for byte as in every token
	Headless  *headless.Authenticator
	Tokens    *token.Exchanger
	Inspector *inspect.Inspector
	Verifier  *client.Verifier
	Ring      *key.Ring
	Throttle  *web.Throttle // of failed client authentications; share it with the other dialect
}

// The longest bodies: credentials and a handful of parameters, or one token and
// the like.
const (
	maxChallenge = 16 << 10
	maxToken     = 32 << 10
)

// Routes is the standard dialect as a table. Paths stand below the issuer's own
// path. Errors: an issuer that is no http or https URL.
//
// Spec: RFC 8414 §3.1; OpenID Connect Discovery 1.0 §4.
func Routes(d Deps) ([]web.Route, error) {
	u, err := url.Parse(d.Issuer)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("issuer %q: an https URL without query and fragment is needed", d.Issuer)
	}
	e := newDialect(d)
	p := strings.TrimSuffix(u.Path, "/")
	table := []row{
		// methods, path, handler, takes in, longest body, whose pages, who may keep it, refusals
		{"POST", p + "/oauth2/challenge", e.challenge, web.ReadForm, maxChallenge, web.NoOrigin, web.NoStore, e.plain, resource},
		{"POST", p + "/oauth2/token", e.token, web.ReadForm, maxToken, web.AppOrigins, web.NoStore, e.atToken, resource},
		{"POST", p + "/oauth2/introspect", e.introspect, web.ReadForm, maxToken, web.NoOrigin, web.NoStore, e.plain, nil},
		{"POST", p + "/oauth2/revoke", e.revoke, web.ReadForm, maxToken, web.AppOrigins, web.NoStore, e.plain, nil},
		{"GET POST", p + "/oauth2/userinfo", e.userinfo, web.ReadForm, maxToken, web.AppOrigins, web.NoStore, e.bearer, nil},
		{"GET", p + "/oauth2/jwks", e.jwks, web.ReadNothing, 0, web.AnyOrigin, web.FiveMinutes, e.plain, nil},
		{"GET", p + "/oauth2/errors/{rule}", e.explain, web.ReadNothing, 0, web.AnyOrigin, web.FiveMinutes, e.plain, nil},
	}
	for _, name := range []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"} {
		forms := []string{name + p} // inserted before the issuer's path, and appended to it
		if p != "" {
			forms = append(forms, p+name)
		}
		for _, path := range forms {
			table = append(table, row{"GET", path, e.metadata, web.ReadNothing, 0, web.AnyOrigin, web.FiveMinutes, e.plain, nil})
		}
	}
	routes := make([]web.Route, len(table))
	for i, r := range table {
		routes[i] = web.Route(r)
	}
	return routes, nil
}

// row is a web.Route that is written in columns.
type row web.Route

// resource may be sent several times.
//
// Spec: RFC 8707 §2.
var resource = []string{"resource"}
