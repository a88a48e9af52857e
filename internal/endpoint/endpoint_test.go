package endpoint_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/client"
	"countersign/internal/endpoint"
	"countersign/internal/headless"
	"countersign/internal/housetest"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

// challenge belongs to housetest.Verifier (RFC 7636 appendix B).
const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

// place is the standard dialect in front of a furnished house.
type place struct {
	*housetest.House
	site    *web.Site
	handler http.Handler
	log     bytes.Buffer
	refused []string
}

func open(t testing.TB) *place {
	t.Helper()
	p := &place{House: housetest.New(t)}
	origins := &endpoint.Origins{Directory: p.Directory, Now: p.Clock.Now}
	p.site = &web.Site{
		Log: slog.New(slog.NewJSONHandler(&p.log, nil)), Now: p.Clock.Now, Origins: origins.Allowed, HTTPS: true,
		Refused: func(_ web.Event, e *oauth.Error) { p.refused = append(p.refused, e.Rule) },
	}
	routes, err := endpoint.Routes(p.deps(housetest.Issuer))
	if err != nil {
		t.Fatal(err)
	}
	if p.handler, err = p.site.Handler(routes...); err != nil {
		t.Fatal(err)
	}
	return p
}

// fresh forgets what earlier rows said and failed.
func (p *place) fresh(t testing.TB) {
	p.T, p.refused = t, nil
	p.log.Reset()
	p.Clock.Forward(10 * time.Second) // not more: hundreds of rows must not outrun the background jobs
}

func (p *place) deps(issuer string) endpoint.Deps {
	return endpoint.Deps{
		Issuer: issuer, Headless: p.Headless, Tokens: p.Exchanger, Inspector: p.Inspector,
		Verifier: p.Verifier, Ring: p.Ring, Throttle: &web.Throttle{Now: p.Clock.Now},
	}
}

// request is a POST that a test spoils in one way before it is sent.
type request struct {
	*http.Request
	form   url.Values
	id, pw string // of the Basic header
}

type spoil func(*request)

func (p *place) post(path string, form url.Values, app oauth.ClientID, spoils ...spoil) *httptest.ResponseRecorder {
	r := &request{Request: httptest.NewRequest(http.MethodPost, path, nil), form: form, id: string(app), pw: p.Secrets[app]}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if r.pw == "" {
		r.form.Set("client_id", r.id)
		r.id = ""
	}
	for _, s := range spoils {
		s(r)
	}
	if r.id != "" {
		r.SetBasicAuth(r.id, r.pw)
	}
	body := r.form.Encode()
	sent := httptest.NewRequest(r.Method, r.URL.RequestURI(), strings.NewReader(body))
	sent.Header = r.Header
	return p.send(sent)
}

func (p *place) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

func (p *place) get(path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return p.send(r)
}

// The ways to spoil a request.
func set(name, value string) spoil { return func(r *request) { r.form.Set(name, value) } }
func add(name, value string) spoil { return func(r *request) { r.form.Add(name, value) } }
func drop(name string) spoil       { return func(r *request) { r.form.Del(name) } }
func query(text string) spoil      { return func(r *request) { r.URL.RawQuery = text } }
func method(name string) spoil     { return func(r *request) { r.Method = name } }
func header(name, value string) spoil {
	return func(r *request) { r.Header.Set(name, value) }
}

func basic(id oauth.ClientID, pw string) spoil {
	return func(r *request) { r.id, r.pw = string(id), pw }
}
func none(r *request) { r.id = "" }

// opening is the form of a valid challenge request.
func opening() url.Values {
	return url.Values{
		"response_type": {"code"}, "scope": {"openid profile email offline_access"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}, "nonce": {"n-1"},
		"username": {"ann"}, "password": {housetest.Password},
	}
}

func redemption(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {housetest.Verifier}}
}

// code logs the person in and returns the code.
func (p *place) code(app oauth.ClientID) string {
	p.T.Helper()
	w := p.post("/oauth2/challenge", opening(), app)
	if w.Code != http.StatusOK {
		p.T.Fatal(w.Code, w.Body)
	}
	code, _ := members(p.T, w)["authorization_code"].(string)
	return code
}

// tokens logs the person in and redeems the code.
func (p *place) tokens(app oauth.ClientID) map[string]any {
	p.T.Helper()
	w := p.post("/oauth2/token", redemption(p.code(app)), app)
	if w.Code != http.StatusOK {
		p.T.Fatal(w.Code, w.Body)
	}
	return members(p.T, w)
}

func members(t testing.TB, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil {
		t.Fatalf("%d, not JSON: %q", w.Code, w.Body)
	}
	return m
}

func names(m map[string]any) string { return strings.Join(slices.Sorted(maps.Keys(m)), " ") }

