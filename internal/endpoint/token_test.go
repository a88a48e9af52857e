package endpoint_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign/internal/client"
	"countersign/internal/endpoint"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/housetest"
	"countersign/internal/oauth"
	"countersign/internal/policy"
	"countersign/internal/token"
	"countersign/internal/web"
)

// TestRedeem: one valid redemption; each row spoils one thing and expects one
// rule and its spelling.
func TestRedeem(t *testing.T) {
	const bad = http.StatusBadRequest
	app := func(f func(*client.Client)) func(*place) {
		return func(p *place) { p.ChangeApp(housetest.Shop, f) }
	}
	shared := open(t)
	for name, row := range map[string]struct {
		spoil  []spoil
		before func(*place)
		status int
		word   string
		rule   *oauth.Error
	}{
		"valid":                         {status: 200},
		"charset":                       {spoil: []spoil{header("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")}, status: 200},
		"B03 by another app":            {spoil: []spoil{basic(housetest.Other, "")}, status: bad, word: "invalid_grant", rule: token.ErrCodeOtherApp},
		"B03 by nobody":                 {spoil: []spoil{none}, status: 401, word: "invalid_client", rule: client.ErrNoClientID},
		"B03 by the app without secret": {spoil: []spoil{none, set("client_id", string(housetest.Shop))}, status: 401, word: "invalid_client", rule: token.ErrCredentials},
		"B03 with the wrong secret":     {spoil: []spoil{basic(housetest.Shop, "x")}, status: 401, word: "invalid_client", rule: client.ErrWrongSecret},
		"B04 too late":                  {before: func(p *place) { p.Clock.Forward(2 * time.Minute) }, status: bad, word: "invalid_grant", rule: grant.ErrCodeExpired},
		"B05 a refresh token as code":   {spoil: []spoil{set("code", "csr1_x")}, status: bad, word: "invalid_grant", rule: grant.ErrCodeForeign},
		"B06 100 kB":                    {spoil: []spoil{set("code", strings.Repeat("x", 100<<10))}, status: 413, word: "invalid_request", rule: web.ErrTooLarge},
		"B08 no verifier":               {spoil: []spoil{drop("code_verifier")}, status: bad, word: "invalid_grant", rule: token.ErrVerifierMissing},
		"B09 wrong verifier":            {spoil: []spoil{set("code_verifier", strings.Repeat("x", 43))}, status: bad, word: "invalid_grant", rule: token.ErrVerifierWrong},
		"B12 a redirect URI":            {spoil: []spoil{set("redirect_uri", housetest.Redirect)}, status: bad, word: "invalid_grant", rule: token.ErrCodeRedirect},
		"C14 twice":                     {spoil: []spoil{add("code", "x")}, status: bad, word: "invalid_request", rule: oauth.ErrParamRepeated},
		"D04 an assertion and a secret": {spoil: []spoil{set("client_assertion", "eyJ"), set("client_assertion_type", "x")}, status: 401, word: "invalid_client", rule: endpoint.ErrAssertion},
		"D05 secret in the query":       {spoil: []spoil{none, query("client_secret=css_x&client_id=shop-confidential")}, status: bad, word: "invalid_request", rule: endpoint.ErrQuery},
		"two methods":                   {spoil: []spoil{set("client_secret", "x")}, status: bad, word: "invalid_request", rule: endpoint.ErrTwoMethods},
		"two ids":                       {spoil: []spoil{set("client_id", string(housetest.Other))}, status: bad, word: "invalid_request", rule: endpoint.ErrOtherClientID},
		"a scheme nobody serves":        {spoil: []spoil{none, header("Authorization", "Bearer x")}, status: 401, word: "invalid_client", rule: endpoint.ErrScheme},
		"a broken Basic header":         {spoil: []spoil{none, header("Authorization", "Basic %%%")}, status: 401, word: "invalid_client", rule: endpoint.ErrBasic},
		"two Authorization fields":      {spoil: []spoil{func(r *request) { r.id = ""; r.Header["Authorization"] = []string{"Basic eDp5", "Basic eDp5"} }}, status: bad, word: "invalid_request", rule: web.ErrAuthorization},
		"a long id":                     {spoil: []spoil{none, set("client_id", strings.Repeat("x", 257))}, status: 401, word: "invalid_client", rule: endpoint.ErrClientIDLong},
		"G01 password grant":            {spoil: []spoil{set("grant_type", "password")}, status: bad, word: "unsupported_grant_type", rule: token.ErrGrantType},
		"no grant type":                 {spoil: []spoil{drop("grant_type")}, status: bad, word: "invalid_request", rule: token.ErrGrantMissing},
		"no code":                       {spoil: []spoil{drop("code")}, status: bad, word: "invalid_request", rule: token.ErrCodeMissing},
		"flow off":                      {before: app(func(c *client.Client) { delete(c.Settings.Flows, flow.CodeAndCredentials) }), status: bad, word: "unauthorized_client", rule: token.ErrFlowOff},
		"E06 group removed":             {before: app(func(c *client.Client) { c.Policy.PermittedUsers = client.AdminPreauthorized }), status: bad, word: "invalid_grant", rule: policy.ErrNotAssigned},
		"GET":                           {spoil: []spoil{method(http.MethodGet)}, status: 405, word: "invalid_request", rule: web.ErrMethod},
	} {
		t.Run(name, func(t *testing.T) {
			p := shared
			if row.before != nil { // a house of its own
				p = open(t)
			}
			p.fresh(t)
			code := p.code(housetest.Shop)
			if row.before != nil {
				row.before(p)
			}
			spoils := append(row.spoil, func(r *request) {
				if r.id == string(housetest.Other) {
					r.pw = p.Secrets[housetest.Other]
				}
			})
			w := p.post("/oauth2/token", redemption(code), housetest.Shop, spoils...)
			p.expect(t, w, row.status, row.word, row.rule)
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Pragma") != "no-cache" {
				t.Error("J06:", w.Header())
			}
			if row.rule == nil || row.before != nil {
				return
			}
			// whatever the thief tried, the honest app loses nothing
			p.expect(t, p.post("/oauth2/token", redemption(code), housetest.Shop), http.StatusOK, "", nil)
		})
	}
}

