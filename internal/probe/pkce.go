package probe

import (
	"net/http"

	"countersign/internal/evidence"
	"countersign/internal/secret"
)

var pkce = Scenario{
	ID: "probe.pkce", Title: "PKCE left out, weakened or downgraded", Controls: []string{"require-pkce"},
	Story: evidence.Story{
		Attacker: "Somebody who can intercept a code on its way back to the app, or who can change what the app asks for.",
		Holds:    "The code, and the request it was asked for with. Not the verifier, which never leaves the app until the code is redeemed.",
		Wants:    "A code that is bound to nothing, to a value that was visible, or to a check that can be skipped.",
		Defence:  "The app sends the hash of a random verifier with the login and the verifier itself with the redemption. The server insists on both, on a hash that cannot be turned back, and on their fitting together.",
	},
	Applies: noCodes,
	Cases: []Case{
		{Number: 0, Title: "A right challenge and its verifier", Changed: "nothing", Expect: "200", Try: func(t *Trial) { t.SignIn() }},
		{Number: 1, Title: "A login without a challenge", Changed: "no code_challenge", Expect: "400 invalid_request, no code", Try: noChallenge},
		{
			Number: 2, Title: "A challenge that is the verifier itself", Changed: "code_challenge_method=plain; then no method", Expect: "400 invalid_request, no code",
			Try: func(t *Trial) {
				v := t.NewVerifier()
				t.Refused(t.Send(t.Login(t.App, t.Person, v), By("a thief", "asks for the method plain"), With("code_challenge", v), With("code_challenge_method", "plain")), RequestRefused)
				if t.Door.Dialect == Salesforce {
					t.Remark("in this dialect a challenge without a method is taken as S256")
					return
				}
				t.Refused(t.Send(t.Login(t.App, t.Person, v), By("a thief", "leaves the method out, which means plain"), With("code_challenge", v), Without("code_challenge_method")), RequestRefused)
			},
		},
		{
			Number: 3, Title: "A bound code without its verifier", Changed: "no code_verifier", Expect: "400 invalid_grant",
			Try: func(t *Trial) {
				t.Refused(t.Send(t.Redeem(t.App, t.Code()), By("a thief", "redeems without the verifier"), Without("code_verifier")), GrantRefused)
			},
		},
		{
			Number: 4, Title: "A bound code with another verifier", Changed: "another code_verifier", Expect: "400 invalid_grant",
			Try: func(t *Trial) {
				t.Refused(t.Send(t.Redeem(t.App, t.Code()), By("a thief", "redeems with another verifier"), With("code_verifier", t.NewVerifier())), GrantRefused)
			},
		},
		{Number: 5, Title: "The challenge was stripped on the way", Changed: "no challenge at the login, but a verifier at the redemption", Expect: "refused at either end", Try: downgraded},
		{
			Number: 6, Title: "A verifier that is too short", Changed: "a verifier of 42 characters whose hash matches", Expect: "400 invalid_request or invalid_grant",
			Try: func(t *Trial) {
				v := secret.Text(32)[:42]
				a := t.Send(t.Login(t.App, t.Person, v), By("a careless app", "asks with the hash of a short verifier"))
				code := codeIn(a)
				if code == "" {
					t.Refused(a, RequestRefused)
					return
				}
				c := Code{Text: code, Verifier: v, Redirect: t.redirectOf()}
				t.Refused(t.Send(t.Redeem(t.App, c), By("a careless app", "redeems with the short verifier")), GrantRefused, RequestRefused)
			},
		},
		{
			Number: 7, Title: "One challenge for two logins", Changed: "the challenge of another login", Expect: "recorded, not judged",
			Try: func(t *Trial) {
				v := t.NewVerifier()
				t.Must(t.Send(t.Login(t.App, t.Person, v)), "the first login", http.StatusOK, http.StatusFound, http.StatusSeeOther)
				if codeIn(t.Send(t.Login(t.App, t.Person, v), By("the app", "uses the challenge again"))) != "" {
					t.Remark("a challenge may be used again; detection is recommended, not required (RFC 9700 §2.1.1)")
				}
			},
		},
	},
}

// redirectOf is the redirect URI a redemption at this door must repeat.
func (t *Trial) redirectOf() string { return t.Login(t.App, t.Person, "").Form.Get("redirect_uri") }

// bareCode asks for a code without a challenge; "" means refused, and the answer
// was judged.
func bareCode(t *Trial) string {
	a := t.Send(t.Login(t.App, t.Person, t.NewVerifier()), By("a thief", "lets the app ask without a challenge"), Without("code_challenge"), Without("code_challenge_method"))
	code := codeIn(a)
	if code == "" {
		t.declined(a, RequestRefused)
	}
	return code
}

// noChallenge: where PKCE is not required, a code without a challenge is what the
// settings ask for; then it must at least be worthless without the app's secret.
func noChallenge(t *Trial) {
	code := bareCode(t)
	switch {
	case code == "":
		return
	case t.told() && t.settings().PKCE:
		t.Broken("the app must use PKCE, and a login without a challenge gave a code")
	case !t.told():
		t.Remark("the server gives codes without a challenge")
	}
	t.Refused(t.Send(t.Redeem(t.App, Code{Text: code, Redirect: t.redirectOf()}), By("a thief", "redeems the code that is bound to nothing"), Outside, Bare), ClientUnproven, GrantRefused)
}

func downgraded(t *Trial) {
	code := bareCode(t)
	if code == "" {
		return
	}
	c := Code{Text: code, Verifier: t.NewVerifier(), Redirect: t.redirectOf()}
	t.Refused(t.Send(t.Redeem(t.App, c), By("the app", "redeems with the verifier it believes in")), GrantRefused, RequestRefused)
}
