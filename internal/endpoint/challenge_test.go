package endpoint_test

import (
	"net/http"
	"strings"
	"testing"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/authreq"
	"countersign/internal/client"
	"countersign/internal/endpoint"
	"countersign/internal/flow"
	"countersign/internal/headless"
	"countersign/internal/housetest"
	"countersign/internal/login"
	"countersign/internal/oauth"
	"countersign/internal/policy"
	"countersign/internal/web"
)

// TestChallenge: one valid request; each row spoils one thing and expects one
// rule and its spelling.
func TestChallenge(t *testing.T) {
	const bad, denied = http.StatusBadRequest, http.StatusForbidden
	none, shared := spoil(none), open(t)
	for name, row := range map[string]struct {
		spoil  []spoil
		app    func(*client.Client)
		status int
		word   string
		rule   *oauth.Error
	}{
		"valid":                   {status: 200},
		"state is ignored":        {spoil: []spoil{set("state", "x")}, status: 200},
		"parameters nobody knows": {spoil: []spoil{set("foo", "bar")}, status: 200},
		"the client's own id":     {spoil: []spoil{set("client_id", string(housetest.Shop))}, status: 200},
		"A29 a page of anybody": {
			spoil: []spoil{none, set("client_id", string(housetest.Mobile)), header("Origin", "https://evil.example")}, status: bad, word: "access_denied", rule: endpoint.ErrOrigin,
		},
		"A29 a page without a name": {
			spoil: []spoil{none, set("client_id", string(housetest.Mobile)), header("Origin", "null")}, status: bad, word: "access_denied", rule: endpoint.ErrOrigin,
		},
		"cookies are ignored A29":        {spoil: []spoil{header("Cookie", "session=x")}, status: 200},
		"two resources":                  {spoil: []spoil{add("resource", "https://a.example"), add("resource", "https://b.example")}, status: 200},
		"loose app, no response type":    {spoil: []spoil{drop("response_type")}, app: func(c *client.Client) { c.Settings.LooseOpening = true }, status: 200},
		"A01 third-party app":            {app: func(c *client.Client) { c.FirstParty = false }, status: bad, word: "unauthorized_client", rule: headless.ErrThirdParty},
		"A02 no authentication":          {spoil: []spoil{none, set("client_id", string(housetest.Shop))}, status: 401, word: "invalid_client", rule: headless.ErrCredentialsRequired},
		"A02 nor on a follow-up":         {spoil: []spoil{none, set("client_id", string(housetest.Shop)), set("auth_session", "x")}, status: 401, word: "invalid_client", rule: headless.ErrCredentialsRequired},
		"A03 another client_id":          {spoil: []spoil{set("client_id", string(housetest.Other))}, status: bad, word: "invalid_request", rule: endpoint.ErrOtherClientID},
		"A04 wrong password":             {spoil: []spoil{set("password", "x")}, status: denied, word: "insufficient_authorization", rule: login.ErrFailed},
		"A04 unknown person":             {spoil: []spoil{set("username", "nobody")}, status: denied, word: "insufficient_authorization", rule: login.ErrFailed},
		"A17 no credentials":             {spoil: []spoil{drop("username"), drop("password")}, status: denied, word: "insufficient_authorization", rule: headless.ErrNoCredentials},
		"A21 token":                      {spoil: []spoil{set("response_type", "token")}, status: bad, word: "unsupported_response_type", rule: endpoint.ErrResponseType},
		"A21 id_token":                   {spoil: []spoil{set("response_type", "id_token")}, status: bad, word: "unsupported_response_type", rule: endpoint.ErrResponseType},
		"A21 none":                       {spoil: []spoil{set("response_type", "none")}, status: bad, word: "unsupported_response_type", rule: endpoint.ErrResponseType},
		"A21 two values":                 {spoil: []spoil{set("response_type", "code token")}, status: bad, word: "unsupported_response_type", rule: endpoint.ErrResponseType},
		"A21 code_credentials":           {spoil: []spoil{set("response_type", "code_credentials")}, status: bad, word: "unsupported_response_type", rule: endpoint.ErrResponseType},
		"A21 missing":                    {spoil: []spoil{drop("response_type")}, status: bad, word: "invalid_request", rule: endpoint.ErrResponseTypeMissing},
		"A21 wrong from a loose app":     {spoil: []spoil{set("response_type", "token")}, app: func(c *client.Client) { c.Settings.LooseOpening = true }, status: bad, word: "unsupported_response_type", rule: endpoint.ErrResponseType},
		"A22 credentials in the URL":     {spoil: []spoil{drop("password"), query("password=hush-hush")}, status: bad, word: "invalid_request", rule: endpoint.ErrQuery},
		"A22 anything in the URL":        {spoil: []spoil{query("x=1")}, status: bad, word: "invalid_request", rule: endpoint.ErrQuery},
		"A22 GET":                        {spoil: []spoil{method(http.MethodGet)}, status: 405, word: "invalid_request", rule: web.ErrMethod},
		"A24 a session":                  {spoil: []spoil{set("auth_session", "x")}, status: bad, word: "invalid_session", rule: endpoint.ErrSession},
		"A35 a long password":            {spoil: []spoil{set("password", strings.Repeat("x", 2000))}, status: bad, word: "invalid_request", rule: login.ErrPasswordTooLong},
		"A35 1 MiB":                      {spoil: []spoil{set("password", strings.Repeat("x", 1<<20))}, status: 413, word: "invalid_request", rule: web.ErrTooLarge},
		"B10 no challenge":               {spoil: []spoil{drop("code_challenge"), drop("code_challenge_method")}, status: bad, word: "invalid_request", rule: authreq.ErrChallengeMissing},
		"B11 plain":                      {spoil: []spoil{set("code_challenge_method", "plain")}, status: bad, word: "invalid_request", rule: authreq.ErrChallengeMethod},
		"B11 no method means plain":      {spoil: []spoil{drop("code_challenge_method")}, status: bad, word: "invalid_request", rule: authreq.ErrChallengeMethod},
		"C14 twice":                      {spoil: []spoil{add("username", "bob")}, status: bad, word: "invalid_request", rule: oauth.ErrParamRepeated},
		"C29 a request object":           {spoil: []spoil{set("request", "eyJ")}, status: bad, word: "invalid_request", rule: endpoint.ErrRequestObject},
		"C31 a request_uri":              {spoil: []spoil{set("request_uri", "urn:x")}, status: bad, word: "invalid_request", rule: endpoint.ErrRequestObject},
		"C32 a scope with quotes":        {spoil: []spoil{set("scope", `a"b`)}, status: bad, word: "invalid_scope", rule: oauth.ErrScopeSyntax},
		"a scope beyond the app":         {spoil: []spoil{set("scope", "full")}, status: bad, word: "invalid_scope", rule: authreq.ErrScopeBeyond},
		"a redirect URI":                 {spoil: []spoil{set("redirect_uri", housetest.Redirect)}, status: bad, word: "invalid_request", rule: authreq.ErrRedirectUnexpected},
		"D01 wrong secret":               {spoil: []spoil{basic(housetest.Shop, "x")}, status: 401, word: "invalid_client", rule: client.ErrWrongSecret},
		"D01 unknown app":                {spoil: []spoil{basic("nobody", "x")}, status: 401, word: "invalid_client", rule: client.ErrUnknownClient},
		"D05 secret in the query":        {spoil: []spoil{none, set("client_id", string(housetest.Shop)), query("client_secret=css_x")}, status: bad, word: "invalid_request", rule: endpoint.ErrQuery},
		"not a form":                     {spoil: []spoil{header("Content-Type", "application/json")}, status: 415, word: "invalid_request", rule: web.ErrMediaType},
		"flow off":                       {app: func(c *client.Client) { delete(c.Settings.Flows, flow.CodeAndCredentials) }, status: bad, word: "unauthorized_client", rule: headless.ErrFlowOff},
		"app off":                        {app: func(c *client.Client) { c.Disabled = true }, status: bad, word: "unauthorized_client", rule: client.ErrClientDisabled},
		"person not assigned":            {app: func(c *client.Client) { c.Policy.PermittedUsers = client.AdminPreauthorized }, status: bad, word: "access_denied", rule: policy.ErrNotAssigned},
		"stronger authentication wanted": {app: func(c *client.Client) { c.Policy.Assurance = client.AssuranceHigh }, status: denied, word: "insufficient_authorization", rule: policy.ErrAssurance},
	} {
		t.Run(name, func(t *testing.T) {
			p := shared
			if row.app != nil { // a house of its own
				p = open(t)
				p.ChangeApp(housetest.Shop, row.app)
			}
			p.fresh(t)
			failed := len(p.Events(audit.LoginFailed))
			w := p.post("/oauth2/challenge", opening(), housetest.Shop, row.spoil...)
			p.expect(t, w, row.status, row.word, row.rule)
			if row.rule == nil {
				m := members(t, w)
				if names(m) != "authorization_code iss" || m["iss"] != housetest.Issuer || !strings.HasPrefix(m["authorization_code"].(string), "csc1_") {
					t.Error(m)
				}
			}
			if row.status == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") != `Basic realm="countersign", charset="UTF-8"` {
				t.Error(w.Header())
			}
			if strings.Contains(p.log.String(), "hush") || strings.Contains(p.log.String(), housetest.Password) {
				t.Error("a password in the log: ", p.log.String())
			}
			if looked := len(p.Events(audit.LoginFailed)) != failed; looked != (row.rule == login.ErrFailed) {
				t.Error("the credentials were looked at: ", looked)
			}
		})
	}
}

