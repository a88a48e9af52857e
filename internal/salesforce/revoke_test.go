package salesforce_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"countersign/internal/audit"
)

const revokePath, introspectPath = "/services/oauth2/revoke", "/services/oauth2/introspect"

// TestD18Revocation: each row is one way to end a token, or to fail to.
func TestD18Revocation(t *testing.T) {
	s := newSite(t, base)
	tokens := func(app string) (access, refresh string) {
		r := s.tokens(t, app)
		return r.text(t, "access_token"), r.text(t, "refresh_token")
	}
	access1, _ := tokens("CK1")
	access2, refresh2 := tokens("CK2")
	access3, refresh3 := tokens("CK2")
	access4, _ := tokens("CK1")
	access5, _ := tokens("CK1")
	alive := func(access string) bool {
		return s.send(t, "GET", userinfoPath, "", "Authorization: Bearer "+access).status == http.StatusOK
	}
	const unknown = "error=invalid_token&"
	for _, row := range []struct {
		name, method, target, body string
		headers                    []string
		status                     int
		answer                     string // a beginning
		dead, lives                []string
	}{
		{"access token by form", "POST", revokePath, "token=" + access1, nil, 200, "", []string{access1}, nil},
		{"the same again", "POST", revokePath, "token=" + access1, nil, 400, unknown, nil, nil},
		{"refresh token by form takes its access tokens", "POST", revokePath, "token=" + refresh2 + "&revoke_reason=user_logout", nil, 200, "", []string{access2}, []string{access3}},
		{"GET", "GET", revokePath + "?token=" + access3, "", nil, 200, "", []string{access3}, nil},
		{"JSONP, after its access token alone", "GET", revokePath + "?callback=fn&token=" + refresh3, "", nil, 200, "fn({})", nil, nil},
		{"JSONP, unknown", "GET", revokePath + "?callback=fn&token=x", "", nil, 200, `fn({"error":"invalid_token"})`, nil, nil},
		{"JSONP, name", "GET", revokePath + "?callback=a%28b&token=x", "", nil, 400, "error=invalid_request&", nil, nil},
		{"E11 app's own credentials, wrong", "POST", revokePath, "token=" + access4 + "&client_id=CK1&client_secret=no", nil, 400, "error=invalid_client&error_description=invalid%20client%20credentials&", nil, []string{access4}},
		{"E11 another app's credentials", "POST", revokePath, "token=" + access4, []string{basicOf("JWT:CS1")}, 400, unknown, nil, []string{access4}},
		{"app's own credentials, right", "POST", revokePath, "token=" + access4, []string{basicOf("CK1:CS1")}, 200, "", []string{access4}, []string{access5}},
		{"app's secret in the URL", "POST", revokePath + "?client_secret=CS1", "client_id=CK1&token=" + access5, nil, 400, "error=invalid_request&", nil, []string{access5}},
		{"token twice", "POST", revokePath + "?token=" + access5, "token=" + access5, nil, 400, "error=invalid_request&", nil, []string{access5}},
		{"no token", "POST", revokePath, "revoke_reason=timeout", nil, 400, "error=invalid_request&", nil, nil},
		{"unknown token", "POST", revokePath, "token=x", nil, 400, unknown, nil, nil},
		{"a code", "POST", revokePath, "token=" + s.code(t, "CK1"), nil, 400, "error=unsupported_token_type&", nil, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := s.send(t, row.method, row.target, row.body, row.headers...)
			if r.status != row.status || !strings.HasPrefix(r.body, row.answer) || row.answer == "" && r.body != "" {
				t.Errorf("%d %s (%s)", r.status, r.body, s.rule())
			}
			for _, a := range row.dead {
				if alive(a) {
					t.Error("the token lives")
				}
			}
			for _, a := range row.lives {
				if !alive(a) {
					t.Error("another token is dead")
				}
			}
		})
	}
}

func TestRevokeErrorsReadAsJsforceReadsThem(t *testing.T) {
	s := newSite(t, base)
	r := s.send(t, "POST", revokePath, "token=x")
	v, err := url.ParseQuery(r.body)
	if err != nil || v.Get("error") != "invalid_token" || v.Get("error_description") == "" || r.header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("%v %s", r.header, r.body)
	}
	if !strings.HasSuffix(v.Get("error_uri"), "/salesforce.token-unknown") {
		t.Errorf("error_uri %s", v.Get("error_uri"))
	}
	s.send(t, "POST", revokePath, "token="+s.code(t, "CK1"))
	if s.rule() != "salesforce.token-not-revocable" {
		t.Errorf("rule %s", s.rule())
	}
}

