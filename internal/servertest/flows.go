package servertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// flows are the commands that make an honest request, changed where the script
// says so.
var flows = map[string]func(*testscript.TestScript, bool, []string){
	"authorize": authorize, "challenge": challenge, "redeem": redeem, "refresh": refresh, "guess": guess,
	"alive": func(ts *testscript.TestScript, _ bool, args []string) { introspected(ts, args[0], true) },
	"dead":  func(ts *testscript.TestScript, _ bool, args []string) { introspected(ts, args[0], false) },
}

func pkce(ts *testscript.TestScript, _ bool, _ []string) {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	verifier := base64.RawURLEncoding.EncodeToString(b)
	sum := sha256.Sum256([]byte(verifier))
	ts.Setenv("verifier", verifier)
	ts.Setenv("challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
}

// honest sends a form for the named app with its right credentials and keeps the
// answer. Changes come last: name=value sets, name= leaves out.
func honest(ts *testscript.TestScript, path, app string, form url.Values, changes []string) *answer {
	s := sessionOf(ts)
	id, secret := ts.Getenv(app), ts.Getenv(app+"_SECRET")
	if app != "-" && secret == "" {
		form.Set("client_id", id)
	}
	change(form, changes)
	r, err := http.NewRequest(http.MethodPost, s.node.URL+path, strings.NewReader(form.Encode()))
	ts.Check(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if app != "-" && secret != "" {
		r.SetBasicAuth(id, secret)
	}
	s.last = send(ts, r)
	return s.last
}

func challenge(ts *testscript.TestScript, _ bool, args []string) {
	pkce(ts, false, nil)
	a := honest(ts, "/oauth2/challenge", args[0], url.Values{
		"response_type": {"code"}, "username": {"ann"}, "password": {password},
		"code_challenge": {ts.Getenv("challenge")}, "code_challenge_method": {"S256"},
	}, args[1:])
	keepMember(ts, a, "code", "authorization_code")
}

// authorize is the honest headless login of ann in the Salesforce dialect, with
// the challenge of the last pkce.
func authorize(ts *testscript.TestScript, _ bool, args []string) {
	s := sessionOf(ts)
	form := url.Values{
		"response_type": {"code_credentials"}, "client_id": {ts.Getenv(args[0])}, "redirect_uri": {"https://app.example/cb"},
		"username": {"ann"}, "password": {password}, "code_challenge": {ts.Getenv("challenge")},
	}
	change(form, args[1:])
	r, err := http.NewRequest(http.MethodPost, s.node.URL+"/services/oauth2/authorize", strings.NewReader(form.Encode()))
	ts.Check(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Auth-Request-Type", "Named-User")
	s.last = send(ts, r)
}

// change sets name=value and leaves out name=.
func change(form url.Values, changes []string) {
	for _, c := range changes {
		name, value, _ := strings.Cut(c, "=")
		if form.Set(name, value); value == "" {
			form.Del(name)
		}
	}
}

func redeem(ts *testscript.TestScript, _ bool, args []string) {
	tokens(ts, honest(ts, "/oauth2/token", args[0], url.Values{
		"grant_type": {"authorization_code"}, "code": {ts.Getenv("code")}, "code_verifier": {ts.Getenv("verifier")},
	}, args[1:]))
}

func refresh(ts *testscript.TestScript, _ bool, args []string) {
	tokens(ts, honest(ts, "/oauth2/token", args[0], url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {ts.Getenv("refresh")},
	}, args[1:]))
}

func tokens(ts *testscript.TestScript, a *answer) {
	keepMember(ts, a, "access", "access_token")
	keepMember(ts, a, "refresh", "refresh_token")
	keepMember(ts, a, "id_token", "id_token")
}

func keepMember(ts *testscript.TestScript, a *answer, variable, member string) {
	if v, ok := a.json[member].(string); ok && v != "" {
		ts.Setenv(variable, v)
	}
}

// guess tries a wrong password for a person so many times.
func guess(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	for range n {
		challenge(ts, false, append([]string{args[0], "username=" + args[1], "password=wrong-password"}, args[3:]...))
	}
}

// introspected asks for a token by the credentials of whichever confidential app
// may know it. Public apps' tokens are asked for at userinfo.
func introspected(ts *testscript.TestScript, token string, want bool) {
	s := sessionOf(ts)
	r, err := http.NewRequest(http.MethodGet, s.node.URL+"/oauth2/userinfo", nil)
	ts.Check(err)
	r.Header.Set("Authorization", "Bearer "+token)
	a := send(ts, r)
	got := a.status == http.StatusOK || a.status == http.StatusForbidden // alive, though it may lack a scope
	if got != want {
		ts.Fatalf("the token is alive: %v", got)
	}
}

// forge makes a token that is almost right: its algorithm set to none, or signed
// with a stranger's key under our key id.
func forge(ts *testscript.TestScript, _ bool, args []string) {
	parts := strings.Split(args[1], ".")
	if len(parts) != 3 {
		ts.Fatalf("not a JWT: %s", args[1])
	}
	switch args[0] {
	case "none":
		var head map[string]any
		b, err := base64.RawURLEncoding.DecodeString(parts[0])
		ts.Check(err)
		ts.Check(json.Unmarshal(b, &head))
		head["alg"] = "none"
		b, err = json.Marshal(head)
		ts.Check(err)
		ts.Setenv("forged", base64.RawURLEncoding.EncodeToString(b)+"."+parts[1]+".")
	case "other-key":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		ts.Check(err)
		sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
		ts.Check(err)
		if half := new(big.Int).Rsh(elliptic.P256().Params().N, 1); s.Cmp(half) > 0 {
			s.Sub(elliptic.P256().Params().N, s)
		}
		sig := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		ts.Setenv("forged", parts[0]+"."+parts[1]+"."+base64.RawURLEncoding.EncodeToString(sig))
	default:
		ts.Fatalf("forge none|other-key TOKEN")
	}
}
