package salesforce_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/housetest"
	"countersign/internal/jose"
	"countersign/internal/oauth"
)

const tokenPath = "/services/oauth2/token"

// TestTokenRequestsInEveryClothing: each row is one more way in which clients of
// this dialect write the same honest request.
func TestTokenRequestsInEveryClothing(t *testing.T) {
	s := newSite(t, base)
	basicApp := func(code string, changes ...string) string {
		return tokenForm("BASIC", code, append([]string{"client_id", "", "client_secret", ""}, changes...)...)
	}
	for name, row := range map[string]struct {
		app    string
		target func(code string) string
		body   func(code string) string
		header string
	}{
		"form":                   {"CK1", nil, func(c string) string { return tokenForm("CK1", c) }, ""},
		"form with charset":      {"CK1", nil, func(c string) string { return tokenForm("CK1", c) }, "Content-Type: application/x-www-form-urlencoded; charset=UTF-8"},
		"D12 hybrid_auth_code":   {"CK1", nil, func(c string) string { return tokenForm("CK1", c, "grant_type", "hybrid_auth_code") }, ""},
		"D5 Basic, standard":     {"BASIC", nil, func(c string) string { return basicApp(c) }, "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("BASIC:CS1"))},
		"D5 Basic, base64url":    {"BASIC", nil, func(c string) string { return basicApp(c) }, basicOf("BASIC:CS1")},
		"D5 Basic, form-encoded": {"BASIC", nil, func(c string) string { return basicApp(c) }, basicOf("%42ASI%43:CS%31")},
		"Basic and client_id":    {"BASIC", nil, func(c string) string { return basicApp(c, "client_id", "BASIC") }, basicOf("BASIC:CS1")},
		"post for a Basic app":   {"BASIC", nil, func(c string) string { return tokenForm("BASIC", c) }, ""},
		"public, in the body":    {"CK2", nil, func(c string) string { return tokenForm("CK2", c) }, ""},
		"public, Basic":          {"CK2", nil, func(c string) string { return tokenForm("CK2", c, "client_id", "") }, basicOf("CK2:")},
		"D4 code in the query":   {"CK1", func(c string) string { return "?code=" + c }, func(c string) string { return tokenForm("CK1", c, "code", "") }, ""},
		"D4 all but the secret":  {"CK1", func(c string) string { return "?" + tokenForm("CK1", c, "client_secret", "", "code_verifier", "") }, func(string) string { return form("client_secret", "CS1", "code_verifier", verifier) }, ""},
		"D3 nothing encoded": {"CK2", nil, func(c string) string {
			return "code=" + c + "&grant_type=hybrid_auth_code&client_id=CK2&redirect_uri=" + echoURL + "&code_verifier=" + verifier
		}, ""},
		"unknown parameters": {"CK1", nil, func(c string) string { return tokenForm("CK1", c, "format", "json", "device_id", "d", "x", "y") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			code := s.code(t, row.app)
			target := tokenPath
			if row.target != nil {
				target += row.target(code)
			}
			var headers []string
			if row.header != "" {
				headers = append(headers, row.header)
			}
			if r := s.send(t, "POST", target, row.body(code), headers...); r.status != http.StatusOK {
				t.Errorf("%d %s", r.status, r.body)
			}
		})
	}
}

func multipartOf(pairs ...string) (body, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(pairs); i += 2 {
		_ = w.WriteField(pairs[i], pairs[i+1])
	}
	_ = w.Close()
	return b.String(), "Content-Type: " + w.FormDataContentType()
}

func TestD4MultipartIsReadLikeAForm(t *testing.T) {
	s := newSite(t, base)
	honest := func(more ...string) []string {
		return append([]string{
			"grant_type", "authorization_code", "code", s.code(t, "CK1"), "client_id", "CK1", "client_secret", "CS1",
			"redirect_uri", callback, "code_verifier", verifier,
		}, more...)
	}
	body, kind := multipartOf(honest()...)
	if r := s.send(t, "POST", tokenPath, body, kind); r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
	body, kind = multipartOf(honest("client_id", "CK1")...)
	if s.send(t, "POST", tokenPath, body, kind); s.rule() != "request.parameter-repeated" {
		t.Errorf("C14: repeated: %s", s.rule())
	}
	body, kind = multipartOf("response_type", "device_code", "client_id", "CK1", "scope", "refresh_token web api")
	if r := s.send(t, "POST", tokenPath, body, kind); r.text(t, "error") != "unsupported_grant_type" {
		t.Errorf("D13: %s", r.body)
	}
	for _, spoiled := range []string{"no boundary", "--b\r\n\r\nno name\r\n--b--"} {
		if s.send(t, "POST", tokenPath, spoiled, "Content-Type: multipart/form-data; boundary=b"); s.rule() != "request.parameter-syntax" {
			t.Errorf("%q: %s", spoiled, s.rule())
		}
	}
}

// TestTokenRefusals: each row spoils one thing of an honest redemption.
func TestTokenRefusals(t *testing.T) {
	s := newSite(t, base)
	redeem := func(app string, changes ...string) func(string) string {
		return func(code string) string { return tokenForm(app, code, changes...) }
	}
	expire := func(code string) string {
		s.Clock.Forward(2 * time.Minute)
		return tokenForm("CK1", code)
	}
	for name, row := range map[string]struct {
		app, query string
		body       func(code string) string
		headers    []string
		rule       string
		status     int
		code, text string
	}{
		"code unknown":              {"CK1", "", redeem("CK1", "code", "aPrx1"), nil, "code.not-ours", 400, "invalid_grant", "invalid authorization code"},
		"B06 code truncated":        {"CK1", "", func(c string) string { return tokenForm("CK1", c[:len(c)-1]) }, nil, "code.not-ours", 400, "invalid_grant", "invalid authorization code"},
		"B04 code expired":          {"CK1", "", expire, nil, "code.expired", 400, "invalid_grant", "expired authorization code"},
		"B03 other app":             {"CK1", "", redeem("BASIC"), nil, "code.other-app", 400, "invalid_grant", "invalid authorization code"},
		"code missing":              {"CK1", "", redeem("CK1", "code", ""), nil, "code.missing", 400, "invalid_request", ""},
		"B09 verifier wrong":        {"CK1", "", redeem("CK1", "code_verifier", "X"+verifier[1:]), nil, "pkce.wrong", 400, "invalid_grant", "invalid code verifier"},
		"B08 verifier missing":      {"CK1", "", redeem("CK1", "code_verifier", ""), nil, "pkce.verifier-missing", 400, "invalid_grant", "invalid code verifier"},
		"D1 verifier of 257":        {"CK1", "", redeem("CK1", "code_verifier", strings.Repeat("a", 257)), nil, "pkce.verifier-syntax", 400, "invalid_grant", "invalid code verifier"},
		"D10 redirect differs":      {"CK1", "", redeem("CK1", "redirect_uri", callback+"?tenant=7"), nil, "code.redirect-mismatch", 400, "redirect_uri_mismatch", ""},
		"D10 redirect missing":      {"CK1", "", redeem("CK1", "redirect_uri", ""), nil, "code.redirect-missing", 400, "redirect_uri_missing", ""},
		"D15 secret wrong":          {"CK1", "", redeem("CK1", "client_secret", "no"), nil, "client.wrong-secret", 400, "invalid_client", "invalid client credentials"},
		"secret missing":            {"CK1", "", redeem("CK1", "client_secret", ""), nil, "flow.credentials", 400, "invalid_client", "invalid client credentials"},
		"D15 unknown client":        {"CK1", "", redeem("CK0", "client_secret", ""), nil, "client.unknown", 400, "invalid_client_id", "client identifier invalid"},
		"no client":                 {"CK1", "", redeem("CK1", "client_id", "", "client_secret", ""), nil, "client.id-missing", 400, "invalid_client_id", "client identifier invalid"},
		"public app with a secret":  {"CK2", "", redeem("CK2", "client_secret", "CS1"), nil, "client.public-with-secret", 400, "invalid_client", "invalid client credentials"},
		"app blocked":               {"CK1", "", redeem("BLOCKED"), nil, "client.disabled", 400, "oauth_flow_disabled", "The external client app or the OAuth plugin is disabled."},
		"flow off":                  {"CK1", "", redeem("OFF"), nil, "token.flow-off", 400, "oauth_flow_disabled", "The external client app or the OAuth plugin is disabled."},
		"G01 password grant":        {"CK1", "", redeem("CK1", "grant_type", "password"), nil, "token.grant-type-unknown", 400, "unsupported_grant_type", ""},
		"client credentials off":    {"CK1", "", redeem("CK1", "grant_type", "client_credentials"), nil, "token.flow-off", 400, "oauth_flow_disabled", ""},
		"client credentials, scope": {"CK1", "", redeem("CK1", "grant_type", "client_credentials", "scope", "api"), nil, "salesforce.scope-not-supported", 400, "invalid_request", "scope parameter not supported"},
		"device":                    {"CK1", "", redeem("CK1", "grant_type", "device"), nil, "token.grant-type-unknown", 400, "unsupported_grant_type", ""},
		"grant type missing":        {"CK1", "", redeem("CK1", "grant_type", ""), nil, "token.grant-type-missing", 400, "invalid_request", ""},
		"grant type of the core":    {"CK1", "", redeem("CK1", "grant_type", "AUTHORIZATION_CODE"), nil, "token.grant-type-unknown", 400, "unsupported_grant_type", ""},
		"D05 secret in the URL":     {"CK1", "?client_secret=CS1", redeem("CK1", "client_secret", ""), nil, "salesforce.secret-in-url", 400, "invalid_request", ""},
		"D05 verifier in the URL":   {"CK1", "?code_verifier=" + verifier, redeem("CK1", "code_verifier", ""), nil, "salesforce.secret-in-url", 400, "invalid_request", ""},
		"E09 refresh in the URL":    {"CK1", "?refresh_token=x", redeem("CK1", "grant_type", "refresh_token"), nil, "salesforce.secret-in-url", 400, "invalid_request", ""},
		"D05 assertion in the URL":  {"CK1", "?client_assertion=x", redeem("CK1"), nil, "salesforce.secret-in-url", 400, "invalid_request", ""},
		"D04 assertion beside":      {"CK1", "", redeem("CK1", "client_assertion", "e30.e30."), nil, "salesforce.assertion-not-served", 400, "invalid_client", ""},
		"two secrets":               {"CK1", "", redeem("CK1"), []string{basicOf("CK1:CS1")}, "salesforce.client-secret-repeated", 400, "invalid_client", ""},
		"two apps":                  {"CK1", "", redeem("CK1", "client_secret", ""), []string{basicOf("BASIC:CS1")}, "salesforce.client-id-differs", 400, "invalid_client", ""},
		"Basic unreadable":          {"CK1", "", redeem("CK1", "client_secret", ""), []string{"Authorization: Basic !"}, "salesforce.basic-syntax", 400, "invalid_basic_auth_header", ""},
		"C14 body and query":        {"CK1", "?redirect_uri=x", redeem("CK1"), nil, "request.parameter-repeated", 400, "invalid_request", ""},
		"C14 client_id twice":       {"CK1", "?client_id=CK1", redeem("CK1"), nil, "request.parameter-repeated", 400, "invalid_request", ""},
		"JSON":                      {"CK1", "", redeem("CK1"), []string{"Content-Type: application/json"}, "http.media-type", 415, "invalid_request", ""},
		"charset":                   {"CK1", "", redeem("CK1"), []string{"Content-Type: application/x-www-form-urlencoded; charset=utf-16"}, "http.media-type", 415, "invalid_request", ""},
		"B05 refresh token as code": {"CK1", "", redeem("CK1", "code", "csr1_AAAA"), nil, "code.not-ours", 400, "invalid_grant", "invalid authorization code"},
	} {
		t.Run(name, func(t *testing.T) {
			body := row.body(s.code(t, row.app))
			r := s.send(t, "POST", tokenPath+row.query, body, row.headers...)
			if s.rule() != row.rule {
				t.Errorf("rule %s, want %s", s.rule(), row.rule)
			}
			if r.status != row.status || r.text(t, "error") != row.code || row.text != "" && r.text(t, "error_description") != row.text {
				t.Errorf("%d %s", r.status, r.body)
			}
			if r.header.Get("Cache-Control") != "no-store" || r.header.Get("Www-Authenticate") != "" {
				t.Errorf("headers %v", r.header)
			}
		})
	}
	if r := s.send(t, "GET", tokenPath+"?"+tokenForm("CK1", "x"), ""); r.status != http.StatusMethodNotAllowed || r.header.Get("Allow") == "" {
		t.Errorf("GET: %d %v", r.status, r.header)
	}
}

// The members of an answer and what clients hold them against.
var members = map[string]*regexp.Regexp{
	"access_token":       regexp.MustCompile(`^00D000000000001![.\w]+$`),
	"sfdc_community_url": regexp.MustCompile(`^https://x\.example\.test(/portal)?$`),
	"sfdc_community_id":  regexp.MustCompile(`^0DB000000000001GAA$`),
	"signature":          regexp.MustCompile(`^[A-Za-z0-9+/]{43}=$`),
	"token_format":       regexp.MustCompile(`^(opaque|jwt)$`),
	"scope":              regexp.MustCompile(`^[a-z_]+( [a-z_]+)*$`),
	"id_token":           regexp.MustCompile(`^[\w-]+\.[\w-]+\.[\w-]+$`),
	"instance_url":       regexp.MustCompile(`^https://[^/]+$`),
	"id":                 regexp.MustCompile(`^https://x\.example\.test/id/00D000000000001EAA/005000000000001AAA$`),
	"token_type":         regexp.MustCompile(`^Bearer$`),
	"issued_at":          regexp.MustCompile(`^\d{13}$`),
	"refresh_token":      regexp.MustCompile(`^[a-zA-Z0-9._-]+={0,2}$`),
}

func checkAnswer(t *testing.T, r reply, want ...string) {
	t.Helper()
	got := r.json(t)
	if n, ok := got["expires_in"].(float64); !ok || n <= 0 {
		t.Errorf("expires_in is %v", got["expires_in"])
	}
	delete(got, "expires_in")
	for name, value := range got {
		text, ok := value.(string) // never a number, never null: D14
		if !ok || members[name] == nil || !members[name].MatchString(text) {
			t.Errorf("%s is %v", name, value)
		}
	}
	for _, name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("members %v", got)
	}
}

