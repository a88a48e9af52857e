package probe

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/evidence"
	"countersign/internal/secret"
)

// toy is a small authorization server with one app, whose defences can be taken
// away. It is here to show that the harness tells right from wrong.
type toy struct {
	mu    sync.Mutex
	codes map[string]string // code to challenge
	spent map[string]string // code to access token
	dead  map[string]bool
	tries int

	noSecret, noVerifier, twice, livesOn, noLimit, down bool
}

func (y *toy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	y.mu.Lock()
	defer y.mu.Unlock()
	_ = r.ParseForm()
	answer := func(status int, members map[string]any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(members)
	}
	refuse := func(status int, code string) { answer(status, map[string]any{"error": code}) }
	id, secret, _ := r.BasicAuth()
	if id == "" {
		id = r.PostFormValue("client_id")
	}
	switch {
	case y.down:
		http.Error(w, "down", http.StatusBadGateway)
	case r.URL.Path == "/userinfo":
		if token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); y.dead[token] || token == "" {
			refuse(401, "invalid_token")
			return
		}
		answer(200, map[string]any{"sub": "u"})
	case r.Method != http.MethodPost:
		refuse(405, "invalid_request")
	case r.URL.Path == "/challenge":
		if y.tries > 5 && !y.noLimit && r.PostFormValue("password") != "right password" {
			refuse(429, "rate_limited")
			return
		}
		if r.PostFormValue("password") != "right password" {
			y.tries++
			refuse(400, "access_denied")
			return
		}
		code := newText()
		y.codes[code] = r.PostFormValue("code_challenge")
		answer(200, map[string]any{"authorization_code": code})
	case secret != "right-secret" && (secret != "" || !y.noSecret) && id == "app-a", id == "app-b" && secret != "other-secret":
		refuse(401, "invalid_client")
	default:
		y.redeem(r, id, answer, refuse)
	}
}

func (y *toy) redeem(r *http.Request, id string, answer func(int, map[string]any), refuse func(int, string)) {
	code, verifier := r.PostFormValue("code"), r.PostFormValue("code_verifier")
	challenge, known := y.codes[code]
	first, used := y.spent[code]
	switch {
	case id != "app-a", !known, r.PostFormValue("redirect_uri") != "" && r.PostFormValue("redirect_uri") != home:
		refuse(400, "invalid_grant")
	case !y.noVerifier && Challenge(verifier) != challenge:
		refuse(400, "invalid_grant")
	case used && !y.twice:
		y.dead[first] = !y.livesOn
		refuse(400, "invalid_grant")
	default:
		token := newText()
		y.spent[code] = token
		answer(200, map[string]any{"access_token": token})
	}
}

func newText() string { return secret.Text(16) }

func target(t *testing.T, y *toy) *Target {
	t.Helper()
	y.codes, y.spent, y.dead = map[string]string{}, map[string]string{}, map[string]bool{}
	srv := httptest.NewServer(y)
	t.Cleanup(srv.Close)
	return &Target{
		Issuer: srv.URL, Doors: []Door{{Dialect: Standard, Login: srv.URL + "/challenge", Token: srv.URL + "/token", Userinfo: srv.URL + "/userinfo"}},
		App: &App{
			ID: "app-a", Secret: "right-secret", Method: "client_secret_basic", Redirect: "http://127.0.0.1/cb",
			Scopes: []string{"openid"}, Settings: &Settings{FirstParty: true, Headless: true, SecretForCode: true, PKCE: true},
		},
		AppB:   &App{ID: "app-b", Secret: "other-secret", Method: "client_secret_basic"},
		Person: &Person{"ann", "right password"},
		Inside: loopback(1), Outside: loopback(2),
	}
}

