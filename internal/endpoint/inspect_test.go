package endpoint_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign/internal/client"
	"countersign/internal/endpoint"
	"countersign/internal/grant"
	"countersign/internal/housetest"
	"countersign/internal/inspect"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

func TestIntrospection(t *testing.T) {
	for _, format := range []client.TokenFormat{client.FormatJWT, client.FormatOpaque} {
		p := open(t)
		p.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.AccessToken.Format = format })
		got := p.tokens(housetest.Shop)
		ask := func(text any, app oauth.ClientID, spoils ...spoil) map[string]any {
			w := p.post("/oauth2/introspect", url.Values{"token": {text.(string)}, "token_type_hint": {"nonsense"}}, app, spoils...)
			p.expect(t, w, http.StatusOK, "", nil)
			return members(t, w)
		}
		m := ask(got["access_token"], housetest.Shop)
		want := "acr active amr aud auth_time client_id exp iat iss jti scope sub token_type"
		if names(m) != want || m["active"] != true || m["sub"] != string(p.Person.ID) || m["client_id"] != string(housetest.Shop) ||
			m["iss"] != housetest.Issuer || m["aud"] != housetest.Issuer || m["token_type"] != "Bearer" {
			t.Error(format, m)
		}
		if m["exp"].(float64)-m["iat"].(float64) != 900 {
			t.Error(format, m["exp"], m["iat"])
		}
		m = ask(got["refresh_token"], housetest.Shop)
		if names(m) != "acr active amr auth_time client_id exp iat iss scope sub" {
			t.Error(format, names(m))
		}
		text := got["access_token"].(string)
		for name, m := range map[string]map[string]any{
			"I01 another app":      ask(text, housetest.Other),
			"I01 another app's RT": ask(got["refresh_token"], housetest.Other),
			"I02 truncated":        ask(text[:len(text)-1], housetest.Shop),
			"I02 random":           ask("csa1_AAAA", housetest.Shop),
			"an ID token":          ask(got["id_token"], housetest.Shop),
		} {
			if names(m) != "active" || m["active"] != false {
				t.Error(format, name, m)
			}
		}
	}
}

func TestIntrospectionIsForAppsThatProveThemselvesI01(t *testing.T) {
	p := open(t)
	form := func() url.Values { return url.Values{"token": {p.tokens(housetest.Shop)["access_token"].(string)}} }
	p.expect(t, p.post("/oauth2/introspect", form(), housetest.Mobile), http.StatusUnauthorized, "invalid_client", inspect.ErrIntrospectUnproven)
	p.expect(t, p.post("/oauth2/introspect", form(), housetest.Shop, none), http.StatusUnauthorized, "invalid_client", client.ErrNoClientID)
	p.expect(t, p.post("/oauth2/introspect", form(), housetest.Shop, drop("token")), http.StatusBadRequest, "invalid_request", inspect.ErrIntrospectMissing)
	p.expect(t, p.post("/oauth2/introspect", form(), housetest.Shop, query("token=x")), http.StatusBadRequest, "invalid_request", endpoint.ErrQuery)
}