var always = []string{
	"access_token", "sfdc_community_url", "sfdc_community_id", "signature", "token_format", "scope",
	"instance_url", "id", "token_type", "issued_at",
}

func with(more ...string) []string { return append(more, always...) }

func TestD14AnswersAreTexts(t *testing.T) {
	s := newSite(t, base)
	checkAnswer(t, s.tokens(t, "CK1"), with("id_token")...)
	checkAnswer(t, s.tokens(t, "CK2"), with("id_token", "refresh_token")...)
	checkAnswer(t, s.tokens(t, "STAY"), with("refresh_token")...)
	behind := s.send(t, "POST", prefix+tokenPath, tokenForm("CK1", s.code(t, "CK1")))
	if behind.text(t, "sfdc_community_url") != base+prefix || behind.text(t, "instance_url") != base {
		t.Errorf("behind the prefix: %s", behind.body)
	}
}

// TestClientCredentials: the answer has the members that clients read, and
// speaks for the app: no person takes part.
func TestClientCredentials(t *testing.T) {
	s := newSite(t, base)
	for _, app := range []oauth.ClientID{"CK1", "BASIC"} { // opaque and JWT
		format := client.FormatOpaque
		if app == "BASIC" {
			format = client.FormatJWT
		}
		s.ChangeApp(app, func(c *client.Client) {
			c.Settings.Scopes = append(slices.Clone(c.Settings.Scopes), "orders")
			c.Settings.Flows[flow.ClientCredentials], c.Settings.AccessToken.Format = flow.Switch{On: true}, format
		})
		r := s.send(t, "POST", tokenPath, url.Values{
			"grant_type": {"client_credentials"}, "client_id": {string(app)}, "client_secret": {"CS1"},
		}.Encode())
		got := r.json(t)
		want := map[string]any{"id": base + "/id/" + orgID + "/" + string(app), "refresh_token": nil, "id_token": nil, "instance_url": base, "scope": "api orders"}
		for name, value := range want {
			if r.status != http.StatusOK || got[name] != value {
				t.Errorf("%s: %d, %s is %v", app, r.status, name, got[name])
			}
		}
		access := r.text(t, "access_token")
		in := s.send(t, "POST", "/services/oauth2/introspect", url.Values{
			"token": {access}, "client_id": {string(app)}, "client_secret": {"CS1"},
		}.Encode()).json(t)
		if in["active"] != true || in["sub"] != base+"/id/"+orgID+"/"+string(app) || in["username"] != nil {
			t.Errorf("introspection %v", in)
		}
		who := s.send(t, "GET", "/services/oauth2/userinfo", "", "Authorization: Bearer "+access)
		if who.status != http.StatusForbidden || who.body == "Bad_OAuth_Token" || s.rule() != "token.no-person" {
			t.Errorf("userinfo: %d %s", who.status, who.body)
		}
		if format == client.FormatOpaque {
			continue
		}
		if c := s.claims(t, access); c["sub"] != string(app) || c["auth_time"] != nil || c["mty"] != "oauth" {
			t.Errorf("claims %v", c)
		}
	}
}

