package mobilesdk

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"judges/site"
)

func TestAndroid(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			s := site.TLS(t)
			androidLogin(t, s, s.App(t, "sdk"), newOkHTTP(t, http2))
		})
	}
}

func androidLogin(t *testing.T, s site.Site, app site.App, c okhttp) {
	person := s.Person(t)
	echo := s.URL + "/services/oauth2/echo"
	// request 1: the login; the answer is read behind the redirection
	r := c.call("POST", s.URL+"/services/oauth2/authorize",
		"response_type=code_credentials&client_id="+app.ID+"&redirect_uri="+echo+"&code_challenge="+challenge,
		named, credentials(person.Username, person.Password))
	if r.status != http.StatusOK {
		t.Fatalf("request 1: %d %s", r.status, r.body)
	}
	code, community := text(t, r, "code"), text(t, r, "sfdc_community_url")
	// request 2: the code as it came
	r = c.call("POST", community+"/services/oauth2/token",
		"code="+code+"&grant_type=hybrid_auth_code&client_id="+app.ID+"&redirect_uri="+echo+"&code_verifier="+verifier)
	tokens := endpointResponse(t, r)
	access := "Authorization: Bearer " + tokens["access_token"]
	// request 3: may this person use the app?
	r = c.call("GET", tokens["instance_url"]+"/services/oauth2/userinfo", "", access)
	if blocked, ok := r.json(t)["is_salesforce_integration_user"].(bool); !ok || blocked {
		t.Errorf("request 3: %d %s", r.status, r.body)
	}
	// request 4: the identity, on the instance's host
	id, err := url.Parse(tokens["id"])
	site.Must(t, err)
	instance, err := url.Parse(tokens["instance_url"])
	site.Must(t, err)
	id.Host = instance.Host
	r = c.call("GET", id.String(), "", access)
	identity(t, r, person)
	androidEnd(t, app, c, tokens, community)
}

// androidEnd refreshes, logs out, and learns that the login is over.
func androidEnd(t *testing.T, app site.App, c okhttp, tokens map[string]string, community string) {
	refresh := func(token string) reply { // this one is encoded
		return c.call("POST", community+"/services/oauth2/token?device_id=d-1",
			"grant_type=hybrid_refresh&client_id="+url.QueryEscape(app.ID)+"&refresh_token="+url.QueryEscape(token)+"&format=json")
	}
	next := endpointResponse(t, refresh(tokens["refresh_token"]))
	if next["refresh_token"] == "" {
		t.Fatalf("no successor: %v", next)
	}
	r := c.call("POST", community+"/services/oauth2/revoke", "token="+next["refresh_token"]+"&revoke_reason=user_logout")
	if r.status != http.StatusOK || r.body != "" {
		t.Errorf("revoke: %d %q", r.status, r.body)
	}
	// exactly this makes the SDK ask for another token; it holds within a second
	for end := time.Now().Add(3 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		r = c.call("GET", next["instance_url"]+"/services/oauth2/userinfo", "", "Authorization: Bearer "+next["access_token"])
		if r.status == http.StatusForbidden && r.body == "Bad_OAuth_Token" {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("after the logout: %d %q", r.status, r.body)
		}
	}
	// and this makes it log out
	if r = refresh(next["refresh_token"]); r.status != http.StatusBadRequest || text(t, r, "error") != "invalid_grant" {
		t.Errorf("refresh after the logout: %d %s", r.status, r.body)
	}
}

