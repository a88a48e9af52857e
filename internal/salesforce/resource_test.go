package salesforce_test

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/account"
	"countersign/internal/audit"
)

const userinfoPath, identityPath = "/services/oauth2/userinfo", "/id/" + orgID + "/" + userID

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func (s *site) bearer(t *testing.T, app string) string {
	t.Helper()
	return "Authorization: Bearer " + s.tokens(t, app).text(t, "access_token")
}

func TestResourcesAnswerAsWrittenDown(t *testing.T) {
	s := newSite(t, base)
	all, little := s.bearer(t, "CK1"), s.bearer(t, "OPENID")
	for name, r := range map[string]reply{
		"userinfo.json":                s.send(t, "GET", userinfoPath, "", all),
		"userinfo-openid-only.json":    s.send(t, "GET", userinfoPath, "", little),
		"userinfo.xml":                 s.send(t, "GET", userinfoPath+"?format=xml", "", all),
		"userinfo.urlencoded":          s.send(t, "GET", userinfoPath+"?format=urlencoded", "", all),
		"identity.json":                s.send(t, "GET", identityPath, "", all),
		"identity-openid-only.json":    s.send(t, "GET", identityPath, "", little),
		"identity-version-51.json":     s.send(t, "GET", identityPath+"?version=51.0", "", all),
		"identity-latest.json":         s.send(t, "GET", identityPath+"?version=latest", "", all),
		"identity-pretty.json":         s.send(t, "GET", identityPath, "", all, "X-PrettyPrint: 1"),
		"identity.xml":                 s.send(t, "GET", identityPath, "", all, "Accept: application/xml"),
		"identity.js":                  s.send(t, "GET", identityPath+"?callback=lib.fn", "", all),
		"data-user.json":               s.send(t, "GET", "/services/data/v51.0/sobjects/User/"+userID, "", all),
		"discovery-behind-prefix.json": s.send(t, "GET", prefix+"/.well-known/openid-configuration", ""),
	} {
		if r.status != http.StatusOK {
			t.Errorf("%s: %d", name, r.status)
		}
		golden(t, name, r.body)
	}
}

