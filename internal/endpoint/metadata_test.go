package endpoint_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"countersign/internal/client"
	"countersign/internal/endpoint"
	"countersign/internal/flow"
	"countersign/internal/housetest"
	"countersign/internal/inspect"
	"countersign/internal/policy"
	"countersign/internal/token"
	"countersign/internal/web"
)

// TestMetadataIsTrue proves each member by a call that is accepted because of
// it and one that is refused. A member without a proof fails.
func TestMetadataIsTrue(t *testing.T) {
	proofs := map[string]func(*testing.T, *place, []string){
		"issuer":                                        provesIssuer,
		"authorization_challenge_endpoint":              servesThere(http.MethodPost),
		"token_endpoint":                                servesThere(http.MethodPost),
		"introspection_endpoint":                        servesThere(http.MethodPost),
		"revocation_endpoint":                           servesThere(http.MethodPost),
		"userinfo_endpoint":                             servesThere(http.MethodGet),
		"jwks_uri":                                      servesThere(http.MethodGet),
		"scopes_supported":                              provesScopes,
		"response_types_supported":                      provesResponseTypes,
		"grant_types_supported":                         provesGrantTypes,
		"code_challenge_methods_supported":              provesChallengeMethods,
		"token_endpoint_auth_methods_supported":         provesAuth("/oauth2/token"),
		"introspection_endpoint_auth_methods_supported": provesAuth("/oauth2/introspect"),
		"revocation_endpoint_auth_methods_supported":    provesAuth("/oauth2/revoke"),
		"subject_types_supported":                       provesSubjects,
		"id_token_signing_alg_values_supported":         provesAlgs,
		"acr_values_supported":                          provesACR,
		"claims_supported":                              provesClaims,
		"claims_parameter_supported":                    provesClaimsParameter,
		"request_parameter_supported":                   refusesObject("request"),
		"request_uri_parameter_supported":               refusesObject("request_uri"),
	}
	m := members(t, open(t).get("/.well-known/oauth-authorization-server"))
	if a, b := names(m), strings.Join(slices.Sorted(maps.Keys(proofs)), " "); a != b {
		t.Fatalf("members: %s\nproofs:  %s", a, b)
	}
	for name, prove := range proofs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t)
			p.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.Scopes = append(slices.Clone(c.Settings.Scopes), "phone") })
			prove(t, p, texts(m[name]))
		})
	}
}

// texts is a member as a list of texts.
func texts(v any) (out []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case bool:
		if v {
			return []string{"true"}
		}
	case []any:
		for _, x := range v {
			s, _ := x.(string)
			out = append(out, s)
		}
	}
	return out
}

func provesIssuer(t *testing.T, p *place, want []string) {
	claims := jwt(t, p.tokens(housetest.Shop)["id_token"], 1)
	if !slices.Equal(texts(claims["iss"]), want) {
		t.Error(claims["iss"])
	}
}

// jwt reads a part of a JWT without verifying it.
func jwt(t *testing.T, text any, part int) map[string]any {
	t.Helper()
	s, _ := text.(string)
	b, err := base64.RawURLEncoding.DecodeString(strings.Split(s, ".")[part])
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func servesThere(method string) func(*testing.T, *place, []string) {
	return func(t *testing.T, p *place, want []string) {
		path := strings.TrimPrefix(want[0], housetest.Issuer)
		for path, served := range map[string]bool{path: true, path + "/": false} {
			r := func(r *request) { r.Method = method }
			if w := p.post(path, url.Values{}, housetest.Shop, r); (w.Code != http.StatusNotFound) != served {
				t.Error(path, w.Code)
			}
		}
	}
}

func provesScopes(t *testing.T, p *place, want []string) {
	for _, s := range want {
		p.expect(t, p.post("/oauth2/challenge", opening(), housetest.Shop, set("scope", s)), http.StatusOK, "", nil)
	}
	if w := p.post("/oauth2/challenge", opening(), housetest.Shop, set("scope", "address")); members(t, w)["error"] != "invalid_scope" {
		t.Error(w.Body)
	}
}

func provesResponseTypes(t *testing.T, p *place, want []string) {
	for _, s := range want {
		p.expect(t, p.post("/oauth2/challenge", opening(), housetest.Shop, set("response_type", s)), http.StatusOK, "", nil)
	}
	p.expect(t, p.post("/oauth2/challenge", opening(), housetest.Shop, set("response_type", "token")),
		http.StatusBadRequest, "unsupported_response_type", endpoint.ErrResponseType)
}

func provesGrantTypes(t *testing.T, p *place, want []string) {
	words := map[string]any{"client_credentials": nil} // of the others the grant itself is missing
	p.ChangeApp(housetest.Shop, func(c *client.Client) {
		c.Settings.Flows[flow.ClientCredentials] = flow.Switch{On: true}
	})
	for _, s := range want {
		word, complete := words[s]
		if !complete {
			word = "invalid_request"
		}
		if w := p.post("/oauth2/token", url.Values{"grant_type": {s}}, housetest.Shop); members(t, w)["error"] != word {
			t.Error(s, w.Body)
		}
	}
	for _, s := range []string{"password", "implicit", "urn:ietf:params:oauth:grant-type:device_code"} {
		p.expect(t, p.post("/oauth2/token", url.Values{"grant_type": {s}}, housetest.Shop), http.StatusBadRequest, "unsupported_grant_type", token.ErrGrantType)
	}
}

func provesChallengeMethods(t *testing.T, p *place, want []string) {
	for _, s := range append(want, "plain") {
		w := p.post("/oauth2/challenge", opening(), housetest.Shop, set("code_challenge_method", s))
		if (w.Code == http.StatusOK) != (s != "plain") {
			t.Error(s, w.Body)
		}
	}
}

// provesAuth tries every method that exists at an endpoint.
func provesAuth(path string) func(*testing.T, *place, []string) {
	body := func(r *request) {
		r.form.Set("client_id", r.id)
		r.form.Set("client_secret", r.pw)
		r.id = ""
	}
	return func(t *testing.T, p *place, want []string) {
		for name, try := range map[string]struct {
			app    string
			method client.AuthMethod
			spoil  spoil
		}{
			"client_secret_basic": {string(housetest.Shop), client.AuthSecretBasic, func(*request) {}},
			"client_secret_post":  {string(housetest.Shop), client.AuthSecretPost, body},
			"none":                {string(housetest.Mobile), client.AuthNone, func(*request) {}},
			"private_key_jwt":     {string(housetest.Shop), client.AuthSecretBasic, set("client_assertion", "eyJ")},
		} {
			app := housetest.Shop
			if try.method == client.AuthNone {
				app = housetest.Mobile
			}
			p.ChangeApp(app, func(c *client.Client) { c.Settings.AuthMethod = try.method })
			form := redemption("csc1_x")
			form.Set("token", "x")
			w := p.post(path, form, app, try.spoil)
			if refused := w.Code == http.StatusUnauthorized; refused == slices.Contains(want, name) {
				t.Error(name, w.Code, w.Body)
			}
		}
	}
}

func provesSubjects(t *testing.T, p *place, _ []string) {
	a, b := jwt(t, p.tokens(housetest.Shop)["id_token"], 1), jwt(t, p.tokens(housetest.Mobile)["id_token"], 1)
	if a["sub"] != b["sub"] || a["sub"] != string(p.Person.ID) {
		t.Error("public means the same for every app: ", a["sub"], b["sub"])
	}
}

func provesAlgs(t *testing.T, p *place, want []string) {
	for _, alg := range want {
		p.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.IDToken.Alg = alg })
		if got := jwt(t, p.tokens(housetest.Shop)["id_token"], 0); got["alg"] != alg {
			t.Error(alg, got)
		}
	}
	p.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.IDToken.Alg = "EdDSA" })
	if w := p.post("/oauth2/token", redemption(p.code(housetest.Shop)), housetest.Shop); w.Code != http.StatusServiceUnavailable {
		t.Error("an algorithm without a key: ", w.Code, w.Body)
	}
}

