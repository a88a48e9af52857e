// Package mobilesdk replays what the Salesforce Mobile SDKs send, byte by byte,
// over TLS 1.2, and reads the answers as strictly as they do. It is a replay, not
// the SDKs: their bytes are written out here from a reading of their source.
package mobilesdk

import (
	"bufio"
	"compress/gzip"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"judges/site"
)

// The verifier of 128 bytes in 171 characters, and its challenge.
const (
	verifier  = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn8"
	challenge = "m9v0o6VZCkA61J5U-X1Tz5TKs3SgkIws3KAW_OnRzjg"
)

const (
	android = "SalesforceMobileSDK/13.0.0 android mobile/14 (Pixel 8) Shop/1.0 Native uid_0123456789abcdef ftr_NL"
	ios     = "SalesforceMobileSDK/13.0.0 iOS/17.0 (iPhone) Shop/1.0 Native"
)

// named is the header of a login with name and password.
const named = "Auth-Request-Type: Named-User"

// credentials is the Basic header in the URL's alphabet, without padding.
func credentials(name, password string) string {
	return "Authorization: Basic " + base64.RawURLEncoding.EncodeToString([]byte(name+":"+password))
}

// versions is TLS 1.2 and nothing else, with the suites that OkHttp has for it.
func versions(t *testing.T, protocol string) *tls.Config {
	return &tls.Config{
		RootCAs: site.Roots(t), MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, NextProtos: []string{protocol},
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		},
	}
}

// reply is an answer that was read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

func read(t *testing.T, res *http.Response) reply {
	t.Helper()
	defer res.Body.Close()
	in := io.Reader(res.Body)
	if res.Header.Get("Content-Encoding") == "gzip" { // as we asked for
		unzip, err := gzip.NewReader(in)
		site.Must(t, err)
		in = unzip
	}
	b, err := io.ReadAll(in)
	site.Must(t, err)
	return reply{res.StatusCode, res.Header, string(b)}
}

func (r reply) json(t *testing.T) (out map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), &out); err != nil {
		t.Fatalf("no JSON: %d %q", r.status, r.body)
	}
	return out
}

// okhttp is the HTTP library of the Android SDK. A 302 is followed with GET: no
// body, no Content-Type, the other headers as they were on the same host.
type okhttp struct {
	t         *testing.T
	transport *http.Transport
	http2     bool
}

func newOkHTTP(t *testing.T, http2 bool) okhttp {
	protocols, protocol := new(http.Protocols), "http/1.1"
	if http2 {
		protocols.SetHTTP2(true)
		protocol = "h2"
	} else {
		protocols.SetHTTP1(true)
	}
	tr := &http.Transport{TLSClientConfig: versions(t, protocol), Protocols: protocols, DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return okhttp{t, tr, http2}
}

// call sends a request; the body goes out as it is written. Redirections are
// followed.
func (c okhttp) call(method, target, body string, headers ...string) reply {
	c.t.Helper()
	for range 20 {
		res := c.send(method, target, body, headers)
		if res.StatusCode != http.StatusFound {
			return read(c.t, res)
		}
		if r := read(c.t, res); r.body != "" {
			c.t.Errorf("the redirection has a body: %q", r.body)
		}
		to, err := res.Location()
		site.Must(c.t, err)
		before, err := url.Parse(target)
		site.Must(c.t, err)
		if to.Host != before.Host || to.Scheme != before.Scheme {
			c.t.Fatalf("redirected to %s", to)
		}
		method, target, body = http.MethodGet, to.String(), ""
	}
	c.t.Fatal("redirected without an end")
	return reply{}
}

func (c okhttp) send(method, target, body string, headers []string) *http.Response {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, target, strings.NewReader(body))
	site.Must(c.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	req.Header.Set("User-Agent", android)
	req.Header.Set("Accept-Encoding", "gzip")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := c.transport.RoundTrip(req)
	site.Must(c.t, err)
	if res.TLS == nil || res.TLS.Version != tls.VersionTLS12 || (res.ProtoMajor == 2) != c.http2 {
		c.t.Fatalf("%s over %s", res.Proto, tls.VersionName(res.TLS.Version))
	}
	return res
}

// urlsession is the connection of the iOS SDK: the very bytes, HTTP/1.1.
type urlsession struct {
	t    *testing.T
	host string
	conn net.Conn
	in   *bufio.Reader
}

func newURLSession(t *testing.T, s site.Site) urlsession {
	t.Helper()
	u, err := url.Parse(s.URL)
	site.Must(t, err)
	conn, err := tls.Dial("tcp", u.Host, versions(t, "http/1.1"))
	site.Must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return urlsession{t, u.Host, conn, bufio.NewReader(conn)}
}

func (c urlsession) call(method, path, body string, headers ...string) reply {
	c.t.Helper()
	head := method + " " + path + " HTTP/1.1\r\nHost: " + c.host + "\r\nUser-Agent: " + ios + "\r\n"
	for _, h := range headers {
		head += h + "\r\n"
	}
	if body != "" {
		head += fmt.Sprintf("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(body))
	}
	_, err := io.WriteString(c.conn, head+"\r\n"+body)
	site.Must(c.t, err)
	res, err := http.ReadResponse(c.in, nil)
	site.Must(c.t, err)
	return read(c.t, res)
}
