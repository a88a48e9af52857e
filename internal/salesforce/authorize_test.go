package salesforce_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"countersign/internal/audit"
)

const authorizePath = "/services/oauth2/authorize"

func basicOf(text string) string {
	return "Authorization: Basic " + base64.RawURLEncoding.EncodeToString([]byte(text))
}

// withoutPerson is the honest body of an app, the person's credentials left out.
func withoutPerson(app string, changes ...string) string {
	return loginForm(app, append([]string{"username", "", "password", ""}, changes...)...)
}

func TestAuthorizeAnswersARedirect(t *testing.T) {
	s := newSite(t, base)
	for name, row := range map[string]struct {
		method, target, body string
		headers              []string
		location             string // before the question mark or ampersand that follows
	}{
		"credentials in the body":        {"POST", authorizePath, loginForm("CK1"), []string{named}, callback + "?"},
		"Basic, base64url, no padding":   {"POST", authorizePath, withoutPerson("CK1"), []string{named, basicOf("ann:pw")}, callback + "?"},
		"Basic, standard base64":         {"POST", authorizePath, withoutPerson("CK1"), []string{named, "Authorization: Basic YW5uOnB3"}, callback + "?"},
		"scheme in lower case":           {"POST", authorizePath, withoutPerson("CK1"), []string{named, "Authorization: basic YW5uOnB3"}, callback + "?"},
		"name with blanks around":        {"POST", authorizePath, loginForm("CK1", "username", " ann "), []string{named}, callback + "?"},
		"by e-mail address":              {"POST", authorizePath, loginForm("CK1", "username", "ANN@example.test"), []string{named}, callback + "?"},
		"D2 method spelled out":          {"POST", authorizePath, loginForm("CK1", "code_challenge_method", "S256"), []string{named}, callback + "?"},
		"no challenge where none is due": {"POST", authorizePath, loginForm("CK1", "code_challenge", ""), []string{named}, callback + "?"},
		"D11 scope by comma":             {"POST", authorizePath, loginForm("CK1", "scope", "openid,api"), []string{named}, callback + "?"},
		"D11 scope by comma and blank":   {"POST", authorizePath, loginForm("CK1", "scope", "openid, api"), []string{named}, callback + "?"},
		"C05 callback with a query":      {"POST", authorizePath, loginForm("CK1", "redirect_uri", callback+"?tenant=7"), []string{named}, callback + "?tenant=7&"},
		"custom scheme":                  {"POST", authorizePath, loginForm("CK1", "redirect_uri", "com.example.app:/cb"), []string{named}, "com.example.app:/cb?"},
		"D4 parameters in the query":     {"POST", authorizePath + "?" + withoutPerson("CK1"), "", []string{named, basicOf("ann:pw")}, callback + "?"},
		"D4 person in the body, rest in the query": {
			"POST", authorizePath + "?" + withoutPerson("CK1"), form("username", "ann", "password", password), []string{named}, callback + "?",
		},
		"D7 GET with Basic":                 {"GET", authorizePath + "?" + withoutPerson("CK1"), "", []string{named, basicOf("ann:pw")}, callback + "?"},
		"GET with a JSON content type":      {"GET", authorizePath + "?" + withoutPerson("CK1"), "", []string{named, basicOf("ann:pw"), "Content-Type: application/json"}, callback + "?"},
		"Bearer beside the body is ignored": {"POST", authorizePath, loginForm("CK1"), []string{named, "Authorization: Bearer x"}, callback + "?"},
		"A29 cookie is ignored":             {"POST", authorizePath, loginForm("CK1"), []string{named, "Cookie: sid=1"}, callback + "?"},
		"PostOnly, body":                    {"POST", authorizePath, loginForm("CK2"), []string{named}, echoURL + "?"},
		"app's own secret, right":           {"POST", authorizePath, loginForm("CK1", "client_secret", "CS1"), []string{named}, callback + "?"},
		"charset":                           {"POST", authorizePath, loginForm("CK1"), []string{named, "Content-Type: application/x-www-form-urlencoded; charset=utf-8"}, callback + "?"},
		"uvid_hint of a named user":         {"POST", authorizePath, loginForm("CK1", "uvid_hint", "11111111-1111-4111-8111-111111111111"), []string{named}, callback + "?"},
		"behind the prefix":                 {"POST", prefix + authorizePath, loginForm("CK1"), []string{named}, callback + "?"},
		"nonce":                             {"POST", authorizePath, loginForm("CK1", "nonce", "n-1"), []string{named}, callback + "?"},
	} {
		t.Run(name, func(t *testing.T) {
			r := s.send(t, row.method, row.target, row.body, row.headers...)
			if r.status != http.StatusFound {
				t.Fatalf("%d %s (%s)", r.status, r.body, s.rule())
			}
			if loc := r.header.Get("Location"); !strings.HasPrefix(loc, row.location+"code=csc1_") {
				t.Errorf("Location %q", loc)
			}
			community := base
			if strings.HasPrefix(row.target, prefix) {
				community += prefix
			}
			q := r.params(t)
			if q.Get("sfdc_community_url") != community || q.Get("sfdc_community_id") != siteID || q.Has("state") {
				t.Errorf("query %v", q)
			}
			if c := q.Get("code"); strings.ContainsAny(c, "+%&= ") || c != url.QueryEscape(c) {
				t.Errorf("a client that does not encode sends this code back changed: %q", c)
			}
			if r.header.Get("Cache-Control") != "no-store" || r.header.Get("Referrer-Policy") != "no-referrer" || r.header.Get("Set-Cookie") != "" {
				t.Errorf("headers %v", r.header)
			}
		})
	}
}

