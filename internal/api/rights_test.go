package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/internal/admin"
	"countersign/internal/api"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/housetest"
	"countersign/internal/inspect"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

// paths fills the segments of a pattern with ids that are no record's: a request
// that is let in is answered 404 or 400, not 401 or 403.
var paths = strings.NewReplacer("{app_id}", "no-such-app", "{user_id}", "005000000000009AAA", "{grant_id}", "x", "{kid}", "x",
	"{secret_id}", "x", "{run_id}", "x", "{waiver_id}", "x", "{control_id}", "x")

// TestEveryOperationNeedsItsRights walks the whole table with every right alone,
// with all that are needed, with none, and without a token.
func TestEveryOperationNeedsItsRights(t *testing.T) {
	p := open(t)
	alone := map[oauth.Scope]string{}
	for _, r := range admin.Rights {
		alone[r.Scope] = "Authorization: Bearer " + p.token(r.Scope)
	}
	for _, o := range contract(t).operations() {
		path := paths.Replace(o.path)
		let := func(header string) bool {
			r := p.send(o.method, "/api/v1"+path, "", header)
			in := r.Code != http.StatusUnauthorized && r.Code != http.StatusForbidden
			if !in && r.Code == http.StatusForbidden && (r.text("rule") != api.ErrRight.Rule || !strings.Contains(r.Header().Get("Www-Authenticate"), `error="insufficient_scope"`)) {
				t.Errorf("%s: %d %s", o.id, r.Code, r.Body)
			}
			return in
		}
		for _, r := range admin.Rights {
			want := len(o.rights) == 0 || len(o.rights) == 1 && o.rights[0] == string(r.Scope)
			if got := let(alone[r.Scope]); got != want {
				t.Errorf("%s %s with %s alone: let in %v, want %v", o.method, o.path, r.Scope, got, want)
			}
		}
		if !let("Authorization: Bearer " + p.access) {
			t.Errorf("%s %s with every right: refused", o.method, o.path)
		}
		if r := p.send(o.method, "/api/v1"+path, "", "Authorization: "); r.Code != http.StatusUnauthorized || r.Header().Get("Www-Authenticate") != `Bearer realm="countersign"` {
			t.Errorf("%s %s without a token: %d", o.method, o.path, r.Code)
		}
	}
}

// TestTokensThatOpenNothing: each row spoils the token or the app behind it.
func TestTokensThatOpenNothing(t *testing.T) {
	person := func(p *plane) string { return p.Login(housetest.Shop).AccessToken }
	change := func(f func(*client.Client)) func(*plane) string {
		return func(p *plane) string { p.ChangeApp(machine, f); return p.access }
	}
	for name, row := range map[string]struct {
		token  func(*plane) string
		status int
		rule   *oauth.Error
	}{
		"of a person":          {person, http.StatusUnauthorized, inspect.ErrNotMachine},
		"cut short":            {func(p *plane) string { return p.access[:len(p.access)-2] }, http.StatusUnauthorized, inspect.ErrTokenMalformed},
		"nonsense":             {func(*plane) string { return "nonsense" }, http.StatusUnauthorized, inspect.ErrTokenMalformed},
		"expired":              {func(p *plane) string { p.Clock.Forward(16 * time.Minute); return p.access }, http.StatusUnauthorized, grant.ErrJWTExpired},
		"the flow off":         {change(switchedOff(flow.ClientCredentials)), http.StatusUnauthorized, inspect.ErrTokenEnded},
		"the app disabled":     {change(func(c *client.Client) { c.Disabled = true }), http.StatusUnauthorized, inspect.ErrTokenEnded},
		"the right taken away": {change(func(c *client.Client) { c.Settings.Scopes = oauth.Scopes{"admin:keys.read"} }), http.StatusForbidden, api.ErrRight},
		"outside the fence":    {change(func(c *client.Client) { c.Policy.IPRanges = []string{"10.0.0.0/8"} }), http.StatusUnauthorized, inspect.ErrNotAdmitted},
		"for somebody else": {func(p *plane) string {
			p.ChangeApp(machine, func(c *client.Client) { c.Settings.AccessToken.Audience = []string{"https://orders.example"} })
			return p.token()
		}, http.StatusUnauthorized, api.ErrAudience},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t)
			p.want(http.StatusOK, "GET", "/apps", "")
			r := p.refuses(row.status, row.rule, "GET", "/apps", "", "Authorization: Bearer "+row.token(p))
			if row.status == http.StatusUnauthorized && !strings.Contains(r.Header().Get("Www-Authenticate"), `error="invalid_token"`) {
				t.Error(r.Header())
			}
		})
	}
}

