package probe

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/evidence"
)

// pages is a server whose login is made of pages. Its codes are the toy's.
type pages struct {
	toy
	script, away, loop bool
}

const home = "http://127.0.0.1/cb"

func (y *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, _ := r.Cookie("session")
	switch {
	case r.URL.Path == "/token":
		y.toy.ServeHTTP(w, r)
	case r.URL.Path == "/auth":
		y.auth(w, r)
	case c == nil:
		http.Error(w, "no session", http.StatusForbidden)
	case r.URL.Path == "/login":
		y.login(w, r)
	default:
		y.consent(w, r, c.Value)
	}
}

func (y *pages) auth(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.FormValue("redirect_uri") != home:
		http.Error(w, "redirect_uri", http.StatusBadRequest)
	case r.FormValue("code_challenge") == "":
		http.Redirect(w, r, home+"?error=invalid_request&iss=x", http.StatusSeeOther)
	case y.loop:
		http.Redirect(w, r, "/auth?"+r.URL.RawQuery, http.StatusFound)
	default:
		http.SetCookie(w, &http.Cookie{Name: "session", Value: r.FormValue("code_challenge"), Path: "/"})
		http.Redirect(w, r, "/login", http.StatusFound)
	}
}

func (y *pages) login(w http.ResponseWriter, r *http.Request) {
	text := `<form action=/search><input name=q></form><!-- <form><input type=password name=x></form> -->
		<form method="post" action="/login?a=1&amp;b=2"><input type="hidden" name="csrf" value="it&#39;s"><input NAME='user' type=text>
		<input type=password name=pw><input type=checkbox name=keep value=1><button disabled name=z value=z>Z</button><button type=submit>Sign in</button></form>`
	switch {
	case y.script:
		text = `<script>document.write("<form>")</script><div id=app></div>`
	case y.away:
		text = `<form action="https://elsewhere.example/" method=post><input type=password name=p></form>`
	case r.Method == http.MethodGet, r.PostFormValue("pw") != "right password":
	case r.FormValue("b") != "2" || r.PostFormValue("csrf") != "it's" || r.PostFormValue("user") != "ann":
		http.Error(w, "form", http.StatusBadRequest)
		return
	default:
		http.Redirect(w, r, "/consent", http.StatusSeeOther)
		return
	}
	_, _ = w.Write([]byte("<!doctype html><title>x</title>" + text))
}

func (y *pages) consent(w http.ResponseWriter, r *http.Request, challenge string) {
	switch {
	case r.Method == http.MethodGet:
		_, _ = w.Write([]byte(`<form method=post><button name=answer value=no>Cancel</button><button name=answer value=yes>Allow</button></form>`))
	case r.PostFormValue("answer") == "yes":
		code := newText()
		y.codes[code] = challenge
		http.Redirect(w, r, home+"?code="+code, http.StatusSeeOther)
	default:
		http.Error(w, "denied", http.StatusForbidden)
	}
}

func pagesTarget(t *testing.T, y *pages) *Target {
	t.Helper()
	to := target(t, &y.toy)
	srv := httptest.NewServer(y)
	t.Cleanup(srv.Close)
	to.Doors = []Door{{Dialect: Standard, Authorize: srv.URL + "/auth", Token: srv.URL + "/token", Browse: ByForms}}
	return to
}

// TestCodesThroughPages: the stolen code is tried against a server whose codes
// come from a browser, and its missing defence is seen.
func TestCodesThroughPages(t *testing.T) {
	for _, c := range []struct {
		name                string
		y                   *pages
		case3, case4, login evidence.Result
	}{
		{"sound", &pages{}, evidence.Held, evidence.Held, evidence.Inconclusive},
		{"no verifier", &pages{toy: toy{noVerifier: true}}, evidence.Held, evidence.Broken, evidence.Inconclusive},
	} {
		n := Run(t.Context(), pagesTarget(t, c.y), stolenCode, Options{Now: time.Now}).Numbers()
		if n[0] != evidence.Held || n[3] != c.case3 || n[4] != c.case4 || n[7] != c.login {
			t.Errorf("%s: %v", c.name, n)
		}
	}
}

// TestPagesThatEnd gives the last answer, or says why there is none.
func TestPagesThatEnd(t *testing.T) {
	for _, c := range []struct {
		name   string
		y      *pages
		change Change
		status int
		says   string // error code, or part of the fault
	}{
		{"a code", &pages{}, func(*Request) {}, 303, ""},
		{"an error goes to the app", &pages{}, Without("code_challenge"), 303, "invalid_request"},
		{"an error page", &pages{}, With("redirect_uri", "http://127.0.0.1/other"), 400, "redirect_uri"},
		{"a wrong password", &pages{}, func(r *Request) { r.Person = &Person{"ann", "wrong"} }, 0, "came again"},
		{"a page of scripts", &pages{script: true}, func(*Request) {}, 0, "without a script"},
		{"a form that leads away", &pages{away: true}, func(*Request) {}, 0, "leads away"},
		{"a circle", &pages{loop: true}, func(*Request) {}, 0, "did not end within"},
	} {
		var a *Answer
		s := Scenario{ID: "x", Cases: []Case{{Try: func(t *Trial) { a = t.Send(t.Login(t.App, t.Person, t.NewVerifier()), c.change) }}}}
		tr := Run(t.Context(), pagesTarget(t, c.y), s, Options{Now: time.Now})
		if a.Status != c.status || c.status != 0 && a.Error() != c.says || !strings.Contains(a.Fault, c.says) && c.status == 0 {
			t.Errorf("%s: %d %q %q", c.name, a.Status, a.Error(), a.Fault)
		}
		e := tr.Cases[0].Exchanges
		if len(e) != 1 || strings.Contains(e[0].Request.Line, "password") || !strings.HasPrefix(e[0].Request.Line, "GET /auth?") || tr.Requests == 0 {
			t.Errorf("%s: the transcript has %+v after %d requests", c.name, e, tr.Requests)
		}
	}
}

// TestFormsAreFilledIn presses the button that says yes, whatever comes first.
func TestFormsAreFilledIn(t *testing.T) {
	f := formsOf(`<FORM ACTION='/x' Method=Post><input type="email" name=mail><input type=radio name=r value=1><input type=radio name=r value=2>
		<input type=submit name=deny value="Deny"><input type=submit name=go value="Go &gt;"><input type=submit name=more value=More></FORM><input name=outside>`)
	if len(f) != 1 || f[0].method != "POST" || f[0].action != "/x" || f[0].asksPassword() {
		t.Fatalf("%+v", f)
	}
	want := url.Values{"mail": {"ann"}, "r": {"1"}, "go": {"Go >"}}
	if diff := cmp.Diff(want, f[0].fill(&Person{Username: "ann"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
