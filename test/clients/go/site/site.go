// Package site is where the judges stand: outside. It knows the server by its
// address, the apps by what `countersign app create` printed, and the person by
// name and password. It imports nothing of the server.
package site

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// App is what app create printed of an app.
type App struct {
	ID        string   `json:"client_id"`
	Secret    string   `json:"client_secret"`
	Method    string   `json:"token_endpoint_auth_method"`
	Redirects []string `json:"redirect_uris"`
}

// Person is what user create printed, and the password it was given.
type Person struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Email    string `json:"email"`
	Password string `json:"-"`
}

// Site is one server with its seeds.
type Site struct {
	URL  string
	dir  string // holds data/ and seed/
	HTTP *http.Client
}

// Plain is the server over HTTP.
func Plain(t *testing.T) Site { return open(t, "PLAIN") }

// TLS is the server with a throw-away certificate, which HTTP trusts.
func TLS(t *testing.T) Site { return open(t, "TLS") }

func open(t *testing.T, kind string) Site {
	t.Helper()
	s := Site{URL: os.Getenv("CLIENTS_" + kind + "_URL"), dir: os.Getenv("CLIENTS_" + kind + "_DIR"), HTTP: http.DefaultClient}
	if s.URL == "" || s.dir == "" {
		t.Fatal("there is no server to judge: start these tests by test/clients/run")
	}
	if kind == "TLS" {
		s.HTTP = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: Roots(t)}}}
	}
	return s
}

// Roots holds the throw-away certificate.
func Roots(t *testing.T) *x509.CertPool {
	t.Helper()
	pem, err := os.ReadFile(os.Getenv("CLIENTS_CERTIFICATE"))
	Must(t, err)
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate to trust")
	}
	return roots
}

// App reads the seed of an app.
func (s Site) App(t *testing.T, name string) (a App) {
	t.Helper()
	s.seed(t, name, &a)
	if a.ID == "" {
		t.Fatalf("app %s has no client_id", name)
	}
	return a
}

// Person reads the seed of the person.
func (s Site) Person(t *testing.T) (p Person) {
	t.Helper()
	s.seed(t, "person", &p)
	p.Password = os.Getenv("CLIENTS_PASSWORD")
	return p
}

func (s Site) seed(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "seed", name+".json"))
	Must(t, err)
	Must(t, json.Unmarshal(text, into))
}

// Command runs the command line on the server's data and reads its JSON.
func (s Site) Command(t *testing.T, into any, words ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Getenv("CLIENTS_BINARY"), append(words, "-o", "json", "--data", filepath.Join(s.dir, "data"))...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	Must(t, err)
	Must(t, json.Unmarshal(out, into))
}

// Verifier is a PKCE verifier of 43 characters.
func Verifier() string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Challenge is the S256 challenge of a verifier.
func Challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Code logs the person in at the challenge endpoint. No client library here
// speaks to it, so this is the one request that is written by hand. What is in
// extra is added.
func (s Site) Code(t *testing.T, app App, verifier string, extra url.Values) string {
	t.Helper()
	person := s.Person(t)
	form := url.Values{
		"client_id": {app.ID}, "response_type": {"code"}, "scope": {"openid profile email offline_access"},
		"code_challenge": {Challenge(verifier)}, "code_challenge_method": {"S256"},
		"username": {person.Username}, "password": {person.Password},
	}
	if app.Method == "client_secret_post" {
		form.Set("client_secret", app.Secret)
	}
	for name := range extra {
		form[name] = extra[name]
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/oauth2/challenge", strings.NewReader(form.Encode()))
	Must(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if app.Method == "client_secret_basic" {
		req.SetBasicAuth(url.QueryEscape(app.ID), url.QueryEscape(app.Secret))
	}
	var answer struct {
		Code string `json:"authorization_code"`
	}
	s.send(t, req, http.StatusOK, &answer)
	if answer.Code == "" {
		t.Fatal("no authorization_code")
	}
	return answer.Code
}

// SalesforceCode logs the person in at the authorize endpoint of the Salesforce
// dialect, and reads the code from the redirection without following it.
func (s Site) SalesforceCode(t *testing.T, app App, verifier string) string {
	t.Helper()
	person := s.Person(t)
	form := url.Values{
		"response_type": {"code_credentials"}, "client_id": {app.ID}, "redirect_uri": {app.Redirects[0]},
		"code_challenge": {Challenge(verifier)}, "username": {person.Username}, "password": {person.Password},
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/services/oauth2/authorize", strings.NewReader(form.Encode()))
	Must(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Auth-Request-Type", "Named-User")
	still := *s.HTTP
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := still.Do(req)
	Must(t, err)
	defer res.Body.Close()
	to, err := res.Location()
	if err != nil {
		body, _ := io.ReadAll(res.Body)
		t.Fatalf("authorize: %s %s", res.Status, body)
	}
	return to.Query().Get("code")
}

func (s Site) send(t *testing.T, req *http.Request, status int, into any) {
	t.Helper()
	res, err := s.HTTP.Do(req)
	Must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	Must(t, err)
	if res.StatusCode != status {
		t.Fatalf("%s %s: %s %s", req.Method, req.URL, res.Status, body)
	}
	Must(t, json.Unmarshal(body, into))
}

// Wire keeps the statuses of what a client library sends.
type Wire struct {
	Next     http.RoundTripper
	Statuses []int
	Headers  []http.Header // of the requests
}

// RoundTrip sends and notes.
func (w *Wire) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := w.Next.RoundTrip(r)
	if err == nil {
		w.Statuses, w.Headers = append(w.Statuses, res.StatusCode), append(w.Headers, r.Header)
	}
	return res, err
}

// Watched is a context whose client notes what it sends, for libraries that take
// their HTTP client from the context by key.
func (s Site) Watched(t *testing.T, key any) (context.Context, *Wire) {
	t.Helper()
	next := s.HTTP.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	w := &Wire{Next: next}
	return context.WithValue(t.Context(), key, &http.Client{Transport: w}), w
}

// Must ends the test on an error.
func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// JSON asks for a document.
func (s Site) JSON(t *testing.T, method, target string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, http.NoBody)
	Must(t, err)
	s.send(t, req, http.StatusOK, into)
}

// Header is the first part of a JWT, unverified.
func Header(t *testing.T, text string) (header map[string]any) {
	t.Helper()
	first, _, _ := strings.Cut(text, ".")
	b, err := base64.RawURLEncoding.DecodeString(first)
	Must(t, err)
	Must(t, json.Unmarshal(b, &header))
	return header
}
