package salesforce_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// The Mobile SDKs, byte by byte: the strictest clients known. What they send is
// written out here as they write it, and what they read is read as they read it.

// androidAgent is how the Android SDK names itself.
const androidAgent = "SalesforceMobileSDK/13.0.0 android mobile/14 (Pixel 8) Shop/1.0 Native uid_0123456789abcdef ftr_NL"

// newTLSSite serves the dialect over TLS; HTTP/2 is offered.
func newTLSSite(t *testing.T) (*site, *httptest.Server) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.EnableHTTP2 = true
	s := newSite(t, "https://"+server.Listener.Addr().String())
	server.Config.Handler = s.handler
	server.StartTLS()
	t.Cleanup(server.Close)
	return s, server
}

// android is the SDK's HTTP library: TLS 1.2 at most; a 302 is followed with GET,
// without body and Content-Type, with its other headers on the same host.
func android(server *httptest.Server, http2 bool) *http.Client {
	transport := server.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.MaxVersion = tls.VersionTLS12
	transport.ForceAttemptHTTP2 = http2
	if !http2 {
		transport.TLSClientConfig.NextProtos = []string{"http/1.1"}
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetHTTP1(true)
	}
	return &http.Client{Transport: transport}
}

// call sends one request and reads the answer; body values are not encoded.
func call(t *testing.T, c *http.Client, method, target, body string, headers ...string) reply {
	t.Helper()
	hr, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	must(t, err)
	if body != "" {
		hr.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	hr.Header.Set("User-Agent", androidAgent)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		hr.Header.Set(name, value)
	}
	res, err := c.Do(hr)
	must(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(t, err)
	return reply{res.StatusCode, res.Header, string(b)}
}

func TestMobileSDKAndroid(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			s, server := newTLSSite(t)
			androidLogin(t, s, server, android(server, http2))
			if !http2 {
				return
			}
			// and after the redirect the other host's credentials are of no interest
			r := call(t, android(server, true), "GET", server.URL+"/services/oauth2/echo?code=c", "", named, basicOf("eve:x"))
			if r.body != `{"code":"c"}` {
				t.Errorf("echo: %s", r.body)
			}
		})
	}
}

func androidLogin(t *testing.T, s *site, server *httptest.Server, c *http.Client) {
	echo := server.URL + "/services/oauth2/echo"
	// request 1: native login, redirects followed
	r := call(t, c, "POST", server.URL+"/services/oauth2/authorize",
		"response_type=code_credentials&client_id=SDK&redirect_uri="+echo+"&code_challenge="+challenge,
		named, basicOf("ann:pw"), "Accept-Encoding: gzip")
	code, community := r.text(t, "code"), r.text(t, "sfdc_community_url")
	if r.status != http.StatusOK || code == "" || community != server.URL || r.text(t, "sfdc_community_id") != siteID {
		t.Fatalf("request 1: %d %s", r.status, r.body)
	}
	// request 2: the code, as it came, without encoding
	r = call(t, c, "POST", community+"/services/oauth2/token",
		"code="+code+"&grant_type=hybrid_auth_code&client_id=SDK&redirect_uri="+echo+"&code_verifier="+verifier)
	tokens := strictText(t, r)
	if tokens["access_token"] == "" || tokens["refresh_token"] == "" {
		t.Fatalf("request 2: %d %s", r.status, r.body)
	}
	access := "Authorization: Bearer " + tokens["access_token"]
	// request 3: may this person use the app?
	r = call(t, c, "GET", tokens["instance_url"]+"/services/oauth2/userinfo", "", access)
	if blocked, ok := r.json(t)["is_salesforce_integration_user"].(bool); !ok || blocked {
		t.Errorf("request 3: %d %s", r.status, r.body)
	}
	// request 4: the identity, on the instance's host
	id, err := url.Parse(tokens["id"])
	must(t, err)
	instance, err := url.Parse(tokens["instance_url"])
	must(t, err)
	r = call(t, c, "GET", strings.Replace(tokens["id"], id.Hostname(), instance.Hostname(), 1), "", access)
	readIdentity(t, r)
	androidEnd(t, s, c, tokens, community)
}

