package probe

import (
	"net/http"
	"slices"
	"strings"

	"countersign/internal/evidence"
)

var scopeCeiling = Scenario{
	ID: "probe.scope-ceiling", Title: "More scope than the app has", Controls: []string{"scope-least-privilege", "custom-scopes"},
	Story: evidence.Story{
		Attacker: "The app itself, taken over, or its developer in a hurry.",
		Holds:    "The app's own credentials, and people who trust it.",
		Wants:    "Rights that nobody gave the app: a scope outside its list, more on refresh than the person allowed, an interface that its token is not for.",
		Defence:  "The list of scopes is a ceiling at every door; a refresh never widens; each interface asks for its own scope.",
	},
	Applies: noCodes,
	Cases: []Case{
		{
			Number: 0, Title: "The app's own scopes", Changed: "nothing", Expect: "200, within the list",
			Try: func(t *Trial) { t.within(t.SignIn(), t.App.Scopes) },
		},
		{
			Number: 1, Title: "One scope more", Changed: "a scope outside the app's list", Expect: "400 invalid_scope, or it is left out",
			Try: func(t *Trial) {
				for _, more := range t.unlisted() {
					v := t.NewVerifier()
					a := t.Send(t.Login(t.App, t.Person, v), By("the app", "asks for the scope "+more), With("scope", strings.Join(append(slices.Clone(t.App.Scopes), more), " ")))
					code := codeIn(a)
					if code == "" {
						t.Refused(a, ScopeRefused)
						continue
					}
					t.within(t.Tokens(t.App, Code{Text: code, Verifier: v, Redirect: t.redirectOf()}), t.App.Scopes)
				}
			},
		},
		{Number: 2, Title: "More on refresh", Changed: "a scope that the person did not allow", Expect: "400 invalid_scope", Try: widerRefresh},
		{
			Number: 3, Title: "More by exchange", Changed: "the access token is exchanged for one with more scope", Expect: "400",
			Try: func(t *Trial) {
				r := t.grant(tokenExchangeGrant, "exchanges its token for more", "subject_token", t.SignIn().Access, "subject_token_type", "urn:ietf:params:oauth:token-type:access_token", "scope", "full")
				t.Refused(t.Send(r), FlowOff, ScopeRefused)
			},
		},
		{Number: 4, Title: "An interface the token is not for", Changed: "userinfo without the scope openid", Expect: "403 insufficient_scope", Needs: []Piece{NeedUserinfo}, Try: otherInterface},
	},
}

// within ends the trial when tokens carry a scope beyond the list.
func (t *Trial) within(got Tokens, list []string) {
	for _, s := range strings.Fields(got.Answer.Text("scope")) {
		if !slices.Contains(list, s) {
			t.Broken("the token carries the scope %s, which the app does not have", s)
		}
	}
}

// unlisted are scopes the app does not have: an invented one and a mighty one.
func (t *Trial) unlisted() []string {
	out := []string{"probe_unlisted"}
	for _, s := range []string{"full", "api", "web"} {
		if !slices.Contains(t.App.Scopes, s) {
			return append(out, s)
		}
	}
	return out
}

func widerRefresh(t *Trial) {
	if why := noRefresh(t.Target); why != "" {
		t.Skip("%s", why)
	}
	narrow := []string{}
	for _, s := range t.App.Scopes {
		if s == "offline_access" || s == "refresh_token" {
			narrow = append(narrow, s)
		}
	}
	wider := "probe_unlisted"
	for _, s := range t.App.Scopes {
		if !slices.Contains(narrow, s) {
			wider = s
		}
	}
	if len(narrow) == 0 {
		t.Skip("the app has no scope for refresh tokens")
	}
	f := t.Tokens(t.App, t.Code(With("scope", strings.Join(narrow, " "))))
	if f.Refresh == "" {
		t.Inconclusive("the login gave no refresh token")
	}
	a := t.Send(t.RefreshRequest(t.App, f.Refresh), By("the app", "refreshes and asks for the scope "+wider), With("scope", wider))
	if a.Status == http.StatusOK {
		for _, s := range strings.Fields(a.Text("scope")) {
			if !slices.Contains(narrow, s) {
				t.Broken("the refresh widened the grant by %s", s)
			}
		}
		t.Remark("the wider scope was left out, not refused")
		return
	}
	t.Refused(a, ScopeRefused)
}

func otherInterface(t *Trial) {
	var scopes []string
	for _, s := range t.App.Scopes {
		if s != "openid" && s != "full" {
			scopes = append(scopes, s)
		}
	}
	if len(scopes) == 0 || t.Door.Dialect == Salesforce {
		t.Skip("no token of this app lacks the scope that userinfo asks for")
	}
	f := t.Tokens(t.App, t.Code(With("scope", strings.Join(scopes, " "))))
	t.declined(t.Send(t.UserinfoRequest(f.Access), By("the app", "asks for the person's profile without openid")), Forbidden, TokenRefused)
}