func TestReplayEndsWhatCameFromItB01(t *testing.T) {
	p := open(t)
	code := p.code(housetest.Shop)
	first := members(t, p.post("/oauth2/token", redemption(code), housetest.Shop))
	p.expect(t, p.post("/oauth2/token", redemption(code), housetest.Shop), http.StatusBadRequest, "invalid_grant", token.ErrCodeSpent)
	if p.Alive(first["access_token"].(string)) {
		t.Error("the access token lives on")
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first["refresh_token"].(string)}}
	p.expect(t, p.post("/oauth2/token", refresh, housetest.Shop), http.StatusBadRequest, "invalid_grant", token.ErrRefreshEnded)
}

// TestClientCredentials: an app gets a token for itself, in words that say so.
//
// Spec: RFC 6749 §4.4.3; RFC 9068 §2.2.
func TestClientCredentials(t *testing.T) {
	p := open(t)
	p.ChangeApp(housetest.Shop, func(c *client.Client) {
		c.Settings.Flows[flow.ClientCredentials] = flow.Switch{On: true}
	})
	form := url.Values{"grant_type": {"client_credentials"}}
	w := p.post("/oauth2/token", form, housetest.Shop)
	p.expect(t, w, http.StatusOK, "", nil)
	a := members(t, w)
	if got := names(a); got != "access_token expires_in scope token_type" || a["scope"] != "api" {
		t.Errorf("members %s, scope %v", got, a["scope"])
	}
	claims := jwt(t, a["access_token"], 1)
	if claims["sub"] != string(housetest.Shop) || claims["client_id"] != string(housetest.Shop) || claims["auth_time"] != nil || claims["acr"] != nil {
		t.Errorf("claims %v", claims)
	}
	in := members(t, p.post("/oauth2/introspect", url.Values{"token": {a["access_token"].(string)}}, housetest.Shop))
	if in["active"] != true || in["sub"] != string(housetest.Shop) || in["auth_time"] != nil || in["scope"] != "api" {
		t.Errorf("introspection %v", in)
	}
	p.expect(t, p.post("/oauth2/token", form, housetest.Shop, set("scope", "openid")), http.StatusBadRequest, "invalid_scope", policy.ErrScopeApp)
	p.expect(t, p.post("/oauth2/token", form, housetest.Other), http.StatusBadRequest, "unauthorized_client", token.ErrFlowOff)
	p.expect(t, p.post("/oauth2/token", form, housetest.Mobile, none, set("client_id", string(housetest.Mobile))),
		http.StatusBadRequest, "unauthorized_client", token.ErrFlowOff)
	p.expect(t, p.post("/oauth2/token", form, housetest.Shop, none, set("client_id", string(housetest.Shop))),
		http.StatusUnauthorized, "invalid_client", token.ErrCredentials)
}