// androidEnd refreshes, logs out, and finds out that the login is over.
func androidEnd(t *testing.T, s *site, c *http.Client, tokens map[string]string, community string) {
	// refresh: this one is encoded, device_id in the URL
	s.Clock.Forward(60e9)
	r := call(t, c, "POST", community+"/services/oauth2/token?device_id=d-1", "grant_type=hybrid_refresh&client_id=SDK&refresh_token="+
		url.QueryEscape(tokens["refresh_token"])+"&format=json")
	next := strictText(t, r)
	// revoke
	s.Clock.Forward(60e9)
	r = call(t, c, "POST", community+"/services/oauth2/revoke", "token="+next["refresh_token"]+"&revoke_reason=user_logout")
	if r.status != http.StatusOK || r.body != "" {
		t.Errorf("revoke: %d %q", r.status, r.body)
	}
	// now the token is dead: exactly this makes the SDK ask for another one
	s.Clock.Forward(60e9)
	r = call(t, c, "GET", tokens["instance_url"]+"/services/oauth2/userinfo", "", "Authorization: Bearer "+next["access_token"])
	if r.status != http.StatusForbidden || r.body != "Bad_OAuth_Token" {
		t.Errorf("dead token: %d %q", r.status, r.body)
	}
	r = call(t, c, "POST", community+"/services/oauth2/token", "grant_type=hybrid_refresh&client_id=SDK&refresh_token="+next["refresh_token"]+"&format=json")
	if r.status != http.StatusBadRequest || r.text(t, "error") != "invalid_grant" || r.text(t, "error_description") == "" {
		t.Errorf("dead refresh token: %d %s", r.status, r.body)
	}
}

// strictText reads a token answer as the SDKs do: known keys are texts, a key
// error on top means failure whatever the status, scope splits at blanks.
func strictText(t *testing.T, r reply) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, value := range r.json(t) {
		if name == "expires_in" { // read by none of them
			continue
		}
		text, ok := value.(string)
		if !ok || name == "error" {
			t.Fatalf("%s is %v: %d %s", name, value, r.status, r.body)
		}
		out[name] = text
	}
	for _, name := range []string{"access_token", "instance_url", "id", "issued_at", "scope"} {
		if out[name] == "" {
			t.Fatalf("%s is missing: %s", name, r.body)
		}
	}
	return out
}

// readIdentity reads an identity as the Android SDK does: one member after the
// other, and the first one that is no text ends it.
func readIdentity(t *testing.T, r reply) {
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
	if all["username"] != "ann" || all["email"] != "ann@example.test" || all["active"] != true {
		t.Errorf("identity: %s", r.body)
	}
}

func TestMobileSDKWrongPassword(t *testing.T) {
	_, server := newTLSSite(t)
	r := call(t, android(server, true), "POST", server.URL+"/services/oauth2/authorize",
		"response_type=code_credentials&client_id=SDK&redirect_uri="+server.URL+"/services/oauth2/echo&code_challenge="+challenge,
		named, basicOf("ann:wrong"))
	if r.status != http.StatusBadRequest || r.text(t, "error") != "invalid_grant" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// TestMobileSDKiOS writes the very bytes on a TLS 1.2 connection: no charset, no
// Accept, and the redirect followed without Authorization.
func TestMobileSDKiOS(t *testing.T) {
	_, server := newTLSSite(t)
	host := server.Listener.Addr().String()
	config := server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.MaxVersion, config.NextProtos = tls.VersionTLS12, []string{"http/1.1"}
	conn, err := tls.Dial("tcp", host, config)
	must(t, err)
	defer conn.Close()
	if v := conn.ConnectionState().Version; v != tls.VersionTLS12 {
		t.Fatalf("TLS %x", v)
	}
	in := bufio.NewReader(conn)
	write := func(method, target, body string, headers ...string) reply {
		t.Helper()
		head := method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: SalesforceMobileSDK/13.0.0 iOS/17.0 (iPhone) Shop/1.0 Native\r\n"
		for _, h := range headers {
			head += h + "\r\n"
		}
		if body != "" {
			head += fmt.Sprintf("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(body))
		}
		_, err := io.WriteString(conn, head+"\r\n"+body)
		must(t, err)
		res, err := http.ReadResponse(in, nil)
		must(t, err)
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		must(t, err)
		return reply{res.StatusCode, res.Header, string(b)}
	}
	echo := "https://" + host + "/services/oauth2/echo"
	r := write("POST", "/services/oauth2/authorize",
		"response_type=code_credentials&client_id=SDK&redirect_uri="+echo+"&code_challenge="+challenge,
		named, "Authorization: Basic "+base64.RawURLEncoding.EncodeToString([]byte("ann:pw")))
	location := r.header.Get("Location")
	if r.status != http.StatusFound || r.header.Get("Content-Length") != "0" || !strings.HasPrefix(location, echo+"?code=") {
		t.Fatalf("request 1: %d %v %q", r.status, r.header, r.body)
	}
	r = write("GET", strings.TrimPrefix(location, "https://"+host), "", named)
	var answer struct { // all three are texts, or the login fails
		Code      string `json:"code"`
		Community string `json:"sfdc_community_url"`
		ID        string `json:"sfdc_community_id"`
	}
	must(t, json.Unmarshal([]byte(r.body), &answer))
	if answer.Code == "" || answer.Community != "https://"+host || answer.ID != siteID {
		t.Fatalf("echo: %+v", answer)
	}
	strictText(t, write("POST", "/services/oauth2/token",
		"code="+answer.Code+"&grant_type=hybrid_auth_code&client_id=SDK&redirect_uri="+echo+"&code_verifier="+verifier))
}
