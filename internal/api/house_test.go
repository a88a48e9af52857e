package api_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/api"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/housetest"
	"countersign/internal/oauth"
	"countersign/internal/token"
	"countersign/internal/web"
)

// plane is the API in a furnished house, behind the real manners.
type plane struct {
	*housetest.House
	t       *testing.T
	desk    *admin.Desk
	handler http.Handler
	access  string   // of an app with every right
	refused []string // rules, in order
}

// machine is the app whose token is used where a test names no other.
const machine oauth.ClientID = "admin-machine"

func open(t *testing.T) *plane {
	t.Helper()
	h := housetest.New(t)
	p := &plane{House: h, t: t}
	p.desk = &admin.Desk{
		Apps: h.DB, People: h.DB, Grants: h.DB, Signing: h.DB, Log: h.DB, Book: h.DB, Seen: h.DB, Keys: h.Keys, Now: h.Clock.Now,
		Owner: true, Actor: "test", Password: admin.PasswordRules{
			Params: account.Params{MemoryKiB: 64, Time: 1, Parallelism: 1}, Policy: account.PasswordPolicy{MinLength: 8},
		},
	}
	routes, err := api.Routes(api.Deps{Issuer: housetest.Issuer, Desk: p.desk, Inspector: h.Inspector, Keys: h.Keys, Now: h.Clock.Now})
	must(t, err)
	site := &web.Site{
		Log: slog.New(slog.DiscardHandler), Now: h.Clock.Now,
		Refused: func(_ web.Event, e *oauth.Error) { p.refused = append(p.refused, e.Rule) },
	}
	p.handler, err = site.Handler(routes...)
	must(t, err)
	p.machine(machine, all()...)
	p.access = p.token()
	return p
}

func all() []string {
	out := make([]string, len(admin.Rights))
	for i, r := range admin.Rights {
		out[i] = string(r.Scope)
	}
	return out
}

// machine makes an app with rights.
func (p *plane) machine(id oauth.ClientID, rights ...string) {
	p.t.Helper()
	r, err := p.desk.CreateApp(p.t.Context(), id, []admin.Set{
		{Field: "name", Values: []string{string(id)}},
		{Field: "type", Values: []string{"confidential"}},
		{Field: "platform", Values: []string{"machine"}},
		{Field: "flow", Values: []string{"client_credentials"}},
		{Field: "scope", Values: rights},
	}, admin.Consent{Force: true})
	must(p.t, err)
	p.Secrets[id] = r.Secret
	p.Clock.Forward(2 * time.Millisecond)
}

// token obtains a token for the machine itself.
func (p *plane) token(scopes ...oauth.Scope) string {
	p.t.Helper()
	a, err := p.Exchanger.Exchange(p.t.Context(), token.Request{
		Grant: oauth.GrantClientCredentials, Client: p.Credentials(machine), Scopes: scopes, Address: netip.MustParseAddr("127.0.0.1"),
	})
	must(p.t, err)
	p.Clock.Forward(2 * time.Millisecond)
	return a.AccessToken
}

// reply is what the API said.
type reply struct {
	*httptest.ResponseRecorder
	json map[string]any
}

func (r reply) text(name string) string { s, _ := r.json[name].(string); return s }

func (r reply) items() []map[string]any {
	list, _ := r.json["items"].([]any)
	out := make([]map[string]any, len(list))
	for i, x := range list {
		out[i], _ = x.(map[string]any)
	}
	return out
}

// send asks as the app with every right. Headers are "Name: value"; one without
// a value leaves the header out.
func (p *plane) send(method, path, body string, headers ...string) reply {
	p.t.Helper()
	r := httptest.NewRequest(method, housetest.Issuer+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:40000"
	r.Header.Set("Authorization", "Bearer "+p.access)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
		if value == "" {
			r.Header.Del(strings.TrimSuffix(name, ":"))
		}
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	out := reply{ResponseRecorder: w}
	if bytes.HasPrefix(w.Body.Bytes(), []byte("{")) {
		must(p.t, json.Unmarshal(w.Body.Bytes(), &out.json))
	}
	return out
}

// want sends and expects a status.
func (p *plane) want(status int, method, path, body string, headers ...string) reply {
	p.t.Helper()
	r := p.send(method, "/api/v1"+path, body, headers...)
	if r.Code != status {
		p.t.Fatalf("%s %s: %d, want %d: %s", method, path, r.Code, status, r.Body)
	}
	return r
}

// refuses sends and expects a refusal, told in every place that it is told in.
func (p *plane) refuses(status int, rule *oauth.Error, method, path, body string, headers ...string) reply {
	p.t.Helper()
	before := len(p.refused)
	r := p.send(method, "/api/v1"+path, body, headers...)
	if r.Code != status || r.text("rule") != rule.Rule || r.json["status"] != float64(status) || r.text("title") != rule.Description ||
		r.text("type") != housetest.Issuer+"/oauth2/errors/"+rule.Rule || r.Header().Get("Content-Type") != "application/problem+json" || r.text("request_id") == "" {
		p.t.Errorf("%s %s: %d %s, want %d %s", method, path, r.Code, r.Body, status, rule.Rule)
	}
	if len(p.refused) != before+1 || p.refused[before] != rule.Rule {
		p.t.Errorf("%s %s: recorded %v, want %s", method, path, p.refused[before:], rule.Rule)
	}
	return r
}

// app makes an ordinary app and returns its id.
func (p *plane) app(id string) string {
	p.t.Helper()
	return p.want(http.StatusCreated, "POST", "/apps", `{"client_id":"`+id+`","settings":{"name":"`+id+`","first-party":true,"flow":["code_and_credentials","refresh_token"],"redirect-uri":["https://shop.example/cb"],"scope":["openid","offline_access"]},"consent":{"force":true}}`).text("client_id")
}

func switchedOff(name flow.Name) func(*client.Client) {
	return func(c *client.Client) { delete(c.Settings.Flows, name) }
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