func TestJSONPIsAScript(t *testing.T) {
	s := newSite(t, base)
	r := s.send(t, "GET", revokePath+"?callback=fn&token=x", "")
	if !strings.HasPrefix(r.header.Get("Content-Type"), "text/javascript") || r.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v", r.header)
	}
	if r := s.send(t, "POST", revokePath+"?callback=fn", "token=x"); r.body[:5] != "error" {
		t.Errorf("POST: %s", r.body)
	}
	s.send(t, "GET", revokePath+"?callback=1&token=x", "")
	if s.rule() != "salesforce.jsonp-callback" {
		t.Errorf("rule %s", s.rule())
	}
}

func TestE12ARevocationThatIsNotStoredIsNoSuccess(t *testing.T) {
	s := newSite(t, base)
	access := s.tokens(t, "CK1").text(t, "access_token")
	must(t, s.DB.Close())
	if r := s.send(t, "POST", revokePath, "token="+access); r.status < 500 || !strings.HasPrefix(r.body, "error=") {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := s.send(t, "GET", revokePath+"?callback=fn&token="+access, ""); r.status < 500 {
		t.Errorf("JSONP: %d %s", r.status, r.body)
	}
}

func TestRevokeReasonsAreKnownWords(t *testing.T) {
	s := newSite(t, base)
	for sent, want := range map[string]string{
		"user_logout": "user_logout", "corrupt_state_msdk": "corrupt_state_msdk", "corrupt_state_app_my_word": "corrupt_state_app",
		"refresh_token_rotated": "refresh_token_rotated", "<script>": "", "": "",
	} {
		before := len(s.Events(audit.GrantRevoked))
		s.send(t, "POST", revokePath, form("token", s.tokens(t, "CK1").text(t, "access_token"), "revoke_reason", sent))
		events := s.Events(audit.GrantRevoked)
		if len(events) != before+1 || events[before].Detail["reason"] != want {
			t.Errorf("%q: %v", sent, events[before:])
		}
	}
}

func TestD19Introspection(t *testing.T) {
	s := newSite(t, base)
	r := s.tokens(t, "BASIC")
	access, refresh := r.text(t, "access_token"), r.text(t, "refresh_token")
	ask := func(body string, headers ...string) reply { return s.send(t, "POST", introspectPath, body, headers...) }
	got := ask("token=" + access + "&token_type_hint=access_token&client_id=BASIC&client_secret=CS1").json(t)
	for name, want := range map[string]any{
		"active": true, "scope": "openid profile api offline_access", "client_id": "BASIC", "username": "ann",
		"sub": base + identityPath, "token_type": "access_token",
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	for _, name := range []string{"exp", "iat", "nbf"} {
		if n, ok := got[name].(float64); !ok || n < 1.7e9 {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	if got := ask("token="+refresh, basicOf("BASIC:CS1")).json(t); got["token_type"] != "refresh_token" || got["active"] != true {
		t.Errorf("refresh token: %v", got)
	}
	for name, r := range map[string]reply{
		"another app":   ask("token=" + access + "&client_id=CK1&client_secret=CS1"),
		"unknown token": ask("token=x&client_id=CK1&client_secret=CS1"),
	} {
		if r.status != http.StatusOK || r.body != `{"active":false}` {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	for name, row := range map[string]struct{ target, body, rule, code string }{
		"public app":       {"", "token=" + access + "&client_id=CK2", "introspect.unproven", "invalid_client"},
		"wrong secret":     {"", "token=" + access + "&client_id=BASIC&client_secret=no", "client.wrong-secret", "invalid_client"},
		"no token":         {"", "client_id=BASIC&client_secret=CS1", "introspect.token-missing", "invalid_request"},
		"all in the query": {"?token=" + access + "&client_id=BASIC&client_secret=CS1", "", "client.id-missing", "invalid_client_id"},
	} {
		if r := s.send(t, "POST", introspectPath+row.target, row.body); s.rule() != row.rule || r.status != http.StatusBadRequest || r.text(t, "error") != row.code {
			t.Errorf("%s: %s %d %s", name, s.rule(), r.status, r.body)
		}
	}
}