func TestRevocationE11(t *testing.T) {
	p := open(t)
	got := p.tokens(housetest.Shop)
	access, refresh := got["access_token"].(string), got["refresh_token"].(string)
	revoke := func(text string, app oauth.ClientID, spoils ...spoil) {
		t.Helper()
		w := p.post("/oauth2/revoke", url.Values{"token": {text}}, app, spoils...)
		if w.Code != http.StatusOK || w.Body.Len() != 0 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	revoke("unknown", housetest.Shop)
	revoke(refresh, housetest.Other)
	revoke(access, housetest.Other, set("token_type_hint", "refresh_token"))
	if !p.Alive(access) {
		t.Error("another app ended the token")
	}
	p.expect(t, p.post("/oauth2/revoke", url.Values{"token": {refresh}}, housetest.Shop, none, set("client_id", string(housetest.Shop))),
		http.StatusUnauthorized, "invalid_client", inspect.ErrRevokeUnproven)
	p.expect(t, p.post("/oauth2/revoke", url.Values{}, housetest.Shop), http.StatusBadRequest, "invalid_request", inspect.ErrRevokeMissing)
	revoke(refresh, housetest.Shop, set("token_type_hint", "access_token"))
	if p.Alive(access) {
		t.Error("the access token outlived its refresh token")
	}
}

// TestUserinfoI03: one valid request; each row spoils one thing.
func TestUserinfoI03(t *testing.T) {
	p := open(t)
	got := p.tokens(housetest.Shop)
	access := got["access_token"].(string)
	narrow := members(t, p.post("/oauth2/token", redemption(members(t, p.post("/oauth2/challenge", opening(), housetest.Shop, set("scope", "api")))["authorization_code"].(string)), housetest.Shop))
	ended := p.tokens(housetest.Shop)
	p.post("/oauth2/revoke", url.Values{"token": {ended["access_token"].(string)}}, housetest.Shop)
	const realm = `Bearer realm="countersign"`
	auth := func(text any) spoil { return header("Authorization", "Bearer "+text.(string)) }
	for name, row := range map[string]struct {
		spoil  []spoil
		status int
		rule   *oauth.Error
		says   string // WWW-Authenticate after the realm
	}{
		"header, GET":          {[]spoil{auth(access), method(http.MethodGet)}, 200, nil, ""},
		"header, POST":         {[]spoil{auth(access)}, 200, nil, ""},
		"scheme in small":      {[]spoil{header("Authorization", "bearer "+access)}, 200, nil, ""},
		"form":                 {[]spoil{set("access_token", access)}, 200, nil, ""},
		"other query":          {[]spoil{auth(access), query("schema=openid")}, 200, nil, ""},
		"nothing":              {nil, 401, inspect.ErrTokenMissing, ""},
		"Basic":                {[]spoil{header("Authorization", "Basic "+access)}, 401, inspect.ErrTokenMissing, ""},
		"query":                {[]spoil{query("access_token=" + access)}, 400, endpoint.ErrTokenInQuery, "invalid_request"},
		"query and header":     {[]spoil{auth(access), query("access_token=" + access)}, 400, endpoint.ErrTokenInQuery, "invalid_request"},
		"two places":           {[]spoil{auth(access), set("access_token", access)}, 400, endpoint.ErrTokenTwice, "invalid_request"},
		"form of a GET":        {[]spoil{set("access_token", access), method(http.MethodGet)}, 401, inspect.ErrTokenMissing, ""},
		"two fields":           {[]spoil{func(r *request) { r.Header["Authorization"] = []string{"Bearer a", "Bearer a"} }}, 400, web.ErrAuthorization, "invalid_request"},
		"an ID token":          {[]spoil{auth(got["id_token"])}, 401, grant.ErrClaims, "invalid_token"},
		"a refresh token":      {[]spoil{auth(got["refresh_token"])}, 401, inspect.ErrTokenMalformed, "invalid_token"},
		"changed":              {[]spoil{auth(access + "x")}, 401, inspect.ErrTokenMalformed, "invalid_token"},
		"revoked":              {[]spoil{auth(ended["access_token"])}, 401, inspect.ErrTokenEnded, "invalid_token"},
		"without scope openid": {[]spoil{auth(narrow["access_token"])}, 403, inspect.ErrScopeOpenID, "insufficient_scope"},
		"PUT":                  {[]spoil{auth(access), method(http.MethodPut)}, 405, web.ErrMethod, ""},
		"JSON":                 {[]spoil{auth(access), set("x", "y"), header("Content-Type", "application/json")}, 415, web.ErrMediaType, ""},
	} {
		p.refused = nil
		w := p.post("/oauth2/userinfo", url.Values{}, "", append([]spoil{drop("client_id")}, row.spoil...)...)
		if w.Code != row.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
			continue
		}
		if row.rule == nil {
			if members(t, w)["sub"] != string(p.Person.ID) {
				t.Error(name, w.Body)
			}
			continue
		}
		if len(p.refused) != 1 || p.refused[0] != row.rule.Rule {
			t.Errorf("%s: %v, want %s", name, p.refused, row.rule.Rule)
		}
		says := w.Header().Get("WWW-Authenticate")
		switch {
		case row.status > 403 && says != "", row.status <= 403 && !strings.HasPrefix(says, realm),
			strings.Contains(says, "error=") != (row.says != ""), !strings.Contains(says, row.says):
			t.Errorf("%s: WWW-Authenticate: %s", name, says)
		}
		if row.status == http.StatusForbidden && !strings.HasSuffix(says, `, scope="openid"`) {
			t.Errorf("%s: %s", name, says)
		}
	}
	p.Clock.Forward(time.Hour)
	if w := p.get("/oauth2/userinfo", "Authorization", "Bearer "+access); w.Code != http.StatusUnauthorized {
		t.Error("expired:", w.Code)
	}
	if strings.Contains(p.log.String(), access[:40]) {
		t.Error("J07: a token of the query is in the log")
	}
}