// The stolen code is refused by a sound server; each missing defence turns exactly
// the cases red that are about it.
func TestStolenCode(t *testing.T) {
	for _, c := range []struct {
		name   string
		y      *toy
		broken []int
	}{
		{"sound", &toy{}, nil},
		{"no secret", &toy{noSecret: true}, []int{1}},
		{"no verifier", &toy{noVerifier: true}, []int{4}},
		{"a code works twice", &toy{twice: true}, []int{5, 6}},
		{"a replay ends nothing", &toy{livesOn: true}, []int{5}},
		{"no limit", &toy{noLimit: true}, []int{8}},
	} {
		tr := Run(t.Context(), target(t, c.y), stolenCode, Options{Now: time.Now})
		want := map[int]evidence.Result{9: evidence.Inconclusive, 10: evidence.NotApplicable} // no clock; the app has a secret
		for _, n := range c.broken {
			want[n] = evidence.Broken
		}
		for n, got := range tr.Numbers() {
			if w := want[n]; w == "" && got != evidence.Held || w != "" && got != w {
				t.Errorf("%s: case %d is %s", c.name, n, got)
			}
		}
		text, _ := json.Marshal(tr)
		for _, hidden := range []string{"right-secret", "right password", "right+password"} {
			if strings.Contains(string(text), hidden) {
				t.Errorf("%s: the transcript contains %q", c.name, hidden)
			}
		}
	}
}

// Without a working honest flow nothing is proven, in either direction.
func TestControlFirst(t *testing.T) {
	to := target(t, &toy{down: true})
	tr := Run(t.Context(), to, stolenCode, Options{Now: time.Now})
	if tr.Result != evidence.Inconclusive || tr.Requests != 1 {
		t.Errorf("a server that is down: %s after %d requests", tr.Result, tr.Requests)
	}
	to.App.Settings.Headless = false
	if tr = Run(t.Context(), to, stolenCode, Options{Now: time.Now}); tr.Result != evidence.NotApplicable || tr.Requests != 0 || tr.Why == "" {
		t.Errorf("no flow: %s %q", tr.Result, tr.Why)
	}
}

// A piece that is missing is named.
func TestMissingPiece(t *testing.T) {
	to := target(t, &toy{})
	to.AppB = nil
	tr := Run(t.Context(), to, stolenCode, Options{Now: time.Now})
	for _, c := range tr.Cases {
		if c.Number == 3 && (c.Result != evidence.Inconclusive || !strings.Contains(c.Why, "app_b")) {
			t.Errorf("%s: %s", c.Result, c.Why)
		}
	}
}

// A run stays within its number of requests, asks nobody but the target, and
// waits between requests where that is asked for.
func TestPolite(t *testing.T) {
	to := target(t, &toy{})
	waits := 0
	o := Options{Now: time.Now, Limits: Limits{Requests: 7, Every: time.Hour}, Pause: func(context.Context, time.Duration) { waits++ }}
	tr := Run(t.Context(), to, stolenCode, o)
	if answered := countAnswers(tr); answered != 7 || waits != 6 {
		t.Errorf("%d answers, %d waits", answered, waits)
	}
	elsewhere := Scenario{ID: "x", Cases: []Case{{Try: func(t *Trial) {
		t.Must(t.Send(t.request("GET", "http://127.0.0.9/", "asks somebody else", nil, nil)), "it")
	}}}}
	if tr = Run(t.Context(), to, elsewhere, Options{Now: time.Now}); !strings.Contains(tr.Why, "no part of the target") {
		t.Errorf("%s", tr.Why)
	}
}

func countAnswers(tr *evidence.Transcript) int {
	n := 0
	for _, c := range tr.Cases {
		for _, e := range c.Exchanges {
			if e.Response.Status != 0 {
				n++
			}
		}
	}
	return n
}

// The catalogue is sound: ids are unique, cases are numbered from 0, everything
// has its words.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range All {
		if seen[s.ID] || !strings.HasPrefix(s.ID, "probe.") && s.ID != "manual.attestation" || s.Title == "" || len(s.Controls) == 0 {
			t.Errorf("%s: %q, %v", s.ID, s.Title, s.Controls)
		}
		seen[s.ID] = true
		if st := s.Story; st.Attacker == "" || st.Holds == "" || st.Wants == "" || st.Defence == "" {
			t.Errorf("%s: the story is not told", s.ID)
		}
		for i, c := range s.Cases {
			if c.Number != i || c.Title == "" || c.Changed == "" || c.Expect == "" || c.Try == nil {
				t.Errorf("%s: case %d: %+v", s.ID, i, c)
			}
		}
		if got, ok := ByID(s.ID); !ok || got.Title != s.Title {
			t.Errorf("%s is not found", s.ID)
		}
	}
	if _, ok := ByID("probe.nothing"); ok {
		t.Error("found what is not there")
	}
}

func loopback(n byte) netip.Addr { return netip.AddrFrom4([4]byte{127, 0, n, 5}) }