func TestSignatureIsOfTheSecretThatWasPresented(t *testing.T) {
	s := newSite(t, base)
	mac := func(key string, r reply) string {
		h := hmac.New(sha256.New, []byte(key))
		h.Write([]byte(r.text(t, "id") + r.text(t, "issued_at")))
		return base64.StdEncoding.EncodeToString(h.Sum(nil))
	}
	if r := s.tokens(t, "CK1"); r.text(t, "signature") != mac("CS1", r) {
		t.Errorf("signature %s", r.text(t, "signature"))
	}
	two, sdk := s.tokens(t, "CK2"), s.tokens(t, "SDK")
	if sig := two.text(t, "signature"); sig == mac("", two) || sig == mac("CS1", two) || sig == sdk.text(t, "signature") {
		t.Errorf("signature of a public app: %s", sig)
	}
	// the other of two valid secrets
	s.ChangeApp("CK1", func(c *client.Client) {
		c.Secrets = append(c.Secrets, client.Secret{ID: "2", Hash: s.Keys.Hash("client secret", []byte("CK1"), []byte("CS2"))})
	})
	r := s.send(t, "POST", tokenPath, tokenForm("CK1", s.code(t, "CK1"), "client_secret", "CS2"))
	if r.text(t, "signature") != mac("CS2", r) {
		t.Errorf("during a rotation: %s", r.body)
	}
}