func TestRefreshE01E04(t *testing.T) {
	p := open(t)
	first := p.tokens(housetest.Shop)
	form := func() url.Values {
		return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first["refresh_token"].(string)}}
	}
	p.expect(t, p.post("/oauth2/token", form(), housetest.Other), http.StatusBadRequest, "invalid_grant", token.ErrRefreshOtherApp)
	p.expect(t, p.post("/oauth2/token", form(), housetest.Shop, none, set("client_id", string(housetest.Shop))),
		http.StatusUnauthorized, "invalid_client", token.ErrCredentials)
	p.expect(t, p.post("/oauth2/token", form(), housetest.Shop, set("scope", "openid api")), http.StatusBadRequest, "invalid_scope", policy.ErrScopeWider)
	p.expect(t, p.post("/oauth2/token", form(), housetest.Shop, set("scope", `"`)), http.StatusBadRequest, "invalid_scope", oauth.ErrScopeSyntax)
	next := members(t, p.post("/oauth2/token", form(), housetest.Shop, set("scope", "openid")))
	if next["scope"] != "openid" {
		t.Error(next["scope"])
	}
	p.Clock.Forward(time.Minute)
	p.expect(t, p.post("/oauth2/token", form(), housetest.Shop), http.StatusBadRequest, "invalid_grant", token.ErrRefreshReused)
}

// TestClientsLookTheSameD01: an unknown id, a wrong secret and a wrong method
// are answered alike, and hammering is told to wait. Who shares a network with
// the honest app, or a proxy that nobody named, cannot lock it out.
func TestClientsLookTheSameD01(t *testing.T) {
	p := open(t)
	answer := func(app oauth.ClientID, secret string) string {
		w := p.post("/oauth2/token", redemption("csc1_x"), app, basic(app, secret))
		w.Header().Del("X-Request-Id")
		return w.Result().Status + w.Body.String() + strings.Join(w.Header().Values("Www-Authenticate"), "")
	}
	wrong := answer(housetest.Shop, "css_wrong")
	if unknown := answer("nobody-at-all", "css_wrong"); unknown != wrong || !strings.Contains(wrong, endpoint.ErrClientAuthentication.Rule) {
		t.Errorf("unknown id: %s\nwrong secret: %s", unknown, wrong)
	}
	if public := answer(housetest.Mobile, "css_wrong"); public != wrong {
		t.Errorf("public app: %s\nwrong secret: %s", public, wrong)
	}
	for _, app := range []oauth.ClientID{housetest.Shop, "nobody-at-all"} {
		tries := 1
		for ; !strings.HasPrefix(answer(app, "css_wrong"), "429"); tries++ {
			if tries > 40 {
				t.Fatal(app, "is never throttled")
			}
		}
		if tries != 30 {
			t.Error(app, "throttled after", tries)
		}
	}
	form := redemption(p.code(housetest.Shop))
	p.expect(t, p.post("/oauth2/token", form, housetest.Shop, basic(housetest.Shop, "css_wrong")), http.StatusTooManyRequests, "temporarily_unavailable", web.ErrThrottled)
	p.expect(t, p.post("/oauth2/token", form, housetest.Shop), http.StatusOK, "", nil)
	p.expect(t, p.post("/oauth2/challenge", opening(), housetest.Shop), http.StatusOK, "", nil)
}

// TestWrongMethodIsNoGuess: a library that tries Basic first, and then the body,
// does so at each start of the app.
func TestWrongMethodIsNoGuess(t *testing.T) {
	p := open(t)
	form := redemption(p.code(housetest.Shop))
	p.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.AuthMethod = client.AuthSecretPost })
	for range 200 {
		p.expect(t, p.post("/oauth2/token", form, housetest.Shop, basic(housetest.Shop, "css_wrong")), http.StatusUnauthorized, "invalid_client", client.ErrWrongMethod)
	}
	body := func(r *request) {
		r.form.Set("client_id", r.id)
		r.form.Set("client_secret", r.pw)
		r.id = ""
	}
	p.expect(t, p.post("/oauth2/token", form, housetest.Shop, body), http.StatusOK, "", nil)
}