// TestIdentityInEveryClothing: the same person, asked for in every way.
func TestIdentityInEveryClothing(t *testing.T) {
	s := newSite(t, base)
	access := s.tokens(t, "CK1").text(t, "access_token")
	handle := strings.ReplaceAll(strings.TrimPrefix(access, "00D000000000001!"), ".", "-")
	want := s.send(t, "GET", identityPath, "", "Authorization: Bearer "+access).body
	for name, r := range map[string]reply{
		"omniauth POST":                s.send(t, "POST", identityPath, "", "Authorization: Bearer "+access),
		"POST with a form type":        s.send(t, "POST", identityPath, "", "Authorization: Bearer "+access, "Content-Type: application/x-www-form-urlencoded"),
		"D17 oauth_token in the query": s.send(t, "GET", identityPath+"?oauth_token="+access, ""),
		"jsforce, one token twice":     s.send(t, "GET", identityPath+"?format=json&oauth_token="+access, "", "Authorization: Bearer "+access),
		"D17 oauth_token in the body":  s.send(t, "POST", identityPath, "oauth_token="+access),
		"a bare handle":                s.send(t, "GET", identityPath, "", "Authorization: Bearer "+handle),
		"15-character ids":             s.send(t, "GET", "/id/"+orgID[:15]+"/"+userID[:15], "", "Authorization: Bearer "+access),
		"JSON content type on GET":     s.send(t, "GET", identityPath, "", "Authorization: Bearer "+access, "Content-Type: application/json"),
		"browser's Accept for all":     s.send(t, "GET", identityPath, "", "Authorization: Bearer "+access, "Accept: */*"),
		"format over Accept":           s.send(t, "GET", identityPath+"?format=json", "", "Authorization: Bearer "+access, "Accept: application/xml"),
	} {
		if r.status != http.StatusOK || r.body != want {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if r := s.send(t, "GET", prefix+identityPath, "", "Authorization: Bearer "+access); r.status != http.StatusOK || r.text(t, "id") != base+identityPath {
		t.Errorf("behind the prefix: %d %s", r.status, r.body)
	}
}

// The CLI comes with api, web and refresh_token, without openid, and ends the
// login if it is not told who signed in.
func TestResourcesAskForNoParticularScope(t *testing.T) {
	s := newSite(t, base)
	good := s.bearer(t, "STAY")
	u := s.send(t, "GET", userinfoPath, "", good, "Content-Type: application/json")
	if u.status != http.StatusOK || u.text(t, "user_id") != userID || u.text(t, "organization_id") != orgID || u.text(t, "preferred_username") != "ann" {
		t.Fatalf("%d %s", u.status, u.body)
	}
	if r := s.send(t, "GET", "/services/data/v51.0/sobjects/User/"+u.text(t, "user_id"), "", good); r.text(t, "Username") != "ann" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// TestResourceRefusals: each row spoils one thing of an honest question.
func TestResourceRefusals(t *testing.T) {
	s := newSite(t, base)
	live := s.tokens(t, "CK1").text(t, "access_token")
	refresh := s.tokens(t, "CK2").text(t, "refresh_token")
	good := "Authorization: Bearer " + live
	const bad, challenged = "Bad_OAuth_Token", `Bearer error="invalid_token"`
	for name, row := range map[string]struct {
		target  string
		headers []string
		rule    string
		status  int
		body    string
		www     string
	}{
		"userinfo, garbage":           {userinfoPath, []string{"Authorization: Bearer x"}, "token.malformed", 403, bad, challenged},
		"userinfo, none":              {userinfoPath, nil, "token.missing", 403, "Missing_OAuth_Token", "Bearer"},
		"userinfo, Basic":             {userinfoPath, []string{"Authorization: Basic YW5uOnB3"}, "token.missing", 403, "Missing_OAuth_Token", "Bearer"},
		"userinfo, cookie":            {userinfoPath, []string{"Cookie: sid=" + live}, "token.missing", 403, "Missing_OAuth_Token", "Bearer"},
		"userinfo, changed":           {userinfoPath, []string{good[:len(good)-2] + "AA"}, "token.not-ours", 403, bad, challenged},
		"B05 refresh token":           {userinfoPath, []string{"Authorization: Bearer " + refresh}, "token.malformed", 403, bad, challenged},
		"J10 another org's mark":      {userinfoPath, []string{"Authorization: Bearer 00D000000000002" + live[15:]}, "token.malformed", 403, bad, challenged},
		"userinfo, two tokens":        {userinfoPath + "?oauth_token=" + live + "x", []string{good}, "salesforce.token-repeated", 403, bad, challenged},
		"userinfo, two headers":       {userinfoPath, []string{good, good}, "http.authorization-repeated", 400, "the request has more than one Authorization header field", ""},
		"userinfo, access_token":      {userinfoPath + "?access_token=" + live, nil, "token.missing", 403, "Missing_OAuth_Token", "Bearer"},
		"behind the prefix":           {prefix + userinfoPath, []string{"Authorization: Bearer x"}, "token.malformed", 403, bad, challenged},
		"identity, garbage":           {identityPath, []string{"Authorization: Bearer x"}, "token.malformed", 403, bad, challenged},
		"identity, none":              {identityPath, nil, "token.missing", 403, "Missing_OAuth_Token", "Bearer"},
		"identity, wrong org":         {"/id/00D000000000002EAA/" + userID, []string{good}, "identity.wrong-org", 403, "Wrong_Org", ""},
		"identity, no org":            {"/id/abc/" + userID, []string{good}, "identity.bad-id", 404, "Bad_Id", ""},
		"identity, checksum":          {"/id/" + orgID + "/005000000000001AAB", []string{good}, "identity.bad-id", 404, "Bad_Id", ""},
		"identity, somebody else":     {"/id/" + orgID + "/005000000000002AAA", []string{good}, "identity.not-yours", 404, "No_Access", ""},
		"identity, JSONP name":        {identityPath + "?callback=alert(1)", []string{good}, "salesforce.jsonp-callback", 400, "callback is not the name of a function: letters, digits, _ and $, joined by dots, at most 64 characters", ""},
		"data, garbage":               {"/services/data/v51.0/sobjects/User/" + userID, []string{"Authorization: Bearer x"}, "token.malformed", 401, `[{"errorCode":"INVALID_SESSION_ID","message":"the access token is not one of this server, or was changed"}]`, challenged},
		"data, none":                  {"/services/data/v51.0/sobjects/User/" + userID, nil, "token.missing", 401, `[{"errorCode":"INVALID_SESSION_ID","message":"the request carries no access token"}]`, "Bearer"},
		"data, somebody else":         {"/services/data/v51.0/sobjects/User/005000000000002AAA", []string{good}, "data.not-found", 404, `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`, ""},
		"data, no version":            {"/services/data/51.0/sobjects/User/" + userID, []string{good}, "data.not-found", 404, `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`, ""},
		"data, resources, garbage":    {"/services/data/v51.0", []string{"Authorization: Bearer x"}, "token.malformed", 401, `[{"errorCode":"INVALID_SESSION_ID","message":"the access token is not one of this server, or was changed"}]`, challenged},
		"data, resources, no version": {"/services/data/51.0", []string{good}, "data.not-found", 404, `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`, ""},
		"data, resources work":        {"/services/data/v51.0", []string{good}, "", 200, `{"identity":"` + base + identityPath + `"}`, ""},
		"data, query":                 {"/services/data/v51.0/query?q=SELECT%20Id%20FROM%20ScratchOrgInfo%20limit%201", []string{good}, "data.not-found", 404, `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`, ""},
		"data, versions":              {"/services/data", []string{good}, "data.not-found", 404, `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`, ""},
		"data, deep":                  {"/services/data/v51.0/a/b/c/d/e", nil, "data.not-found", 404, `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`, ""},
		"data, another version works": {"/services/data/v66.0/sobjects/User/" + userID[:15], []string{good}, "", 200, `{"Id":"005000000000001AAA","Username":"ann"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s.refused = nil
			r := s.send(t, "GET", row.target, "", row.headers...)
			if s.rule() != row.rule || r.status != row.status || r.body != row.body || r.header.Get("Www-Authenticate") != row.www {
				t.Errorf("%s %d %q %q", s.rule(), r.status, r.body, r.header.Get("Www-Authenticate"))
			}
			if r.header.Get("Cache-Control") != "no-store" {
				t.Errorf("J06: %v", r.header)
			}
		})
	}
}

func TestA37DeadTokensAtEveryResource(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *site){
		"disabled": func(t *testing.T, s *site) {
			must(t, s.DB.SetState(ctx, userID, account.Disabled, s.Event(audit.UserDisabled)))
		},
		"deleted": func(t *testing.T, s *site) { must(t, s.DB.DeleteAccount(ctx, userID, s.Event(audit.UserDeleted))) },
		"expired": func(_ *testing.T, s *site) { s.Clock.Forward(16 * time.Minute) },
		"app":     func(t *testing.T, s *site) { must(t, s.DB.DeleteClient(ctx, "CK1", s.Event(audit.AppDeleted))) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, base)
			good := s.bearer(t, "CK1")
			end(t, s)
			s.Clock.Forward(time.Second)
			for _, target := range []string{userinfoPath, identityPath} {
				if r := s.send(t, "GET", target, "", good); r.status != http.StatusForbidden || r.body != "Bad_OAuth_Token" {
					t.Errorf("%s: %d %q", target, r.status, r.body)
				}
			}
			if r := s.send(t, "GET", "/services/data/v51.0/sobjects/User/"+userID, "", good); r.status != http.StatusUnauthorized {
				t.Errorf("data: %d %q", r.status, r.body)
			}
		})
	}
}

func TestResourceFaultsAreNoBadTokens(t *testing.T) {
	s := newSite(t, base)
	good := s.bearer(t, "CK1")
	must(t, s.DB.Close())
	for _, target := range []string{userinfoPath, identityPath} {
		if r := s.send(t, "GET", target, "", good); r.status < 500 || r.body != "Internal Error" {
			t.Errorf("%s: %d %q", target, r.status, r.body)
		}
	}
	if r := s.send(t, "GET", "/services/data/v51.0/sobjects/User/"+userID, "", good); r.status < 500 || !strings.HasPrefix(r.body, `[{"errorCode":"`) {
		t.Errorf("data: %d %q", r.status, r.body)
	}
}

func TestKeysAndDiscovery(t *testing.T) {
	s := newSite(t, base)
	for _, target := range []string{"/id/keys", prefix + "/id/keys"} {
		r := s.send(t, "GET", target, "", "Origin: https://anybody.example")
		if r.body != string(s.Ring.Set()) || r.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(r.header.Get("Cache-Control"), "public") {
			t.Errorf("%s: %v %s", target, r.header, r.body)
		}
	}
	if r := s.send(t, "GET", "/.well-known/openid-configuration", ""); r.status != http.StatusNotFound {
		t.Errorf("without a prefix discovery is the standard dialect's: %d", r.status)
	}
	d := s.send(t, "GET", prefix+"/.well-known/openid-configuration", "").json(t)
	for name, value := range d { // D24: every endpoint that is named is there
		u, ok := value.(string)
		if !ok || name == "issuer" {
			continue
		}
		if r := s.send(t, "OPTIONS", strings.TrimPrefix(u, base), ""); r.status == http.StatusNotFound {
			t.Errorf("%s: %s is not served", name, u)
		}
	}
}

func TestPKCEGenerator(t *testing.T) {
	s := newSite(t, base)
	one, two := s.send(t, "GET", "/services/oauth2/pkce/generator", ""), s.send(t, "GET", "/services/oauth2/pkce/generator", "")
	v := one.text(t, "code_verifier")
	if len(v) != 171 || v == two.text(t, "code_verifier") || one.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", one.header, one.body)
	}
	code := s.code(t, "CK2", "code_challenge", one.text(t, "code_challenge"))
	if r := s.send(t, "POST", tokenPath, tokenForm("CK2", code, "code_verifier", v)); r.status != http.StatusOK {
		t.Errorf("the pair does not fit: %s", r.body)
	}
}

func TestEchoRepeatsFourParameters(t *testing.T) {
	s := newSite(t, base)
	for query, want := range map[string]string{
		"code=c&sfdc_community_url=https%3A%2F%2Fx&sfdc_community_id=0DB&state=s": `{"code":"c","sfdc_community_url":"https://x","sfdc_community_id":"0DB","state":"s"}`,
		"error=access_denied&code=c&x=y&callback=fn":                              `{"code":"c"}`,
		"code=%3Cscript%3E": `{"code":"\u003cscript\u003e"}`,
		"":                  `{}`,
	} {
		r := s.send(t, "GET", "/services/oauth2/echo?"+query, "", named, basicOf("ann:pw"), "Cookie: a=b")
		if r.status != http.StatusOK || r.body != want || r.header.Get("Content-Type") != "application/json" || r.header.Get("X-Content-Type-Options") != "nosniff" || r.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %v %s", query, r.status, r.header, r.body)
		}
	}
	if r := s.send(t, "GET", "/services/oauth2/echo?code=a&code=b", ""); r.text(t, "error") != "invalid_request" {
		t.Errorf("C14: %s", r.body)
	}
	if r := s.send(t, "POST", "/services/oauth2/echo", "code=a"); r.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", r.status)
	}
}