func TestOtherFormatsOfAnAnswer(t *testing.T) {
	s := newSite(t, base)
	r := s.send(t, "POST", tokenPath, tokenForm("CK1", s.code(t, "CK1"), "format", "urlencoded"))
	v, err := url.ParseQuery(r.body)
	if err != nil || v.Get("token_type") != "Bearer" || !members["access_token"].MatchString(v.Get("access_token")) || r.header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("%v %s", r.header, r.body)
	}
	r = s.send(t, "POST", tokenPath, tokenForm("CK1", s.code(t, "CK1"), "format", "xml"))
	if !strings.Contains(r.body, "<OAuth><access_token>00D") || !strings.HasPrefix(r.header.Get("Content-Type"), "application/xml") {
		t.Errorf("%v %s", r.header, r.body)
	}
}

// claims of a JWT, its signature checked with the published keys.
func (s *site) claims(t *testing.T, token string) map[string]any {
	t.Helper()
	body, err := jose.VerifyOwn(token, "JWT", s.Ring.Verifiers())
	must(t, err)
	var m map[string]any
	must(t, json.Unmarshal(body, &m))
	return m
}

func TestAtHashIsOfTheTokenAsTheAppGetsIt(t *testing.T) {
	s := newSite(t, base)
	for _, app := range []string{"CK1", "JWT"} {
		r := s.tokens(t, app)
		c := s.claims(t, r.text(t, "id_token"))
		if want := jose.HashHalf(jose.RS256, r.text(t, "access_token")); c["at_hash"] != want {
			t.Errorf("%s: at_hash %v, want %s", app, c["at_hash"], want)
		}
		if c["sub"] != r.text(t, "id") || c["iss"] != base || c["aud"] != app {
			t.Errorf("%s: %v", app, c)
		}
	}
}