func TestC33StateComesBackAsItWas(t *testing.T) {
	s := newSite(t, base)
	for _, state := range []string{"s1", "a b+c&d=e%20/ü", strings.Repeat("x", 1024)} {
		r := s.send(t, "POST", authorizePath, loginForm("CK1", "state", state), named)
		if got := r.params(t).Get("state"); got != state {
			t.Errorf("state %q came back as %q", state, got)
		}
	}
}

// TestAuthorizeRefusals: each row spoils one thing of a valid login and expects
// one rule and one pair of words, in JSON, without a redirect.
func TestAuthorizeRefusals(t *testing.T) {
	s := newSite(t, base)
	honest := []string{named}
	const flowOff = "The external client app or the OAuth plugin is disabled."
	for name, row := range map[string]struct {
		method, target, body string
		headers              []string
		rule                 string
		status               int
		code, text           string // text: empty accepts any
	}{
		"A04 wrong password":        {"POST", authorizePath, loginForm("CK1", "password", "no"), honest, "login.failed", 400, "invalid_grant", "authentication failure"},
		"A04 unknown person":        {"POST", authorizePath, loginForm("CK1", "username", "nobody"), honest, "login.failed", 400, "invalid_grant", "authentication failure"},
		"A04 empty password":        {"POST", authorizePath, loginForm("CK1", "password", ""), honest, "login.failed", 400, "invalid_grant", "authentication failure"},
		"wrong password by Basic":   {"POST", authorizePath, withoutPerson("CK1"), []string{named, basicOf("ann:no")}, "login.failed", 400, "invalid_grant", "authentication failure"},
		"unknown client":            {"POST", authorizePath, loginForm("CK0"), honest, "client.unknown", 400, "invalid_client_id", "client identifier invalid"},
		"no client":                 {"POST", authorizePath, loginForm(""), honest, "client.id-missing", 400, "invalid_client_id", "client identifier invalid"},
		"app's own secret, wrong":   {"POST", authorizePath, loginForm("CK1", "client_secret", "no"), honest, "client.wrong-secret", 400, "invalid_client", "invalid client credentials"},
		"callback not registered":   {"POST", authorizePath, loginForm("CK1", "redirect_uri", "https://evil.example/cb"), honest, "redirect.unregistered", 400, "redirect_uri_mismatch", "redirect_uri must match configuration"},
		"C05 query added":           {"POST", authorizePath, loginForm("CK1", "redirect_uri", callback+"?x=1"), honest, "redirect.unregistered", 400, "redirect_uri_mismatch", ""},
		"callback missing":          {"POST", authorizePath, loginForm("CK1", "redirect_uri", ""), honest, "redirect.missing", 400, "redirect_uri_missing", ""},
		"scope not assigned":        {"POST", authorizePath, loginForm("CK1", "scope", "api full"), honest, "scope.beyond-app", 400, "invalid_scope", ""},
		"scope syntax":              {"POST", authorizePath, loginForm("CK1", "scope", "api \"x"), honest, "scope.syntax", 400, "invalid_scope", ""},
		"unknown type":              {"POST", authorizePath, loginForm("CK1"), []string{"Auth-Request-Type: Guest-User"}, "salesforce.auth-request-type", 400, "invalid_request", "invalid headers"},
		"type in another case":      {"POST", authorizePath, loginForm("CK1"), []string{"Auth-Request-Type: named-user"}, "salesforce.auth-request-type", 400, "invalid_request", "invalid headers"},
		"type missing":              {"POST", authorizePath, loginForm("CK1"), nil, "salesforce.auth-request-type", 400, "invalid_request", "invalid headers"},
		"type twice":                {"POST", authorizePath, loginForm("CK1"), []string{named, named}, "salesforce.auth-request-type", 400, "invalid_request", "invalid headers"},
		"registration":              {"POST", authorizePath, loginForm("CK1"), []string{"Auth-Request-Type: user-registration"}, "salesforce.registration-not-served", 400, "invalid_request", ""},
		"passwordless":              {"POST", authorizePath, loginForm("CK1"), []string{"Auth-Request-Type: passwordless-login"}, "salesforce.passwordless-not-served", 400, "invalid_request", ""},
		"guest":                     {"POST", authorizePath, loginForm("CK1"), []string{"Auth-Request-Type: guest"}, "salesforce.guest-not-served", 400, "invalid_request", "guest flow not enabled"},
		"user discovery":            {"POST", authorizePath, loginForm("CK1", "username", "", "login_hint", "order-7"), honest, "salesforce.login-hint-not-served", 400, "invalid_request", ""},
		"app blocked":               {"POST", authorizePath, loginForm("BLOCKED"), honest, "client.disabled", 400, "oauth_flow_disabled", flowOff},
		"flow off":                  {"POST", authorizePath, loginForm("OFF"), honest, "headless.flow-off", 400, "oauth_flow_disabled", flowOff},
		"flow off before all else":  {"POST", authorizePath, withoutPerson("OFF", "redirect_uri", "x:y"), []string{named, "Authorization: Basic !"}, "headless.flow-off", 400, "oauth_flow_disabled", flowOff},
		"A01 third-party app":       {"POST", authorizePath, loginForm("THIRD"), honest, "headless.third-party", 400, "unauthorized_client", ""},
		"A01 before the password":   {"POST", authorizePath, loginForm("THIRD", "password", "no"), honest, "headless.third-party", 400, "unauthorized_client", ""},
		"not admin approved":        {"POST", authorizePath, loginForm("GROUP"), honest, "policy.not-assigned", 400, "invalid_app_access", "user is not admin approved to access this app"},
		"address":                   {"POST", authorizePath, loginForm("FENCE"), honest, "policy.address", 400, "invalid_grant", "ip restricted"},
		"assurance":                 {"POST", authorizePath, loginForm("STRONG"), honest, "policy.assurance", 400, "invalid_session_level", ""},
		"B10 challenge missing":     {"POST", authorizePath, loginForm("CK2", "code_challenge", ""), honest, "pkce.challenge-missing", 400, "invalid_request", "missing required code challenge"},
		"B11 plain":                 {"POST", authorizePath, loginForm("CK2", "code_challenge_method", "plain"), honest, "pkce.method", 400, "invalid_request", ""},
		"challenge of 44":           {"POST", authorizePath, loginForm("CK2", "code_challenge", challenge+"A"), honest, "pkce.challenge-syntax", 400, "invalid_request", ""},
		"PostOnly, Basic":           {"POST", authorizePath, withoutPerson("CK2"), []string{named, basicOf("ann:pw")}, "headless.credentials-not-in-body", 400, "invalid_request", ""},
		"PostOnly, GET":             {"GET", authorizePath + "?" + withoutPerson("CK2"), "", []string{named, basicOf("ann:pw")}, "headless.credentials-not-in-body", 400, "invalid_request", ""},
		"A22 POST, all in the URL":  {"POST", authorizePath + "?" + loginForm("CK1"), "", honest, "headless.credentials-in-url", 400, "invalid_request", ""},
		"A22 POST, password in URL": {"POST", authorizePath + "?password=pw", loginForm("CK1", "password", ""), honest, "headless.credentials-in-url", 400, "invalid_request", ""},
		"A22 name in the URL":       {"POST", authorizePath + "?username=ann", loginForm("CK1", "username", ""), honest, "headless.credentials-in-url", 400, "invalid_request", ""},
		"A22 GET":                   {"GET", authorizePath + "?" + loginForm("CK1"), "", honest, "headless.credentials-in-url", 400, "invalid_request", ""},
		"A22 URL beside Basic":      {"POST", authorizePath + "?password=pw", withoutPerson("CK1"), []string{named, basicOf("ann:pw")}, "headless.credentials-in-url", 400, "invalid_request", ""},
		"D05 app's secret in URL":   {"POST", authorizePath + "?client_secret=CS1", loginForm("CK1"), honest, "salesforce.secret-in-url", 400, "invalid_request", ""},
		"A17 no credentials":        {"POST", authorizePath, withoutPerson("CK1"), honest, "headless.credentials-missing", 400, "invalid_request", ""},
		"A17 GET, no credentials":   {"GET", authorizePath + "?" + withoutPerson("CK1"), "", honest, "headless.credentials-missing", 400, "invalid_request", ""},
		"Basic and body":            {"POST", authorizePath, loginForm("CK1"), []string{named, basicOf("ann:pw")}, "salesforce.credentials-repeated", 400, "invalid_request", ""},
		"Basic unreadable":          {"POST", authorizePath, withoutPerson("CK1"), []string{named, "Authorization: Basic !"}, "salesforce.basic-syntax", 400, "invalid_basic_auth_header", ""},
		"Basic without colon":       {"POST", authorizePath, withoutPerson("CK1"), []string{named, basicOf("ann")}, "salesforce.basic-syntax", 400, "invalid_basic_auth_header", ""},
		"Authorization twice":       {"POST", authorizePath, withoutPerson("CK1"), []string{named, basicOf("ann:pw"), basicOf("eve:pw")}, "http.authorization-repeated", 400, "invalid_request", ""},
		"C14 repeated in the body":  {"POST", authorizePath, loginForm("CK1") + "&client_id=CK1", honest, "request.parameter-repeated", 400, "invalid_request", ""},
		"C14 in body and query":     {"POST", authorizePath + "?state=1", loginForm("CK1", "state", "1"), honest, "request.parameter-repeated", 400, "invalid_request", ""},
		"A21 token":                 {"POST", authorizePath, loginForm("CK1", "response_type", "token"), honest, "salesforce.response-type", 400, "unsupported_response_type", ""},
		"A21 two values":            {"POST", authorizePath, loginForm("CK1", "response_type", "code_credentials token"), honest, "salesforce.response-type", 400, "unsupported_response_type", ""},
		"A21 missing":               {"POST", authorizePath, loginForm("CK1", "response_type", ""), honest, "salesforce.response-type-missing", 400, "invalid_request", ""},
		"4.5 browser flow":          {"GET", authorizePath + "?response_type=code&client_id=CK1", "", nil, "salesforce.response-type", 400, "unsupported_response_type", ""},
		"4.5 nothing at all":        {"GET", authorizePath, "", nil, "salesforce.response-type-missing", 400, "invalid_request", ""},
		"nonce too long":            {"POST", authorizePath, loginForm("CK1", "nonce", strings.Repeat("n", 513)), honest, "nonce.too-long", 400, "invalid_request", ""},
		"raw percent in the body":   {"POST", authorizePath, "password=100%zz", honest, "request.parameter-syntax", 400, "invalid_request", ""},
		"JSON body":                 {"POST", authorizePath, `{"username":"ann"}`, []string{named, "Content-Type: application/json"}, "http.media-type", 415, "invalid_request", ""},
		"A35 password of 1 MiB":     {"POST", authorizePath, loginForm("CK1", "password", strings.Repeat("x", 1<<20)), honest, "http.body-too-large", 413, "invalid_request", ""},
		"A35 password of 2 KiB":     {"POST", authorizePath, loginForm("CK1", "password", strings.Repeat("x", 2<<10)), honest, "login.password-too-long", 400, "invalid_request", ""},
		"PUT":                       {"PUT", authorizePath, loginForm("CK1"), honest, "http.method", 405, "invalid_request", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := s.send(t, row.method, row.target, row.body, row.headers...)
			if s.rule() != row.rule {
				t.Errorf("rule %s, want %s", s.rule(), row.rule)
			}
			if r.status != row.status || r.text(t, "error") != row.code || row.text != "" && r.text(t, "error_description") != row.text {
				t.Errorf("%d %s", r.status, r.body)
			}
			if r.text(t, "error_description") == "" || !strings.HasPrefix(r.text(t, "error_uri"), base+"/oauth2/errors/") {
				t.Errorf("an error says what and why: %s", r.body)
			}
			if r.header.Get("Location") != "" || r.header.Get("Content-Type") != "application/json" || r.header.Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", r.header)
			}
		})
	}
}