func TestWhereATokenMayStand(t *testing.T) {
	p := open(t)
	p.refuses(http.StatusUnauthorized, api.ErrScheme, "GET", "/apps", "", "Authorization: Basic eDp5")
	p.refuses(http.StatusUnauthorized, inspect.ErrTokenMissing, "GET", "/apps?access_token="+p.access, "", "Authorization: ")
	p.ChangeApp(machine, func(c *client.Client) {
		c.Settings.AccessToken.Audience, c.Settings.AccessToken.Format = []string{housetest.Issuer + "/api/v1"}, client.FormatOpaque
	})
	p.access = p.token() // opaque, and for the API by name
	p.want(http.StatusOK, "GET", "/apps", "")
	p.refuses(http.StatusMethodNotAllowed, web.ErrMethod, "PUT", "/apps", "")
}

// TestATokenWithRightsLivesAnHour: whatever the app's setting says.
func TestATokenWithRightsLivesAnHour(t *testing.T) {
	p := open(t)
	p.ChangeApp(machine, func(c *client.Client) { c.Settings.AccessToken.TTL = client.Duration(24 * time.Hour) })
	p.access = p.token()
	p.Clock.Forward(59 * time.Minute)
	p.want(http.StatusOK, "GET", "/self", "")
	p.Clock.Forward(time.Minute)
	p.refuses(http.StatusUnauthorized, grant.ErrJWTExpired, "GET", "/self", "")
}

func TestSelf(t *testing.T) {
	p := open(t)
	r := p.want(http.StatusOK, "GET", "/self", "", "Authorization: Bearer "+p.token(admin.KeysRead))
	held := 0
	for _, x := range r.json["rights"].([]any) {
		if x.(map[string]any)["held"] == true {
			held++
		}
	}
	if held != 1 || r.text("client_id") != string(machine) || len(r.json["rights"].([]any)) != len(admin.Rights) {
		t.Error(r.Body)
	}
}

// TestConsentIsARightOfItsOwn: whoever changes apps does not accept findings on
// them.
func TestConsentIsARightOfItsOwn(t *testing.T) {
	p := open(t)
	p.app("shop-12345")
	p.access = p.token(admin.AppsWrite)
	for _, consent := range []string{`{"force":true}`, `{"waive":{"reason":"r","owner":"o","until":"2026-12-24T00:00:00Z"}}`} {
		r := p.refuses(http.StatusForbidden, api.ErrRight, "PATCH", "/apps/shop-12345", `{"settings":{"scope":["openid","full"]},"consent":`+consent+`}`)
		if r.text("detail") != "a consent needs the scope admin:review.write" {
			t.Error(r.Body)
		}
	}
	p.want(http.StatusOK, "PATCH", "/apps/shop-12345", `{"settings":{"owner":"ann@example.com"},"consent":{"force":false}}`)
}

// TestAppsWithRightsAreAnOwners: an app that could change one with more rights
// than its own, or give rights, would have them all.
func TestAppsWithRightsAreAnOwners(t *testing.T) {
	p := open(t)
	p.machine("other-machine", "admin:keys.write")
	const denied = http.StatusForbidden
	p.refuses(denied, api.ErrOwner, "POST", "/apps", `{"settings":{"name":"x","type":"confidential","platform":"machine","flow":["client_credentials"],"scope":["admin:apps.read"]}}`)
	for _, id := range []string{"other-machine", string(machine)} {
		p.refuses(denied, api.ErrOwner, "PATCH", "/apps/"+id, `{"settings":{"name":"mine"}}`)
		p.refuses(denied, api.ErrOwner, "PATCH", "/apps/"+id, `{"settings":{"scope":["-admin:keys.write"]}}`)
		p.refuses(denied, api.ErrOwner, "POST", "/apps/"+id+"/secrets", `{}`)
		p.refuses(denied, api.ErrOwner, "DELETE", "/apps/"+id, "")
	}
	p.app("shop-12345")
	p.want(http.StatusOK, "PATCH", "/apps/shop-12345", `{"settings":{"name":"still mine"}}`)
	p.machine("plain-machine", "orders.read")
	p.refuses(denied, api.ErrOwner, "PATCH", "/apps/plain-machine", `{"settings":{"scope":["+admin:apps.write"]}}`)
	p.refuses(denied, api.ErrOwner, "POST", "/review/fix", `{"apps":["other-machine"],"breaking":true,"consent":{"force":true}}`)
}