func TestD21JWTAccessTokens(t *testing.T) {
	s := newSite(t, base)
	r := s.send(t, "POST", tokenPath, tokenForm("JWT", s.code(t, "JWT")))
	c := s.claims(t, r.text(t, "access_token"))
	if c["sub"] != "uid:"+userID || c["mty"] != "oauth" || c["scp"] != "openid api" || r.text(t, "token_format") != "jwt" {
		t.Errorf("%v", c)
	}
	if u := s.send(t, "GET", "/services/oauth2/userinfo", "", "Authorization: Bearer "+r.text(t, "access_token")); u.status != http.StatusOK {
		t.Errorf("userinfo: %d %s", u.status, u.body)
	}
	if u := s.send(t, "GET", "/services/oauth2/userinfo", "", "Authorization: Bearer "+r.text(t, "id_token")); u.body != "Bad_OAuth_Token" {
		t.Errorf("D14: an ID token for an access token: %d %s", u.status, u.body)
	}
}

func TestB01ASpentCodeEndsEverything(t *testing.T) {
	s := newSite(t, base)
	body := tokenForm("CK2", s.code(t, "CK2"))
	r := s.send(t, "POST", tokenPath, body)
	again := s.send(t, "POST", tokenPath, body)
	if again.text(t, "error_description") != "invalid authorization code" || s.rule() != "code.spent" {
		t.Errorf("%s %s", s.rule(), again.body)
	}
	if u := s.send(t, "GET", "/services/oauth2/userinfo", "", "Authorization: Bearer "+r.text(t, "access_token")); u.body != "Bad_OAuth_Token" {
		t.Errorf("the access token lives: %s", u.body)
	}
	refresh := form("grant_type", "refresh_token", "client_id", "CK2", "refresh_token", r.text(t, "refresh_token"))
	if f := s.send(t, "POST", tokenPath, refresh); f.text(t, "error_description") != "expired access/refresh token" {
		t.Errorf("the refresh token lives: %s", f.body)
	}
}