func TestA04TheSameAnswerForEverybody(t *testing.T) {
	s := newSite(t, base)
	must(t, s.DB.SetState(ctx, userID, "disabled", s.Event(audit.UserDisabled)))
	disabled := s.send(t, "POST", authorizePath, loginForm("CK1"), named)
	unknown := s.send(t, "POST", authorizePath, loginForm("CK1", "username", "nobody"), named)
	disabled.header.Del("X-Request-Id")
	unknown.header.Del("X-Request-Id")
	if disabled.body != unknown.body || disabled.status != unknown.status || len(disabled.header) != len(unknown.header) {
		t.Errorf("disabled: %+v\nunknown: %+v", disabled, unknown)
	}
}

func TestA08ThrottledLoginsSayWhenToComeBack(t *testing.T) {
	s := newSite(t, base)
	for range 10 {
		r := s.send(t, "POST", authorizePath, loginForm("CK1", "password", "no"), named)
		if r.status == http.StatusTooManyRequests {
			if r.text(t, "error") != "rate_limit_exceeded" || r.header.Get("Retry-After") == "" {
				t.Errorf("%v %s", r.header, r.body)
			}
			return
		}
	}
	t.Error("ten wrong passwords and no end")
}

func TestJ07NothingSecretIsLogged(t *testing.T) {
	s := newSite(t, base)
	r := s.tokens(t, "CK2")
	refresh, access := r.text(t, "refresh_token"), r.text(t, "access_token")
	s.send(t, "POST", authorizePath, loginForm("CK1", "password", "s3cret-typo"), named)
	s.send(t, "GET", authorizePath+"?"+loginForm("CK1", "password", "s3cret-typo"), "", named)
	s.send(t, "POST", "/services/oauth2/token?device_id=d-1", form("grant_type", "hybrid_refresh", "client_id", "CK2", "refresh_token", refresh))
	s.send(t, "GET", "/services/oauth2/echo?code=csc1_secretcode", "", basicOf("ann:s3cret-typo"))
	s.send(t, "GET", "/services/oauth2/revoke?token="+url.QueryEscape(access), "")
	for _, secret := range []string{refresh[:20], access[:30], "s3cret-typo", "csc1_", verifier[:20], "d-1", "CS1"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	if !strings.Contains(s.log.String(), `"app":"CK2"`) || !strings.Contains(s.log.String(), `"route":"/services/oauth2/token"`) {
		t.Errorf("the log says too little:\n%s", s.log)
	}
}
