package salesforce_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/housetest"
	"countersign/internal/oauth"
	"countersign/internal/salesforce"
	"countersign/internal/token"
	"countersign/internal/web"
)

var ctx = context.Background()

// The invented values of the dialect's transcripts.
const (
	base     = "https://x.example.test"
	prefix   = "/portal"
	callback = "https://app.example.test/cb"
	echoURL  = base + "/services/oauth2/echo"
	orgID    = "00D000000000001EAA"
	userID   = "005000000000001AAA"
	siteID   = "0DB000000000001GAA"
	password = "pw"
	origin   = "https://spa.example.test"

	// 128 bytes 0x00 to 0x7f as base64url, and its challenge
	verifier  = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn8"
	challenge = "m9v0o6VZCkA61J5U-X1Tz5TKs3SgkIws3KAW_OnRzjg"
)

// site is the dialect on the real rooms, behind the real manners.
type site struct {
	*housetest.House
	handler http.Handler
	log     *logBuffer
	refused []string // rules, in order
	mu      sync.Mutex
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newSite builds the dialect for an issuer: base, or the URL of a test server.
func newSite(t *testing.T, issuer string) *site {
	t.Helper()
	s := &site{House: housetest.New(t), log: &logBuffer{}}
	org, err := s.DB.Org(ctx)
	must(t, err)
	org.ID, org.SiteID = orgID, siteID
	must(t, s.DB.ReplaceOrg(ctx, org, s.Event(audit.OrgChanged)))
	s.admit(t)
	for _, app := range s.apps(issuer) {
		must(t, s.DB.CreateClient(ctx, app, s.Event(audit.AppCreated)))
	}
	s.handler = s.serve(t, issuer)
	s.Clock.Forward(time.Second)
	return s
}

// admit puts ann of the transcripts in the place of the house's own.
func (s *site) admit(t *testing.T) {
	must(t, s.DB.DeleteAccount(ctx, s.Person.ID, s.Event(audit.UserDeleted)))
	hash, err := account.HashPassword(account.Params{MemoryKiB: 64, Time: 1, Parallelism: 1}, password)
	must(t, err)
	s.Person.ID, s.Person.PasswordHash, s.Person.Email = userID, hash, "ann@example.test"
	s.Person.Profile = account.Profile{
		Name: "Ann Example", GivenName: "Ann", FamilyName: "Example", Nickname: "ann", EmailVerified: true,
		Picture: "https://img.example.test/ann.png", Locale: "de-AT", Zone: "Europe/Vienna", Phone: "+43 1 234", PhoneVerified: true,
	}
	s.Person.Created, s.Person.Updated = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	must(t, s.DB.RegisterAccount(ctx, s.Person, s.Event(audit.UserCreated)))
}

// apps are CK1, private, and CK2, public with the echo callback and POST body
// only, as in the transcripts; and variations of CK1 and CK2 in one setting each.
func (s *site) apps(issuer string) []*client.Client {
	echo := issuer + "/services/oauth2/echo"
	private := func(id string, spoil ...func(*client.Client)) *client.Client {
		c := &client.Client{
			ID: oauth.ClientID(id), Name: id, Type: client.Confidential, Platform: client.Web, FirstParty: true,
			Created: s.Clock.Now(), Updated: s.Clock.Now(),
			Secrets: []client.Secret{{ID: id, Hash: s.Keys.Hash("client secret", []byte(id), []byte("CS1"))}},
			Settings: client.Settings{
				AuthMethod: client.AuthSecretPost, RedirectURIs: []string{callback, callback + "?tenant=7", "com.example.app:/cb"},
				Scopes:      oauth.Scopes{"openid", "api"},
				AccessToken: client.AccessToken{Format: client.FormatOpaque},
				Flows: flow.Switches{
					flow.CodeAndCredentials: {On: true, RequireSecret: true}, flow.RefreshToken: {On: true, RequireSecret: true},
				},
			},
		}
		for _, f := range spoil {
			f(c)
		}
		return c
	}
	public := func(c *client.Client) {
		c.Type, c.Platform, c.Secrets = client.Public, client.Mobile, nil
		c.Settings.AuthMethod, c.Settings.RedirectURIs = client.AuthNone, []string{echo}
		c.Settings.Scopes = oauth.Scopes{"openid", "id", "api", "web", "refresh_token"}
		c.Settings.Origins = []string{origin}
	}
	return []*client.Client{
		private("CK1"),
		private("CK2", public, func(c *client.Client) { c.Settings.PostOnly = true }),
		private("SDK", public),
		private("OFF", func(c *client.Client) { delete(c.Settings.Flows, flow.CodeAndCredentials) }),
		private("THIRD", func(c *client.Client) { c.FirstParty = false }),
		private("BLOCKED", func(c *client.Client) { c.Disabled = true }),
		private("GROUP", func(c *client.Client) { c.Policy.PermittedUsers = client.AdminPreauthorized }),
		private("FENCE", func(c *client.Client) { c.Policy.IPRanges = []string{"203.0.113.0/24"} }),
		private("STRONG", func(c *client.Client) { c.Policy.Assurance = client.AssuranceHigh }),
		private("JWT", func(c *client.Client) { c.Settings.AccessToken.Format = client.FormatJWT }),
		private("BASIC", func(c *client.Client) {
			c.Settings.AuthMethod = client.AuthSecretBasic
			c.Settings.Scopes = oauth.Scopes{"openid", "profile", "api", "offline_access"}
			c.Settings.Rotation = true
		}),
		private("STAY", func(c *client.Client) { c.Settings.Scopes = oauth.Scopes{"api", "refresh_token"} }),
		private("OPENID", func(c *client.Client) { c.Settings.Scopes = oauth.Scopes{"openid"} }),
		private("OTHERSPA", public, func(c *client.Client) { c.Settings.Origins = []string{"https://other.example.test", "null"} }),
	}
}

func (s *site) serve(t *testing.T, issuer string) http.Handler {
	exchanger, inspector := &token.Exchanger{
		Verifier: s.Verifier, Grants: s.DB, Accounts: s.DB, Audit: s.DB, Keys: s.Keys,
		Ring: s.Ring, Endings: s.Endings, Issuer: issuer, Ready: s.Exchanger.Ready, Note: s.Exchanger.Note, Now: s.Clock.Now,
	}, *s.Inspector
	inspector.Issuer = issuer
	routes, err := salesforce.Routes(salesforce.Deps{
		Issuer: issuer, Prefix: prefix, Directory: s.Directory, Keys: s.Keys, Ring: s.Ring,
		Headless: s.Headless, Tokens: exchanger, Inspector: &inspector,
		Throttle: &web.Throttle{Now: s.Clock.Now}, Origins: s.origins,
	})
	must(t, err)
	manners := &web.Site{
		Log: slog.New(slog.NewJSONHandler(s.log, nil)), Now: s.Clock.Now, Origins: s.origins,
		Refused: func(_ web.Event, e *oauth.Error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.refused = append(s.refused, e.Rule)
		},
	}
	h, err := manners.Handler(routes...)
	must(t, err)
	return h
}

func (s *site) origins(o string, id oauth.ClientID) bool {
	found := false
	s.Directory.All(func(e *client.Entry) bool {
		found = found || (id == "" || e.ID == id) && slices.Contains(e.Settings.Origins, o)
		return true
	})
	return found
}

// rule is the last rule that refused.
func (s *site) rule() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.refused) == 0 {
		return ""
	}
	return s.refused[len(s.refused)-1]
}