func TestRefreshAsClientsAskForIt(t *testing.T) {
	s := newSite(t, base)
	r := s.tokens(t, "SDK")
	for name, row := range map[string]struct{ query, grant, more string }{
		"Android":               {"?device_id=d1", "hybrid_refresh", "&format=json"},
		"iOS":                   {"", "refresh_token", "&device_id=d1"},
		"D25 jsforce, verifier": {"", "refresh_token", "&code_verifier=" + verifier},
	} {
		s.Clock.Forward(time.Minute)
		next := s.send(t, "POST", tokenPath+row.query, "grant_type="+row.grant+"&client_id=SDK&refresh_token="+r.text(t, "refresh_token")+row.more)
		if next.status != http.StatusOK {
			t.Fatalf("%s: %d %s", name, next.status, next.body)
		}
		checkAnswer(t, next, with("refresh_token")...)
		r = next
	}
}

func TestARefreshTokenThatStaysIsNotRepeated(t *testing.T) {
	s := newSite(t, base)
	r := s.tokens(t, "STAY")
	f := form("grant_type", "refresh_token", "client_id", "STAY", "client_secret", "CS1", "refresh_token", r.text(t, "refresh_token"))
	next := s.send(t, "POST", tokenPath, f)
	checkAnswer(t, next, always...)
	narrow := s.send(t, "POST", tokenPath, f+"&scope=api,")
	if narrow.text(t, "scope") != "api" {
		t.Errorf("D11: %s", narrow.body)
	}
}

