package endpoint_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/endpoint"
	"countersign/internal/headless"
	"countersign/internal/housetest"
	"countersign/internal/jose"
	"countersign/internal/key"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMetadataIsTheGoldenOne(t *testing.T) {
	p := open(t)
	const golden = "testdata/metadata.json"
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"} {
		w := p.get(path)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Fatal(w.Code, w.Header())
		}
		if *update {
			if err := os.WriteFile(golden, w.Body.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), w.Body.String()); diff != "" {
			t.Error(path, diff)
		}
	}
}

// TestMetadataStandsWhereClientsLook: an issuer with a path has it inserted, and
// for clients of OpenID Connect appended.
func TestMetadataStandsWhereClientsLook(t *testing.T) {
	p := open(t)
	routes, err := endpoint.Routes(p.deps("https://as.example/tenant/one"))
	if err != nil {
		t.Fatal(err)
	}
	if p.handler, err = p.site.Handler(routes...); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"/.well-known/oauth-authorization-server/tenant/one": 200,
		"/.well-known/openid-configuration/tenant/one":       200,
		"/tenant/one/.well-known/openid-configuration":       200,
		"/tenant/one/.well-known/oauth-authorization-server": 200,
		"/.well-known/openid-configuration":                  404,
		"/tenant/one/oauth2/jwks":                            200,
		"/oauth2/jwks":                                       404,
	} {
		w := p.get(path)
		if w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
		if strings.Contains(path, "known") && want == 200 {
			m := members(t, w)
			if m["issuer"] != "https://as.example/tenant/one" || m["token_endpoint"] != "https://as.example/tenant/one/oauth2/token" {
				t.Error(path, m)
			}
		}
	}
}

func TestIssuerIsAnURL(t *testing.T) {
	for _, bad := range []string{"", "as.example", "ftp://as.example", "https://as.example?x", "https://as.example#x", "https://", "https://a b"} {
		if _, err := endpoint.Routes(endpoint.Deps{Issuer: bad}); err == nil {
			t.Errorf("%q is taken for an issuer", bad)
		}
	}
}

func TestKeySetIsKeptByItsTag(t *testing.T) {
	p := open(t)
	w := p.get("/oauth2/jwks")
	tag := w.Header().Get("Etag")
	if w.Code != http.StatusOK || w.Body.String() != string(p.Ring.Set()) || tag == "" || w.Header().Get("Cache-Control") != "public, max-age=300" {
		t.Fatal(w.Code, w.Header(), w.Body)
	}
	if w := p.get("/oauth2/jwks", "If-None-Match", tag); w.Code != http.StatusNotModified || w.Body.Len() != 0 || w.Header().Get("Etag") != tag {
		t.Error(w.Code, w.Body)
	}
	if w := p.send(httptest.NewRequest(http.MethodHead, "/oauth2/jwks", nil)); w.Code != http.StatusOK {
		t.Error("HEAD:", w.Code)
	}
	k, err := key.Generate(p.Keys, jose.ES256, p.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.DB.AddKey(t.Context(), k, p.Event(audit.KeyAdded)); err != nil {
		t.Fatal(err)
	}
	w = p.get("/oauth2/jwks", "If-None-Match", tag)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), k.ID) || strings.Contains(w.Body.String(), `"d"`) {
		t.Error("the new key is not published: ", w.Code, w.Body)
	}
}

// TestCrossOriginA29: which endpoint a page may read, and whose page.
func TestCrossOriginA29(t *testing.T) {
	p := open(t)
	p.ChangeApp(housetest.Mobile, func(c *client.Client) { c.Settings.Origins = []string{"https://spa.example"} })
	for path, want := range map[string]string{ // registered origin, foreign origin
		"/oauth2/challenge":                 " ",
		"/oauth2/introspect":                " ",
		"/oauth2/token":                     "https://spa.example ",
		"/oauth2/revoke":                    "https://spa.example ",
		"/oauth2/userinfo":                  "https://spa.example ",
		"/oauth2/jwks":                      "* *",
		"/.well-known/openid-configuration": "* *",
	} {
		for _, asked := range []string{http.MethodOptions, http.MethodPost} {
			var got []string
			for _, origin := range []string{"https://spa.example", "https://evil.example"} {
				r := httptest.NewRequest(asked, path, nil)
				r.Header.Set("Origin", origin)
				if asked == http.MethodOptions {
					r.Header.Set("Access-Control-Request-Method", http.MethodPost)
				}
				w := p.send(r)
				got = append(got, w.Header().Get("Access-Control-Allow-Origin"))
				if w.Header().Get("Access-Control-Allow-Credentials") != "" {
					t.Error(path, "cookies are allowed")
				}
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("%s %s: %q, want %q", asked, path, s, want)
			}
		}
	}
	// once the app is known, its own origins count, not those of others
	other := p.post("/oauth2/token", redemption("csc1_x"), housetest.Shop, header("Origin", "https://spa.example"))
	own := p.post("/oauth2/token", redemption("csc1_x"), housetest.Mobile, header("Origin", "https://spa.example"))
	if other.Header().Get("Access-Control-Allow-Origin") != "" || own.Header().Get("Access-Control-Allow-Origin") == "" {
		t.Error(other.Header(), own.Header())
	}
}

func TestErrorPageSaysWhatTheRuleMeans(t *testing.T) {
	p := open(t)
	w := p.get("/oauth2/errors/" + headless.ErrThirdParty.Rule)
	for _, words := range []string{headless.ErrThirdParty.Rule, headless.ErrThirdParty.Spec, "countersign explain headless.third-party"} {
		if !strings.Contains(w.Body.String(), words) {
			t.Error(words, "is not in:", w.Body)
		}
	}
	if w.Header().Get("Content-Type") != "text/plain; charset=utf-8" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Error(w.Header())
	}
	if w := p.get("/oauth2/errors/<script>"); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "script") {
		t.Error(w.Code, w.Body)
	}
}

// TestEveryRefusalHasASpelling: no refusal of the program falls back to
// server_error, and each is legal on the wire.
func TestEveryRefusalHasASpelling(t *testing.T) {
	for _, e := range oauth.Declared() {
		routes, err := endpoint.Routes(endpoint.Deps{Issuer: housetest.Issuer})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range routes[:5] {
			a := r.Dialect.Refuse(&web.Request{}, e)
			if a.Status == http.StatusInternalServerError && e.Code != oauth.ServerError {
				t.Errorf("%s has no spelling", e.Code)
			}
			if len(a.Body) == 0 && e.Rule == "token.missing" {
				continue
			}
			var m map[string]string
			if err := json.Unmarshal(a.Body, &m); err != nil {
				t.Fatal(e.Rule, err)
			}
			for _, c := range m["error"] + m["error_description"] {
				if c < ' ' || c > '~' || c == '"' || c == '\\' {
					t.Errorf("%s: %q is not allowed in an error", e.Rule, c)
				}
			}
		}
	}
}