// expect holds an answer against "status word rule"; the rule is what the log
// says.
func (p *place) expect(t *testing.T, w *httptest.ResponseRecorder, status int, word string, rule *oauth.Error) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if rule == nil {
		return
	}
	m := members(t, w)
	if m["error"] != word {
		t.Errorf("error %q, want %q", m["error"], word)
	}
	if len(p.refused) == 0 || p.refused[len(p.refused)-1] != rule.Rule {
		t.Errorf("rule %v, want %s", p.refused, rule.Rule)
	}
	if names(m) != "error error_description error_uri" {
		t.Error("members:", names(m))
	}
	if uri, _ := m["error_uri"].(string); !strings.HasPrefix(uri, housetest.Issuer+"/oauth2/errors/") {
		t.Error(m["error_uri"])
	}
	if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "application/json" {
		t.Error(w.Header())
	}
}

// TestLoginFromEndToEnd is the main job: credentials, code, tokens, who is it,
// refresh, logout; for each way an app may authenticate.
func TestLoginFromEndToEnd(t *testing.T) {
	for _, app := range []oauth.ClientID{housetest.Shop, housetest.Mobile} {
		p := open(t)
		first := p.tokens(app)
		if names(first) != "access_token expires_in id_token refresh_token scope token_type" {
			t.Fatal(names(first))
		}
		if first["token_type"] != "Bearer" || first["expires_in"] != 900.0 || first["scope"] != "openid profile email offline_access" {
			t.Error(first)
		}
		who := p.get("/oauth2/userinfo", "Authorization", "Bearer "+first["access_token"].(string))
		m := members(t, who)
		if m["sub"] != string(p.Person.ID) || m["email"] != "ann@example.com" || m["email_verified"] != true || m["name"] != "Ann Example" {
			t.Error(m)
		}
		next := members(t, p.post("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first["refresh_token"].(string)}}, app))
		if names(next) != "access_token expires_in refresh_token scope token_type" || next["refresh_token"] == first["refresh_token"] {
			t.Fatal(next)
		}
		out := p.post("/oauth2/revoke", url.Values{"token": {next["refresh_token"].(string)}}, app)
		if out.Code != http.StatusOK || out.Body.Len() != 0 {
			t.Error(out.Code, out.Body)
		}
		if again := p.get("/oauth2/userinfo", "Authorization", "Bearer "+next["access_token"].(string)); again.Code != http.StatusUnauthorized {
			t.Error("the access token outlived its grant:", again.Code)
		}
		p.nothingSecretInTheLog(t, first, next)
	}
}

// nothingSecretInTheLog greps for everything that was handed out or in (J07).
func (p *place) nothingSecretInTheLog(t *testing.T, answers ...map[string]any) {
	t.Helper()
	secrets := []string{housetest.Password, url.QueryEscape(housetest.Password), housetest.Verifier, challenge}
	for _, s := range p.Secrets {
		secrets = append(secrets, s)
	}
	for _, a := range answers {
		for _, name := range []string{"access_token", "refresh_token", "id_token"} {
			if s, ok := a[name].(string); ok {
				secrets = append(secrets, s[len(s)-16:], s[:32])
			}
		}
	}
	for _, s := range secrets {
		if strings.Contains(p.log.String(), s) {
			t.Errorf("in the log: %q", s)
		}
	}
	if !strings.Contains(p.log.String(), `"route":"/oauth2/token"`) {
		t.Error("the log has no line of the token endpoint")
	}
}

func TestSecretInTheBody(t *testing.T) {
	p := open(t)
	p.ChangeApp(housetest.Shop, func(c *client.Client) { c.Settings.AuthMethod = client.AuthSecretPost })
	post := func(r *request) {
		r.form.Set("client_id", r.id)
		r.form.Set("client_secret", r.pw)
		r.id = ""
	}
	w := p.post("/oauth2/challenge", opening(), housetest.Shop, post)
	p.expect(t, w, http.StatusOK, "", nil)
	p.expect(t, p.post("/oauth2/token", redemption(members(t, w)["authorization_code"].(string)), housetest.Shop, post), http.StatusOK, "", nil)
	p.expect(t, p.post("/oauth2/challenge", opening(), housetest.Shop), http.StatusUnauthorized, "invalid_client", client.ErrWrongMethod)
}

// TestEmptySecretIsNoSecret: clients that know one way send a public app's id in
// a Basic header without a secret.
func TestEmptySecretIsNoSecret(t *testing.T) {
	p := open(t)
	form := opening()
	p.expect(t, p.post("/oauth2/challenge", form, housetest.Mobile, drop("client_id"), basic(housetest.Mobile, "")), http.StatusOK, "", nil)
	p.expect(t, p.post("/oauth2/challenge", form, housetest.Shop, basic(housetest.Shop, "")),
		http.StatusUnauthorized, "invalid_client", headless.ErrCredentialsRequired)
}