func TestE06RefusedRefreshSaysTheSameForEverybody(t *testing.T) {
	s := newSite(t, base)
	live := s.tokens(t, "SDK").text(t, "refresh_token")
	ask := func(token string, more ...string) reply {
		return s.send(t, "POST", tokenPath, form(append([]string{"grant_type", "refresh_token", "client_id", "SDK", "refresh_token", token}, more...)...))
	}
	other := ask(live, "client_id", "OTHERSPA")
	unknown := ask("csr1_x")
	must(t, s.DB.SetState(ctx, userID, account.Disabled, s.Event(audit.UserDisabled)))
	s.Clock.Forward(time.Second)
	for name, r := range map[string]reply{"E04 other app": other, "unknown": unknown, "E06 disabled": ask(live)} {
		if r.status != http.StatusBadRequest || r.text(t, "error") != "invalid_grant" || r.text(t, "error_description") != "expired access/refresh token" {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
}

func TestE01ReuseEndsTheFamily(t *testing.T) {
	s := newSite(t, base)
	first := s.tokens(t, "SDK")
	ask := func(token string) reply {
		return s.send(t, "POST", tokenPath, form("grant_type", "hybrid_refresh", "client_id", "SDK", "refresh_token", token))
	}
	second := ask(first.text(t, "refresh_token"))
	s.Clock.Forward(time.Minute) // past the grace time
	if r := ask(first.text(t, "refresh_token")); s.rule() != "refresh.reused" || r.text(t, "error") != "invalid_grant" {
		t.Errorf("%s %s", s.rule(), r.body)
	}
	if r := ask(second.text(t, "refresh_token")); r.status != http.StatusBadRequest {
		t.Errorf("the family lives: %s", r.body)
	}
}

// A mobile app takes 400, 401 and 403 on a refresh as the end of the login.
func TestAPassingFaultEndsNoLogin(t *testing.T) {
	s := newSite(t, base)
	live := s.tokens(t, "SDK").text(t, "refresh_token")
	must(t, s.DB.Close())
	r := s.send(t, "POST", tokenPath, form("grant_type", "hybrid_refresh", "client_id", "SDK", "refresh_token", live))
	if r.status < 500 || r.text(t, "error") == "" || r.text(t, "error_description") == "" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if strings.Contains(r.body, "sql") || strings.Contains(r.body, "closed") {
		t.Errorf("J08: %s", r.body)
	}
}

func TestD01WrongSecretsAreThrottled(t *testing.T) {
	s := newSite(t, base)
	for range 200 {
		r := s.send(t, "POST", tokenPath, tokenForm("CK1", "x", "client_secret", "no"))
		if r.status == http.StatusTooManyRequests {
			if r.header.Get("Retry-After") == "" || r.text(t, "error") != "rate_limit_exceeded" {
				t.Errorf("%v %s", r.header, r.body)
			}
			return
		}
	}
	t.Error("200 wrong secrets and no end")
}

func TestD01ErrorPagesDoNotTellWhyAuthenticationFailed(t *testing.T) {
	s := newSite(t, base)
	wrong := s.send(t, "POST", tokenPath, tokenForm("CK1", "x", "client_secret", "no"))
	public := s.send(t, "POST", tokenPath, tokenForm("CK2", "x", "client_secret", "no"))
	if diff := cmp.Diff(wrong.body, public.body); diff != "" {
		t.Error(diff)
	}
}

// The code is the core's: one that the challenge endpoint of the standard
// dialect gave has no redirect URI, here as there.
func TestD10CodesOfTheOtherDialect(t *testing.T) {
	s := newSite(t, base)
	login := s.HeadlessRequest("SDK")
	login.Username, login.Password = "ann", password
	login.Auth.RedirectURI, login.Auth.NoRedirect, login.Auth.Scopes = "", true, nil
	a, err := s.Headless.Login(ctx, login)
	must(t, err)
	s.Clock.Forward(time.Second)
	redeem := []string{"grant_type", "authorization_code", "code", a.Code, "client_id", "SDK", "code_verifier", housetest.Verifier}
	if r := s.send(t, "POST", tokenPath, form(append(redeem, "redirect_uri", echoURL)...)); r.text(t, "error") != "redirect_uri_mismatch" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := s.send(t, "POST", tokenPath, form(redeem...)); r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
}