// TestNobodyCanTellA04: the bytes of the answer do not tell who exists.
func TestNobodyCanTellA04(t *testing.T) {
	p := open(t)
	answer := func(spoils ...spoil) string {
		w := p.post("/oauth2/challenge", opening(), housetest.Shop, spoils...)
		w.Header().Del("X-Request-Id")
		return w.Result().Status + w.Body.String() + strings.Join(w.Header().Values("Retry-After"), "")
	}
	wrong := answer(set("password", "x"))
	for name, got := range map[string]string{
		"unknown person": answer(set("username", "nobody")),
		"empty password": answer(drop("password")),
		"e-mail address": answer(set("username", "nobody@example.com")),
	} {
		if got != wrong {
			t.Errorf("%s: %s\nwrong password: %s", name, got, wrong)
		}
	}
	if err := p.DB.SetState(t.Context(), p.Person.ID, account.Disabled, p.Event(audit.UserDisabled)); err != nil {
		t.Fatal(err)
	}
	if got := answer(); got != wrong {
		t.Errorf("disabled: %s\nwrong password: %s", got, wrong)
	}
}

// TestGuessingIsSlowedA08: after the free failures 429 with Retry-After, for the
// right password, too.
func TestGuessingIsSlowedA08(t *testing.T) {
	p := open(t)
	for range 5 {
		p.expect(t, p.post("/oauth2/challenge", opening(), housetest.Mobile, set("password", "x")), http.StatusForbidden, "insufficient_authorization", login.ErrFailed)
	}
	p.post("/oauth2/challenge", opening(), housetest.Mobile, set("password", "x"))
	w := p.post("/oauth2/challenge", opening(), housetest.Mobile)
	p.expect(t, w, http.StatusTooManyRequests, "temporarily_unavailable", login.ErrThrottled)
	if w.Header().Get("Retry-After") == "" {
		t.Error("when to come back?")
	}
}
