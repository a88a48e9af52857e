package blackbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/probe"
)

// published is a server that publishes documents by path, with its own address
// for BASE, and answers at the other dialect's token endpoint if told so.
func published(t *testing.T, documents map[string]string) string {
	t.Helper()
	var srv *httptest.Server
	srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := documents[r.URL.Path]
		switch {
		case !ok:
			http.NotFound(w, r)
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusBadRequest)
			fallthrough
		default:
			_, _ = w.Write([]byte(strings.ReplaceAll(text, "BASE", srv.URL)))
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

const (
	openid = "/.well-known/openid-configuration"
	oauth2 = "/.well-known/oauth-authorization-server"
	sfdc   = "/services/oauth2/token"
)

const plain = `{"issuer":"BASE","authorization_endpoint":"BASE/auth","token_endpoint":"BASE/token","userinfo_endpoint":"BASE/me","introspection_endpoint":"BASE/look"}`

// TestDoorsAreFound says which doors each kind of server has.
func TestDoorsAreFound(t *testing.T) {
	headless := strings.Replace(plain, `"token_endpoint"`, `"authorization_challenge_endpoint":"BASE/challenge","token_endpoint"`, 1)
	for _, row := range []struct {
		name      string
		documents map[string]string
		dialect   string
		want      []string // dialect, how to get codes
	}{
		{"openid", map[string]string{openid: plain}, Auto, []string{"standard pages"}},
		{"oauth", map[string]string{oauth2: plain}, Standard, []string{"standard pages"}},
		{"headless", map[string]string{openid: headless}, Auto, []string{"standard login"}},
		{"both dialects", map[string]string{openid: headless, sfdc: `{"error":"invalid_request"}`}, Auto, []string{"standard login", "salesforce login"}},
		{"one of two", map[string]string{openid: headless, sfdc: `{"error":"invalid_request"}`}, Standard, []string{"standard login"}},
		{"a page, no dialect", map[string]string{openid: plain, sfdc: `<html>`}, Auto, []string{"standard pages"}},
		{"the other dialect without metadata", map[string]string{}, Salesforce, []string{"salesforce login"}},
	} {
		f, err := Discover(t.Context(), published(t, row.documents), row.dialect, false)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		var got []string
		for _, d := range f.Doors {
			how := "none"
			switch {
			case d.Login != "":
				how = "login"
			case d.Browse != nil:
				how = "pages"
			}
			got = append(got, string(d.Dialect)+" "+how)
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: doors (-want +got):\n%s", row.name, diff)
		}
	}
}

// TestWhatIsNotProbed names the reason.
func TestWhatIsNotProbed(t *testing.T) {
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	for _, row := range []struct {
		name, issuer string
		want         error
	}{
		{"another machine", "https://login.example.com", ErrForeign},
		{"a name that only begins like this machine", "https://localhost.example.com", ErrForeign},
		{"an address that only looks local", "http://127.0.0.1.example.com", ErrForeign},
		{"a private address", "http://10.0.0.1", ErrForeign},
		{"no URL", "login.example.com", ErrIssuer},
		{"another scheme", "ftp://127.0.0.1", ErrIssuer},
		{"a query", "http://127.0.0.1/?a=b", ErrIssuer},
		{"a person", "http://u:p@127.0.0.1/", ErrIssuer},
		{"nobody there", down.URL, ErrUnreachable},
		{"no metadata", published(t, nil), ErrNoMetadata},
		{"no token endpoint", published(t, map[string]string{openid: `{"issuer":"BASE"}`}), ErrNoMetadata},
		{"metadata that lead away", published(t, map[string]string{openid: `{"issuer":"BASE","token_endpoint":"https://login.example.com/token"}`}), ErrForeign},
	} {
		if _, err := Discover(t.Context(), row.issuer, Auto, false); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
	}
	if _, err := Discover(t.Context(), published(t, map[string]string{openid: `{"issuer":"BASE","token_endpoint":"https://login.example.com/token"}`}), Auto, true); err != nil {
		t.Errorf("somebody answers for it: %v", err)
	}
}

func TestOddMetadataIsNoted(t *testing.T) {
	f, err := Discover(t.Context(), published(t, map[string]string{openid: strings.Replace(plain, `"BASE"`, `"http://other"`, 1)}), Auto, false)
	if err != nil || len(f.Notes) != 1 || !strings.Contains(f.Notes[0], "another issuer") {
		t.Errorf("%q, %v", f.Notes, err)
	}
}

func TestAddresses(t *testing.T) {
	f := Found{Doors: []probe.Door{{Token: "http://[::1]:1/token"}}}
	if inside, _ := f.Addresses(); inside.IsValid() {
		t.Error("IPv6 has one loopback address")
	}
}

func TestScenariosByName(t *testing.T) {
	all, err := Scenarios(nil)
	if err != nil || len(all) != len(judged) {
		t.Errorf("%d, %v", len(all), err)
	}
	one, err := Scenarios([]string{"stolen-code", "probe.stolen-code"})
	if err != nil || len(one) != 2 || one[0].ID != "probe.stolen-code" {
		t.Errorf("%v, %v", one, err)
	}
	var unknown ErrScenario
	if _, err = Scenarios([]string{"nothing"}); !errors.As(err, &unknown) {
		t.Errorf("%v", err)
	}
}

// TestRunFromOutside: what only an insider could try does not apply; what a
// person could still give is said.
func TestRunFromOutside(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(map[string]int{"/ok": 200, "/no": 400}[r.URL.Path])
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_grant"})
	}))
	t.Cleanup(srv.Close)
	to := &probe.Target{Doors: []probe.Door{{Dialect: probe.Standard, Token: srv.URL + "/no", Userinfo: srv.URL + "/ok"}}, App: &probe.App{ID: "a"}}
	s := probe.Scenario{ID: "probe.x", Cases: []probe.Case{
		{Number: 0, Try: func(t *probe.Trial) { t.Must(t.Send(t.UserinfoRequest("x")), "it") }},
		{Number: 1, Try: func(t *probe.Trial) { t.Refused(t.Send(t.RefreshRequest(t.App, "x")), probe.GrantRefused) }},
		{Number: 2, Needs: []probe.Piece{probe.NeedClock}},
		{Number: 3, Needs: []probe.Piece{probe.NeedAppB}},
	}}
	tr := Run(t.Context(), to, s, probe.Options{Now: time.Now})
	n := tr.Numbers()
	if n[1] != "held" || n[2] != "not_applicable" || n[3] != "inconclusive" || !tr.Inferred || !slices.Equal(tr.AnsweredBy, []string{"invalid_grant"}) {
		t.Errorf("%v, inferred %v, %v", n, tr.Inferred, tr.AnsweredBy)
	}
	if why := tr.Cases[3].Why; !strings.Contains(why, "give --other-client-id") {
		t.Errorf("no advice: %q", why)
	}
}
