package client

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

type fixture struct {
	*Verifier
	confidential, public *Client
	secret               string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	keys, err := secret.ParseKeyring(secret.NewMasterKey())
	if err != nil {
		t.Fatal(err)
	}
	text, kept := NewSecret(keys, "confidential", noon, time.Time{})
	on := flow.Switches{flow.CodeAndCredentials: {On: true, RequireSecret: true, RequirePKCE: true}}
	f := &fixture{
		Verifier:     &Verifier{Directory: &Directory{}, Keys: keys, Now: func() time.Time { return noon }},
		confidential: &Client{ID: "confidential", Type: Confidential, Secrets: []Secret{kept}, Settings: Settings{AuthMethod: AuthSecretBasic, Flows: on}},
		public:       &Client{ID: "public", Type: Public, Settings: Settings{AuthMethod: AuthNone, Flows: on}},
		secret:       text,
	}
	f.apply()
	return f
}

func (f *fixture) apply() {
	f.Directory.Apply(&Org{}, map[oauth.ClientID]*Client{"confidential": f.confidential, "public": f.public})
}

func TestAuthenticateD01D04(t *testing.T) {
	for name, row := range map[string]struct {
		spoil func(*fixture, *Credentials)
		want  error
	}{
		"valid":                     {func(*fixture, *Credentials) {}, nil},
		"no id":                     {func(_ *fixture, c *Credentials) { c.ID = "" }, ErrNoClientID},
		"D01 unknown app":           {func(_ *fixture, c *Credentials) { c.ID = "nobody" }, ErrUnknownClient},
		"D01 wrong secret":          {func(_ *fixture, c *Credentials) { c.Secret += "x" }, ErrWrongSecret},
		"D01 empty secret":          {func(_ *fixture, c *Credentials) { c.Secret = "" }, ErrWrongSecret},
		"D04 other method":          {func(_ *fixture, c *Credentials) { c.Method = AuthSecretPost }, ErrWrongMethod},
		"any method of the dialect": {func(_ *fixture, c *Credentials) { c.Method, c.AnySecretMethod = AuthSecretPost, true }, nil},
		"any method, wrong secret":  {func(_ *fixture, c *Credentials) { c.AnySecretMethod, c.Secret = true, "x" }, ErrWrongSecret},
		"public with a secret":      {func(f *fixture, c *Credentials) { c.ID = "public" }, ErrPublicSecret},
		"another app's secret": {func(f *fixture, c *Credentials) {
			_, kept := NewSecret(f.Keys, "other", noon, time.Time{})
			f.Directory.Apply(nil, map[oauth.ClientID]*Client{"other": {ID: "other", Type: Confidential, Secrets: []Secret{kept}, Settings: Settings{AuthMethod: AuthSecretBasic}}})
			c.ID = "other"
		}, ErrWrongSecret},
		"disabled app": {func(f *fixture, _ *Credentials) { f.confidential.Disabled = true; f.apply() }, ErrClientDisabled},
		"disabled app, wrong secret": {func(f *fixture, c *Credentials) {
			f.confidential.Disabled = true
			f.apply()
			c.Secret = "x"
		}, ErrWrongSecret},
		"secret that has ended": {func(f *fixture, _ *Credentials) { f.confidential.Secrets[0].Expires = noon }, ErrWrongSecret},
		"secret that will end":  {func(f *fixture, _ *Credentials) { f.confidential.Secrets[0].Expires = noon.Add(time.Second) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			c := Credentials{ID: "confidential", Method: AuthSecretBasic, Secret: f.secret}
			row.spoil(f, &c)
			id, err := f.Authenticate(c)
			if !errors.Is(err, row.want) || row.want == nil && err != nil {
				t.Fatalf("got %v, want %v", err, row.want)
			}
			if err == nil && (!id.Proven || id.ID != c.ID || id.Key != f.confidential.Secrets[0].ID || id.Key == "") {
				t.Errorf("identity %+v", id)
			}
			if err != nil && id.Entry != nil {
				t.Error("a refusal hands out an identity")
			}
		})
	}
}

func TestPublicAppIsIdentifiedNeverProven(t *testing.T) {
	f := newFixture(t)
	id, err := f.Authenticate(Credentials{ID: "public", Method: AuthNone})
	if err != nil || id.Proven {
		t.Errorf("public: %+v, %v", id, err)
	}
	id, err = f.Authenticate(Credentials{ID: "confidential", Method: AuthNone})
	if err != nil || id.Proven {
		t.Errorf("confidential without a secret is identified, not proven: %+v, %v", id, err)
	}
}

func TestTwoSecretsOverlap(t *testing.T) {
	f := newFixture(t)
	text, kept := NewSecret(f.Keys, "confidential", noon, time.Time{})
	f.confidential.Secrets = append(f.confidential.Secrets, kept)
	f.apply()
	for _, s := range []string{f.secret, text} {
		if _, err := f.Authenticate(Credentials{ID: "confidential", Method: AuthSecretBasic, Secret: s}); err != nil {
			t.Errorf("one of two secrets: %v", err)
		}
	}
	if b, _ := json.Marshal(f.confidential); strings.Contains(string(b), text) || strings.Contains(string(b), f.secret) {
		t.Error("J12: a kept app contains its secret")
	}
	if len(text) != len(SecretPrefix)+43 {
		t.Errorf("secret %q has not 256 bits", text)
	}
}