// reply is an answer, read.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(r.body), &m); err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
	return m
}

// text is a member of a JSON answer.
func (r reply) text(t *testing.T, name string) string {
	t.Helper()
	v, _ := r.json(t)[name].(string)
	return v
}

// params of the redirect.
func (r reply) params(t *testing.T) url.Values {
	t.Helper()
	u, err := url.Parse(r.header.Get("Location"))
	must(t, err)
	if r.status != http.StatusFound || r.body != "" {
		t.Fatalf("%d with a body of %q is no redirect", r.status, r.body)
	}
	return u.Query()
}

// send sends one request; headers are name: value.
func (s *site) send(t *testing.T, method, target, body string, headers ...string) reply {
	t.Helper()
	hr := httptest.NewRequestWithContext(t.Context(), method, base+target, strings.NewReader(body))
	if body != "" {
		hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Content-Type" {
			hr.Header.Set(name, value)
			continue
		}
		hr.Header.Add(name, value)
	}
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, hr)
	s.Clock.Forward(2 * time.Millisecond) // an ending is later than what it ends
	res := rec.Result()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(t, err)
	return reply{res.StatusCode, res.Header, string(b)}
}

const named = "Auth-Request-Type: Named-User"

// form joins name=value pairs; of a name that comes again the last value counts,
// so that a row can spoil one parameter.
func form(pairs ...string) string {
	var out []string
	seen := map[string]int{}
	for i := 0; i+1 < len(pairs); i += 2 {
		text := url.QueryEscape(pairs[i]) + "=" + url.QueryEscape(pairs[i+1])
		if at, again := seen[pairs[i]]; again {
			out[at] = text
			continue
		}
		seen[pairs[i]] = len(out)
		out = append(out, text)
	}
	return strings.Join(out, "&")
}

// loginForm is the honest body of an app, with what a row changes.
func loginForm(app string, changes ...string) string {
	pairs := []string{
		"response_type", "code_credentials", "client_id", app, "redirect_uri", callback,
		"code_challenge", challenge, "username", "ann", "password", password,
	}
	if app == "CK2" || app == "SDK" {
		pairs = append(pairs, "redirect_uri", echoURL)
	}
	return form(append(pairs, changes...)...)
}

// code logs ann in through the app and returns the code.
func (s *site) code(t *testing.T, app string, changes ...string) string {
	t.Helper()
	r := s.send(t, "POST", "/services/oauth2/authorize", loginForm(app, changes...), named)
	if r.status != http.StatusFound {
		t.Fatalf("login: %d %s", r.status, r.body)
	}
	return r.params(t).Get("code")
}

// tokenForm is the honest redemption by an app.
func tokenForm(app, code string, changes ...string) string {
	pairs := []string{
		"grant_type", "authorization_code", "code", code, "client_id", app, "redirect_uri", callback, "code_verifier", verifier,
	}
	if app == "CK2" || app == "SDK" {
		pairs = append(pairs, "redirect_uri", echoURL)
	} else {
		pairs = append(pairs, "client_secret", "CS1")
	}
	return form(append(pairs, changes...)...)
}

// tokens logs ann in and redeems the code.
func (s *site) tokens(t *testing.T, app string) reply {
	t.Helper()
	r := s.send(t, "POST", "/services/oauth2/token", tokenForm(app, s.code(t, app)))
	if r.status != http.StatusOK {
		t.Fatalf("tokens: %d %s", r.status, r.body)
	}
	return r
}

func must(t *testing.T, err error) {
	if err != nil {
		t.Helper()
		t.Fatal(err)
	}
}
