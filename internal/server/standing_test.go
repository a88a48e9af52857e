package server

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/oauth"
)

// The pair of RFC 7636 Appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// house is a running server with one public app and one person.
type house struct {
	t      *testing.T
	s      *Server
	person *account.Account
}

const (
	phone    = oauth.ClientID("phone-app-1")
	password = "a quiet river under the old bridge"
)

func furnished(t *testing.T) *house {
	t.Helper()
	c := configure(t.TempDir())
	c.Password.MemoryKiB, c.Password.Time = 64, 1
	s, _ := running(t, c)
	h := &house{t: t, s: s}
	_, err := s.Desk.CreateApp(t.Context(), phone, []admin.Set{
		{Field: "name", Values: []string{"Phone"}},
		{Field: "type", Values: []string{"public"}},
		{Field: "first-party", Values: []string{"on"}},
		{Field: "flow", Values: []string{"headless"}},
		{Field: "scope", Values: []string{"openid", "offline_access"}},
	})
	if err == nil {
		h.person, err = s.Desk.CreateUser(t.Context(), admin.NewUser{Username: "ann", Password: password})
	}
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) post(path string, form url.Values) map[string]any {
	h.t.Helper()
	form.Set("client_id", string(phone))
	resp, err := http.PostForm(h.s.URL()+path, form) //nolint:noctx // a test
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	var v map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil {
		h.t.Fatal(err)
	}
	return v
}

func (h *house) code() string {
	h.t.Helper()
	v := h.post("/oauth2/challenge", url.Values{
		"response_type": {"code"}, "username": {"ann"}, "password": {password}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
	})
	code, ok := v["authorization_code"].(string)
	if !ok {
		h.t.Fatalf("challenge: %v", v)
	}
	return code
}

func (h *house) redeem(code string) (access, refresh string) {
	h.t.Helper()
	return h.tokens(url.Values{"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {verifier}})
}

func (h *house) tokens(form url.Values) (access, refresh string) {
	h.t.Helper()
	v := h.post("/oauth2/token", form)
	access, _ = v["access_token"].(string)
	refresh, _ = v["refresh_token"].(string)
	if access == "" || refresh == "" {
		h.t.Fatalf("token: %v", v)
	}
	return access, refresh
}

// expect asks for the standing of a token and holds it against the wanted reason
// for being dead; empty: alive.
func (h *house) expect(what, text, want string) {
	h.t.Helper()
	other, err := OpenData(h.t.Context(), DataOptions{Dir: h.s.cfg.Data, MustExist: true, ReadOnly: true})
	if err != nil {
		h.t.Fatal(err)
	}
	defer other.Close()
	got, err := other.Standing(h.t.Context(), text, time.Now)
	if err != nil {
		h.t.Fatal(err)
	}
	if got.Active != (want == "") || !strings.Contains(got.Why, want) || want == "" && (got.App != phone || got.User != h.person.ID) {
		h.t.Errorf("%s: %+v, want %q", what, got, want)
	}
}

func TestStanding(t *testing.T) {
	h := furnished(t)
	h.expect("nonsense", "x", "token.malformed")
	h.expect("a foreign code", "csc1_x", "code.not-ours")
	h.expect("a foreign refresh token", "csr1_x", "refresh.not-ours")

	code := h.code()
	h.expect("a fresh code", code, "")
	access, first := h.redeem(code)
	h.expect("a spent code", code, "it was redeemed")
	h.expect("an access token", access, "")
	h.expect("a refresh token", first, "")

	access2, second := h.tokens(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first}})
	h.expect("a replaced refresh token", first, "it is generation 1, the present one is 2")
	h.expect("its successor", second, "")

	if _, err := h.s.Desk.EndGrants(t.Context(), h.person.ID, phone); err != nil {
		t.Fatal(err)
	}
	h.expect("a refresh token of an ended grant", second, "the grant was ended")
	h.expect("an access token of an ended grant", access2, "token.ended")
}

// TestStandingFollows: a token is as alive as the person and the app behind it.
func TestStandingFollows(t *testing.T) {
	h := furnished(t)
	for _, step := range []struct {
		name   string
		off    func() error
		on     func() error
		is     string // while it is off
		stayed string // when it is on again
	}{
		{"flow", h.set("flow", "headless=off"), h.set("flow", "headless=on"), "the flow is switched off", "switched off since"},
		{"app", h.set("enabled", "off"), h.set("enabled", "on"), "the grant was ended", "the grant was ended"},
		{
			"person", func() error { return h.s.Desk.DisableUser(t.Context(), h.person.ID) },
			func() error { return h.s.Desk.EnableUser(t.Context(), h.person.ID) }, "ended", "ended",
		},
	} {
		_, refresh := h.redeem(h.code())
		if err := step.off(); err != nil {
			t.Fatal(err)
		}
		h.expect(step.name+" off", refresh, step.is)
		for begun := time.Now(); time.Since(begun) < 2*time.Millisecond; { // what begins in the same millisecond counts as before
		}
		if err := step.on(); err != nil {
			t.Fatal(err)
		}
		h.expect(step.name+" on again", refresh, step.stayed)
	}
	_, refresh := h.redeem(h.code())
	h.expect("after all that", refresh, "")
	if err := h.s.Desk.DeleteApp(t.Context(), phone); err != nil {
		t.Fatal(err)
	}
	h.expect("app deleted", refresh, "the app is gone")
}

func (h *house) set(field, value string) func() error {
	return func() error {
		_, err := h.s.Desk.ChangeApp(h.t.Context(), phone, []admin.Set{{Field: field, Values: []string{value}}})
		return err
	}
}