func TestMatchRedirectC01ToC11(t *testing.T) {
	registered := []string{"https://app.example/cb", "https://app.example/q?a=1&b=2", "http://127.0.0.1/cb", "http://[::1]:9/cb", "com.example.app:/cb", "http://localhost:3000/cb"}
	for _, uri := range []string{
		"https://app.example/cb", "https://app.example/q?a=1&b=2", "http://127.0.0.1/cb", "http://127.0.0.1:51004/cb",
		"http://[::1]:1/cb", "http://[::1]/cb", "com.example.app:/cb", "http://localhost:3000/cb",
	} {
		if !MatchRedirect(registered, uri) {
			t.Errorf("registered %q is refused", uri)
		}
	}
	for _, uri := range []string{
		"", "https://app.example.evil.com/cb", "https://app.exampleevil.com/cb", "https://app.example@evil.com/cb",
		"https://app.example/cb/../x", "https://app.example/cb/..%2f", "https://app.example/cb/", "https://app.example//cb",
		"https://app.example/cb?x=1", "https://app.example/q?b=2&a=1", "https://app.example/q?a=1", "https://app.example/q",
		"https://app.example/cb#x", "HTTPS://app.example/cb", "https://APP.example/cb", "https://app.example:443/cb", "http://app.example/cb",
		"http://127.0.0.1:80/other", "http://127.0.0.1:80/cb?x=1", "http://127.0.0.1:80/cb/", "http://localhost/cb", "http://localhost:4000/cb",
		"http://127.0.0.1.evil.test/cb", "http://127.0.0.1:80@evil.test/cb", "http://127.0.0.1:8080%25@evil.com/cb", "http://127.0.0.1:999999/cb",
		"http://127.0.0.1:/cb", "http://127.1:80/cb", "http://[::1]:80.evil.test/cb", "https://127.0.0.1:5/cb",
		"com.example.app://cb", "https://app.example\\@evil.com/cb", "https:app.example/cb", "/cb", "//app.example/cb",
	} {
		if MatchRedirect(registered, uri) {
			t.Errorf("%q matches", uri)
		}
	}
}

func TestValidateRedirectURI(t *testing.T) {
	for _, uri := range []string{"https://app.example/cb", "https://app.example", "http://localhost:1717/OauthRedirect", "http://127.0.0.1/cb", "http://[::1]/cb", "com.example.app:/cb", "com.example.app://oauth/done"} {
		if err := ValidateRedirectURI(uri); err != nil {
			t.Errorf("%q: %v", uri, err)
		}
	}
	for _, uri := range []string{
		"", "cb", "/cb", "http://app.example/cb", "https://app.example/*", "https://*.example/cb", "https://app.example/cb#x", "https://app.example/cb#",
		"https://u:p@app.example/cb", "javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "vbscript:x", "myapp:/cb", "https:///cb",
		"https://app.example/a/../b", "https://app.example/cb?code=1", "https://app.example/cb?x=1&state=2", "https://app.example/cb?sfdc_community_url=x", "https://app.example/\tcb",
		"https://app.example/\ncb", "https://app.exämple/cb", `https://app.example\cb`, "http://localhost.evil.test/cb", "http://127.0.0.1.evil.test/cb",
		"https://app.example/" + strings.Repeat("a", 2000), " https://app.example/cb",
	} {
		if err := ValidateRedirectURI(uri); !errors.Is(err, ErrRedirectURI) {
			t.Errorf("%q: %v", uri, err)
		}
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "15m": 15 * time.Minute, "12h": 12 * time.Hour, "30d": 720 * time.Hour} {
		d, err := ParseDuration(text)
		if err != nil || time.Duration(d) != want {
			t.Errorf("ParseDuration(%q) = %v, %v", text, d, err)
		}
		var back Duration
		b, _ := json.Marshal(d)
		if err := json.Unmarshal(b, &back); err != nil || back != d {
			t.Errorf("%s round trip: %v, %v", text, back, err)
		}
	}
	for _, bad := range []string{"", "x", "1y", "d", "5", "213504d", "106752d", "-106752d"} {
		if _, err := ParseDuration(bad); !errors.Is(err, ErrDuration) {
			t.Errorf("ParseDuration(%q) = %v", bad, err)
		}
	}
}

func FuzzMatchRedirect(f *testing.F) {
	f.Add("http://127.0.0.1:80/cb")
	registered := []string{"http://127.0.0.1/cb", "https://app.example/cb"}
	f.Fuzz(func(t *testing.T, uri string) {
		if !MatchRedirect(registered, uri) || uri == registered[0] || uri == registered[1] {
			return
		}
		rest, ok := strings.CutPrefix(uri, "http://127.0.0.1:")
		port, tail, _ := strings.Cut(rest, "/")
		if !ok || tail != "cb" || strings.Trim(port, "0123456789") != "" {
			t.Errorf("%q matches", uri)
		}
	})
}