func TestAndroidWrongPassword(t *testing.T) {
	s := site.TLS(t)
	app := s.App(t, "sdk")
	r := newOkHTTP(t, true).call("POST", s.URL+"/services/oauth2/authorize",
		"response_type=code_credentials&client_id="+app.ID+"&redirect_uri="+s.URL+"/services/oauth2/echo&code_challenge="+challenge,
		named, credentials(s.Person(t).Username, "an0ther Passw0rd"))
	if r.status != http.StatusBadRequest || text(t, r, "error") != "invalid_grant" || text(t, r, "error_description") != "authentication failure" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// The iOS SDK sends no charset and no Accept, and its library drops the
// credentials from the request behind the redirection.
func TestIOS(t *testing.T) {
	s := site.TLS(t)
	app, person, c := s.App(t, "sdk"), s.Person(t), newURLSession(t, s)
	echo := s.URL + "/services/oauth2/echo"
	r := c.call("POST", "/services/oauth2/authorize",
		"response_type=code_credentials&client_id="+app.ID+"&redirect_uri="+echo+"&code_challenge="+challenge,
		named, credentials(person.Username, person.Password))
	to := r.header.Get("Location")
	if r.status != http.StatusFound || r.body != "" || !strings.HasPrefix(to, echo+"?code=") {
		t.Fatalf("request 1: %d %v %q", r.status, r.header, r.body)
	}
	r = c.call("GET", strings.TrimPrefix(to, s.URL), "", named)
	var answer struct { // all three are texts, or the login fails
		Code      string `json:"code"`
		Community string `json:"sfdc_community_url"`
		ID        string `json:"sfdc_community_id"`
	}
	site.Must(t, json.Unmarshal([]byte(r.body), &answer))
	if answer.Code == "" || answer.Community != s.URL || answer.ID == "" {
		t.Fatalf("echo: %s", r.body)
	}
	tokens := endpointResponse(t, c.call("POST", "/services/oauth2/token",
		"code="+answer.Code+"&grant_type=hybrid_auth_code&client_id="+app.ID+"&redirect_uri="+echo+"&code_verifier="+verifier))
	// device_id stands in the body here
	endpointResponse(t, c.call("POST", "/services/oauth2/token",
		"grant_type=hybrid_refresh&client_id="+app.ID+"&refresh_token="+tokens["refresh_token"]+"&device_id=d-1&format=json"))
}

// The Android SDK would take TLS 1.1 as well; nobody gets it.
func TestNoTLSBelow12(t *testing.T) {
	u, err := url.Parse(site.TLS(t).URL)
	site.Must(t, err)
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		conn, err := tls.Dial("tcp", u.Host, &tls.Config{RootCAs: site.Roots(t), MinVersion: version, MaxVersion: version})
		if err == nil {
			_ = conn.Close()
			t.Errorf("%s is served", tls.VersionName(version))
		} else if !strings.Contains(err.Error(), "protocol version") {
			t.Errorf("%s: refused for another reason: %v", tls.VersionName(version), err)
		}
	}
}

// text is a member that must be a text and not empty.
func text(t *testing.T, r reply, name string) string {
	t.Helper()
	value, ok := r.json(t)[name].(string)
	if !ok || value == "" {
		t.Fatalf("%s: %d %s", name, r.status, r.body)
	}
	return value
}

// endpointResponse reads a token answer as the SDKs do: known members are texts,
// a member error means failure whatever the status.
func endpointResponse(t *testing.T, r reply) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, value := range r.json(t) {
		if name == "expires_in" { // read by neither
			continue
		}
		text, ok := value.(string)
		if !ok || name == "error" {
			t.Fatalf("%s is %v: %d", name, value, r.status)
		}
		out[name] = text
	}
	for _, name := range []string{"access_token", "refresh_token", "instance_url", "id", "issued_at", "scope", "signature"} {
		if out[name] == "" {
			t.Fatalf("%s is missing: %d %v", name, r.status, out)
		}
	}
	if len(out["issued_at"]) != 13 { // milliseconds
		t.Errorf("issued_at %q", out["issued_at"])
	}
	return out
}

// identity reads an identity as the Android SDK does: one member after the other.
func identity(t *testing.T, r reply, person site.Person) {
	t.Helper()
	all := r.json(t)
	inner := func(name string) map[string]any { m, _ := all[name].(map[string]any); return m }
	for _, row := range []struct {
		in    map[string]any
		names string
	}{
		{all, "username email first_name last_name display_name id user_id organization_id nick_name user_type language locale last_modified_date"},
		{inner("photos"), "picture thumbnail"},
		{inner("urls"), "enterprise metadata partner rest sobjects search query recent profile feeds groups users feed_items"},
	} {
		for name := range strings.FieldsSeq(row.names) {
			if _, ok := row.in[name].(string); !ok {
				t.Errorf("identity: %s is %v", name, row.in[name])
			}
		}
	}
	if all["username"] != person.Username || all["email"] != person.Email || all["active"] != true {
		t.Errorf("identity: %s", r.body)
	}
}
