package salesforce_test

import (
	"net/http"
	"strings"
	"testing"

	"countersign/internal/salesforce"
)

// TestA29OnlyPagesOfTheAppMayCall: who may read the answer to a login, and who
// is told so before any credential is looked at.
func TestA29OnlyPagesOfTheAppMayCall(t *testing.T) {
	s := newSite(t, base)
	for name, row := range map[string]struct {
		origin   string
		status   int
		readable bool
	}{
		"registered":              {origin, 302, true},
		"of another app":          {"https://other.example.test", 403, false},
		"of nobody":               {"https://evil.example", 403, false},
		"null":                    {"null", 403, false},
		"another case":            {"https://SPA.example.test", 403, false},
		"another port":            {origin + ":8443", 403, false},
		"a beginning":             {"https://spa.example.test.evil.example", 403, false},
		"our own, nothing to ask": {base, 302, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := s.send(t, "POST", authorizePath, loginForm("CK2", "password", password), named, "Origin: "+row.origin)
			if r.status != row.status {
				t.Errorf("%d %s", r.status, r.body)
			}
			if got := r.header.Get("Access-Control-Allow-Origin"); (got == row.origin) != row.readable || got != "" && !row.readable {
				t.Errorf("Access-Control-Allow-Origin: %q", got)
			}
			if r.header.Get("Access-Control-Allow-Credentials") != "" || !strings.Contains(r.header.Get("Vary"), "Origin") {
				t.Errorf("%v", r.header)
			}
			if row.status == http.StatusForbidden && (s.rule() != salesforce.ErrOrigin.Rule || !strings.Contains(r.text(t, "error_description"), "CORS origins")) {
				t.Errorf("%s %s", s.rule(), r.body)
			}
		})
	}
	// a wrong password from a strange page counts against nobody
	for range 20 {
		s.send(t, "POST", authorizePath, loginForm("CK2", "password", "no"), named, "Origin: https://evil.example")
	}
	if r := s.send(t, "POST", authorizePath, loginForm("CK2"), named); r.status != http.StatusFound {
		t.Errorf("%d %s", r.status, r.body)
	}
	// null is no origin, even where somebody wrote it down as one
	if r := s.send(t, "POST", authorizePath, loginForm("OTHERSPA", "redirect_uri", echoURL), named, "Origin: null"); r.status != http.StatusForbidden {
		t.Errorf("null: %d", r.status)
	}
	if r := s.send(t, "POST", authorizePath, loginForm("CK1"), named, "Origin: "+origin); r.status != http.StatusForbidden {
		t.Errorf("a page of one app calls for another: %d", r.status)
	}
}

func TestA29Preflight(t *testing.T) {
	s := newSite(t, base)
	ask := func(target, from string) reply {
		return s.send(t, "OPTIONS", target, "", "Origin: "+from, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: auth-request-type")
	}
	for _, target := range []string{authorizePath, tokenPath, revokePath, introspectPath, userinfoPath, "/services/oauth2/echo", "/services/oauth2/pkce/generator"} {
		r := ask(target, origin)
		allowed := r.header.Get("Access-Control-Allow-Headers")
		for _, h := range []string{"Authorization", "Content-Type", "Auth-Request-Type", "Auth-Verification-Type", "Uvid-Hint"} {
			if !strings.Contains(allowed, h) {
				t.Errorf("%s: %s may not be sent: %q", target, h, allowed)
			}
		}
		if r.status != http.StatusNoContent || r.header.Get("Access-Control-Allow-Origin") != origin {
			t.Errorf("%s: %d %v", target, r.status, r.header)
		}
		if r := ask(target, "https://evil.example"); r.header.Get("Access-Control-Allow-Origin") != "" || r.header.Get("Access-Control-Allow-Headers") != "" {
			t.Errorf("%s: a stranger is allowed: %v", target, r.header)
		}
	}
	for _, target := range []string{identityPath, "/services/data/v51.0/sobjects/User/" + userID} {
		if r := ask(target, origin); r.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s is for no page: %v", target, r.header)
		}
	}
}

// A single-page app, from the first call to the last, with the headers a browser
// sends.
func TestBrowserAppFromLoginToUserinfo(t *testing.T) {
	s := newSite(t, base)
	from := "Origin: " + origin
	r := s.send(t, "POST", authorizePath, "code_challenge_method=S256&code_challenge="+challenge+
		"&response_type=code_credentials&client_id=CK2&redirect_uri="+echoURL+"&username=ann&password=pw", named, from)
	next := strings.TrimPrefix(r.header.Get("Location"), base)
	r = s.send(t, "GET", next, "", named, from) // the fetch goes on to echo by itself
	if r.header.Get("Access-Control-Allow-Origin") != origin {
		t.Fatalf("echo: %d %v %s", r.status, r.header, r.body)
	}
	r = s.send(t, "POST", tokenPath, tokenForm("CK2", r.text(t, "code")), from)
	if r.status != http.StatusOK || r.header.Get("Access-Control-Allow-Origin") != origin {
		t.Fatalf("token: %d %v %s", r.status, r.header, r.body)
	}
	access := "Authorization: Bearer " + r.text(t, "access_token")
	if u := s.send(t, "GET", userinfoPath, "", access, from); u.status != http.StatusOK || u.header.Get("Access-Control-Allow-Origin") != origin {
		t.Errorf("userinfo: %d %v", u.status, u.header)
	}
	for _, row := range []struct{ method, target, body string }{
		{"POST", tokenPath, tokenForm("CK2", "x")},
		{"GET", userinfoPath, ""},
		{"GET", "/services/oauth2/echo?code=c", ""},
		{"GET", "/services/oauth2/pkce/generator", ""},
		{"POST", revokePath, "token=x"},
		{"POST", introspectPath, "token=x&client_id=CK1&client_secret=CS1"},
	} {
		r := s.send(t, row.method, row.target, row.body, access, "Origin: https://evil.example")
		if r.status != http.StatusForbidden || s.rule() != "salesforce.origin" || r.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s from a strange page: %s %d %v %s", row.target, s.rule(), r.status, r.header, r.body)
		}
		if strings.Contains(r.body, "Bad_OAuth_Token") {
			t.Errorf("%s: %s", row.target, r.body)
		}
	}
}

func TestRoutesRefuseWhatCannotBeServed(t *testing.T) {
	for name, d := range map[string]salesforce.Deps{
		"issuer":            {Issuer: "ftp://x"},
		"issuer with query": {Issuer: base + "?x"},
		"base":              {Issuer: base, Base: "x"},
		"prefix":            {Issuer: base, Prefix: "portal"},
		"prefix with slash": {Issuer: base, Prefix: "/portal/"},
	} {
		if _, err := salesforce.Routes(d); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	routes, err := salesforce.Routes(salesforce.Deps{Issuer: base + "/tenant", Base: "https://site.example.test/shop/", Prefix: prefix})
	must(t, err)
	found := map[string]bool{}
	for _, r := range routes {
		found[r.Pattern] = true
	}
	for _, path := range []string{"", prefix, "/tenant", "/tenant" + prefix, "/shop", "/shop" + prefix} {
		if !found[path+userinfoPath] || !found[path+"/id/{org}/{user}"] {
			t.Errorf("nothing below %q", path)
		}
	}
}