func provesACR(t *testing.T, p *place, want []string) {
	if got := jwt(t, p.tokens(housetest.Shop)["id_token"], 1); !slices.Equal(texts(got["acr"]), want) {
		t.Error(got["acr"])
	}
	p.ChangeApp(housetest.Shop, func(c *client.Client) { c.Policy.Assurance = client.AssuranceHigh })
	p.expect(t, p.post("/oauth2/challenge", opening(), housetest.Shop), http.StatusForbidden, "insufficient_authorization", policy.ErrAssurance)
}

func provesClaims(t *testing.T, p *place, want []string) {
	p.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.IDToken.Audience = []string{"https://api.example"} })
	got := p.tokens(housetest.Shop)
	said := jwt(t, got["id_token"], 1)
	maps.Copy(said, members(t, p.get("/oauth2/userinfo", "Authorization", "Bearer "+got["access_token"].(string))))
	for name := range said {
		if !slices.Contains(want, name) {
			t.Error("not in the list: ", name)
		}
	}
	for _, name := range []string{"sub", "iss", "aud", "azp", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "name", "email"} {
		if said[name] == nil {
			t.Error("never said: ", name)
		}
	}
	w := p.get("/oauth2/userinfo", "Authorization", "Bearer x")
	if p.refused[len(p.refused)-1] != inspect.ErrTokenMalformed.Rule {
		t.Error(w.Code, p.refused)
	}
}

func provesClaimsParameter(t *testing.T, p *place, want []string) {
	w := p.post("/oauth2/challenge", opening(), housetest.Shop, set("scope", "openid"), set("claims", `{"userinfo":{"email":null}}`))
	got := members(t, p.post("/oauth2/token", redemption(members(t, w)["authorization_code"].(string)), housetest.Shop))
	if m := members(t, p.get("/oauth2/userinfo", "Authorization", "Bearer "+got["access_token"].(string))); len(want) != 0 || m["email"] != nil {
		t.Error("I08: a claim that no scope opens:", m)
	}
}

func refusesObject(name string) func(*testing.T, *place, []string) {
	return func(t *testing.T, p *place, want []string) {
		w := p.post("/oauth2/challenge", opening(), housetest.Shop, set(name, "x"))
		p.expect(t, w, http.StatusBadRequest, "invalid_request", endpoint.ErrRequestObject)
		if len(want) != 0 {
			t.Error("said to be served")
		}
	}
}

// TestHeadersJ06: what depends on credentials is kept by nobody.
func TestHeadersJ06(t *testing.T) {
	p := open(t)
	for _, path := range []string{"/oauth2/challenge", "/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/userinfo"} {
		h := p.post(path, opening(), housetest.Shop).Header()
		if h.Get("Cache-Control") != "no-store" || h.Get("Pragma") != "no-cache" || !strings.Contains(h.Get("Vary"), "Authorization") ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Strict-Transport-Security") == "" ||
			len(h.Get("X-Request-Id")) != 22 || h.Get("Set-Cookie") != "" {
			t.Error(path, h)
		}
	}
	if routes, err := endpoint.Routes(p.deps("https://as.example/")); err != nil || routes[0].Cache != web.NoStore || routes[0].Pattern != "/oauth2/challenge" {
		t.Error(err, routes[0])
	}
}
