package servertest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/cli"
	"countersign/internal/review"
)

// seeded is a server with apps, a person and some traffic.
type seeded struct {
	*testing.T
	*Node
	secrets map[string]string
}

func (s *seeded) cli(stdin string, args ...string) (string, int) {
	s.Helper()
	var out, errs bytes.Buffer
	code := cli.Main(append(args, "--data", s.Dir), strings.NewReader(stdin), &out, &errs, nil)
	s.Logf("countersign %s → %d\n%s", strings.Join(args, " "), code, errs.String())
	return out.String(), code
}

func (s *seeded) app(id string, args ...string) {
	s.Helper()
	out, code := s.cli("", append([]string{"app", "create", "-o", "json", "--client-id", id, "--name", id}, args...)...)
	if code != 0 {
		s.Fatalf("app create %s: %d", id, code)
	}
	var made struct {
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal([]byte(out), &made); err != nil {
		s.Fatal(err)
	}
	s.secrets[id] = made.Secret
	if err := s.Look(); err != nil {
		s.Fatal(err)
	}
}

// post sends a form for an app and returns the members of the answer.
func (s *seeded) post(path, app string, form url.Values) map[string]string {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(app, s.secrets[app])
	resp, err := plainClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || resp.StatusCode != http.StatusOK {
		s.Fatalf("%s by %s: %d %v %v", path, app, resp.StatusCode, body, err)
	}
	out := map[string]string{}
	for k, v := range body {
		out[k], _ = v.(string)
	}
	return out
}

// login signs ann in through an app, without PKCE, and refreshes so many times.
func (s *seeded) login(app string, refreshes int) {
	s.Helper()
	code := s.post("/oauth2/challenge", app, url.Values{"response_type": {"code"}, "username": {"ann"}, "password": {password}})
	tokens := s.post("/oauth2/token", app, url.Values{"grant_type": {"authorization_code"}, "code": {code["authorization_code"]}})
	for range refreshes {
		s.post("/oauth2/token", app, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"]}})
	}
}

func seed(t *testing.T) *seeded {
	t.Helper()
	s := &seeded{T: t, Node: StartForTest(t, nil), secrets: map[string]string{}}
	// What this version can give an app: assigned people, a fence, one resource,
	// an owner, a day to look again.
	s.app("healthy-shop", "--type=confidential", "--first-party", "--flow=code_and_credentials", "--redirect-uri=https://shop.example/cb",
		"--scope=openid profile offline_access", "--post-body-only", "--permitted-users=admin_preauthorized", "--group=staff",
		"--ip-range=127.0.0.0/8", "--owner=ann@example.com", "--review-due=2100-01-01")
	// Everything that proves an app or ends a token is off. That anybody may use
	// it is no fault of an app of ours that learns who they are and no more.
	s.app("lax-server", "--force", "--type=confidential", "--first-party", "--flow=code_and_credentials", "--redirect-uri=https://lax.example/cb",
		"--scope=openid profile offline_access", "--require-pkce=off", "--require-secret=off", "--rotation=off", "--refresh-policy=infinite",
		"--access-ttl=24h", "--owner=bob@example.com", "--review-due=2100-01-01")
	// Somebody else's app asks our people for their passwords, for full access.
	s.app("alien-phone", "--force", "--type=public", "--platform=mobile", "--flow=code_and_credentials", "--redirect-uri=com.alien:/cb",
		"--scope=openid full", "--owner=eve@alien.example", "--review-due=2100-01-01")
	// A resource server that may look at everybody's tokens, with one for half a
	// day, left alone for years.
	s.app("old-partner", "--force", "--type=confidential", "--flow=code_and_credentials", "--redirect-uri=https://partner.example/cb",
		"--scope=openid", "--token-format=opaque", "--access-ttl=12h", "--introspect-all", "--review-due=2020-01-01")
	if _, code := s.cli(password, "user", "create", "--password-stdin", "--username", "ann", "--group", "staff"); code != 0 {
		t.Fatal("user create failed")
	}
	for range 3 {
		s.login("lax-server", 2)
	}
	s.server.CountUsage(context.Background()) // as it does every minute
	return s
}

// beyondThisVersion are the controls that no app can meet yet: there is no logout
// that reaches apps, no second factor, no sender-constrained token. A reviewer
// tells so of every app that signs people in, and so does the review.
var beyondThisVersion = []string{"session-assurance", "sender-constrained-tokens"}

// TestReviewSaysWhatACarefulReviewerWould.
func TestReviewSaysWhatACarefulReviewerWould(t *testing.T) {
	s := seed(t)
	out, code := s.cli("", "review", "-o", "json")
	if code != review.ExitOpen {
		t.Errorf("exit code %d, want %d: high findings are open", code, review.ExitOpen)
	}
	var run review.Run
	if err := json.Unmarshal([]byte(out), &run); err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, f := range run.Findings {
		if f.Status == review.Fail {
			got[f.App] = append(got[f.App], f.Control)
		}
	}
	want := map[string][]string{
		// Refresh tokens are given, and a logout would not end them.
		"healthy-shop": append([]string{"app-single-logout"}, beyondThisVersion...),
		"lax-server": append([]string{
			"code-and-credentials-flow",     // a stolen code is good without secret and verifier
			"code-and-credentials-settings", // a confidential app that need not prove itself
			"require-secret-code", "require-secret-refresh", "require-pkce", "refresh-rotation",
			"digital-signatures",     // a shared secret, and no PKCE behind it
			"jwt-access-tokens",      // 24 h
			"session-timeout",        // 24 h
			"refresh-token-lifetime", // for ever
			"app-single-logout",
			"ip-restrictions",       // usable from anywhere, with nothing else in the way
			"revocation-propagates", // a revoked token works on for 24 h where it is checked offline
		}, beyondThisVersion...),
		"alien-phone": append([]string{
			"code-and-credentials-flow",                  // a third party takes passwords
			"scope-least-privilege",                      // full access
			"custom-scopes",                              // nothing says what full opens
			"access-token-audience", "jwt-access-tokens", // a token for full access names no resource
			"ip-restrictions", "permitted-users",
			"mobile-screen-lock", // a phone, and nothing is known of its lock
			"consent-protection", // a third party, and nobody is asked
		}, beyondThisVersion...),
		"old-partner": append([]string{
			"code-and-credentials-flow",
			"jwt-access-tokens", "session-timeout", // opaque, 12 h
			"ip-restrictions", "permitted-users",
			"oauth-usage",         // no owner, and the review is overdue
			"introspect-own-only", // may look at everybody's tokens
			"consent-protection", "app-single-logout",
		}, beyondThisVersion...),
		"": {
			"single-logout",    // there is none
			"weak-flows-off",   // one app obtains codes without PKCE
			"no-store-no-leak", // the Salesforce dialect takes tokens in a query
		},
	}
	for id, list := range want {
		slices.Sort(list)
		slices.Sort(got[id])
		if diff := cmp.Diff(list, got[id]); diff != "" {
			t.Errorf("%q fails (-want +got):\n%s", id, diff)
		}
	}
	if s := run.Apps; !slices.IsSortedFunc(s, func(a, b review.AppScore) int { return strings.Compare(a.ID, b.ID) }) || len(s) != 4 {
		t.Errorf("apps %+v", s)
	}
	for _, a := range run.Apps {
		if (*a.Score.Score >= 75) != (a.ID == "healthy-shop") {
			t.Errorf("%s scores %.1f", a.ID, *a.Score.Score)
		}
	}
	f, _ := run.Find("require-pkce", "lax-server")
	if b := f.Fix.Forecast; !b.Known || b.Failed != 3 || b.Of != 12 {
		t.Errorf("PKCE would have refused %d of %d requests, want 3 logins of 12 requests", b.Failed, b.Of)
	}
}

// TestThePrintedFixChangesTheVerdict: for an app of ours whose flow is off, the
// command that review fix prints turns it on, and then it passes.
func TestThePrintedFixChangesTheVerdict(t *testing.T) {
	s := seed(t)
	if _, code := s.cli("", "app", "set", "healthy-shop", "--flow=code_and_credentials=off", "--post-body-only=off"); code != 0 {
		t.Fatal("app set failed")
	}
	verdict := func() review.Status {
		t.Helper()
		out, _ := s.cli("", "review", "-o", "json", "--app", "healthy-shop", "--control", "code-and-credentials-flow")
		var run review.Run
		if err := json.Unmarshal([]byte(out), &run); err != nil {
			t.Fatal(err)
		}
		return run.Findings[0].Status
	}
	if v := verdict(); v == review.Pass {
		t.Fatalf("with the flow off the verdict is %s", v)
	}
	out, code := s.cli("", "review", "fix", "-o", "json", "--app", "healthy-shop", "--control", "code-and-credentials-flow")
	var m struct {
		Subjects []struct {
			Command string `json:"command"`
		} `json:"subjects"`
	}
	if err := json.Unmarshal([]byte(out), &m); err != nil || code != 0 || len(m.Subjects) != 1 {
		t.Fatalf("%d %v %s", code, err, out)
	}
	if v := verdict(); v == review.Pass {
		t.Error("a dry run wrote something")
	}
	words := strings.Fields(m.Subjects[0].Command)
	if _, code := s.cli("", words[1:]...); code != 0 {
		t.Fatalf("%s: %d", m.Subjects[0].Command, code)
	}
	if v := verdict(); v != review.Pass {
		t.Errorf("after %q the verdict is %s", m.Subjects[0].Command, v)
	}
}
