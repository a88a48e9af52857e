package probe

import (
	"net/http"
	"slices"
	"strings"

	"countersign/internal/evidence"
	"countersign/internal/secret"
)

var weakFlows = Scenario{
	ID: "probe.weak-flows", Title: "Implicit, password and query tokens", Controls: []string{"weak-flows-off"}, Server: true,
	Story: evidence.Story{
		Attacker: "Somebody who knows the flows of ten years ago, and reads histories and logs.",
		Holds:    "An app's client_id; for one case a person's password.",
		Wants:    "A token in a URL, a token for a password, a token that is taken from a URL.",
		Defence:  "The flows that put tokens in URLs or passwords at the token endpoint are not there at all.",
	},
	Cases: []Case{
		{Number: 0, Title: "The code flow works", Changed: "nothing", Expect: "200", Needs: []Piece{NeedCodes}, Try: func(t *Trial) { t.SignIn() }},
		{
			Number: 1, Title: "Tokens in the redirect", Changed: "response_type=token, id_token token, code token", Expect: "unsupported_response_type", Needs: []Piece{NeedCodes},
			Try: func(t *Trial) {
				for _, kind := range []string{"token", "id_token token", "code token"} {
					a := t.Send(t.Login(t.App, t.Person, t.NewVerifier()), By("an old app", "asks for response_type="+kind), With("response_type", kind))
					t.Refused(a, FlowOff, RequestRefused)
				}
			},
		},
		{
			Number: 2, Title: "A token for a password", Changed: "grant_type=password with the right password", Expect: "unsupported_grant_type",
			Try: func(t *Trial) {
				t.Refused(t.Send(t.grant(passwordGrant, "sends the person's password to the token endpoint", "username", t.Person.Username, "password", t.Person.Password)), FlowOff)
			},
		},
		{
			Number: 3, Title: "What discovery says", Changed: "read", Expect: "no weak flow, and S256 alone",
			Try: func(t *Trial) {
				if len(t.Door.Metadata) == 0 {
					t.Skip("this door has no discovery document of its own")
				}
				for _, address := range t.Door.Metadata {
					m := t.metadata(address)
					for name, weak := range map[string][]string{
						"response_types_supported": {"token", "id_token token", "code token"}, "grant_types_supported": {"implicit", passwordGrant},
						"code_challenge_methods_supported": {"plain"},
					} {
						for _, v := range textsOf(m[name]) {
							if slices.Contains(weak, v) {
								t.Broken("%s lists %s", name, v)
							}
						}
					}
				}
			},
		},
		{
			Number: 4, Title: "A code in the fragment", Changed: "response_mode=fragment", Expect: "an error, or a code and never a token", Needs: []Piece{NeedCodes},
			Try: func(t *Trial) {
				a := t.Send(t.Login(t.App, t.Person, t.NewVerifier()), By("an old app", "asks for response_mode=fragment"), With("response_mode", "fragment"))
				if strings.Contains(a.Header.Get("Location"), "access_token") || a.Text("access_token") != "" {
					t.Broken("the redirect carries an access token")
				}
			},
		},
		{
			Number: 5, Title: "A token in the URL", Changed: "access_token in the query at userinfo", Expect: "401", Needs: []Piece{NeedUserinfo},
			Try: func(t *Trial) { t.tokenInURL(t.SignIn().Access) },
		},
		{
			Number: 6, Title: "A password typed into a stranger's app", Changed: "the app is not marked as ours", Expect: "unauthorized_client, whether the password is right or wrong",
			Needs: []Piece{NeedLogin}, Try: strangersApp,
		},
	},
}

// strangersApp: only apps of ours see a password, and another one does not even
// learn whether it was right.
//
// Spec: draft-ietf-oauth-first-party-apps-04 §9.1.
func strangersApp(t *Trial) {
	if t.Operator.FirstParty == nil {
		t.Skip("there is no operator who could take the mark away")
	}
	t.operate(t.Operator.FirstParty(t.ctx, t.App.ID, false))
	defer func() { t.operate(t.Operator.FirstParty(t.ctx, t.App.ID, true)) }()
	right := t.Send(t.Login(t.App, t.Person, t.NewVerifier()), By("a stranger's app", "sends the password that a person typed into it"))
	t.Refused(right, FlowOff)
	guess := &Person{t.Person.Username, secret.Text(9)}
	t.wire.o.Mask.Know("guess", guess.Password)
	wrong := t.Send(t.Login(t.App, guess, t.NewVerifier()), By("a stranger's app", "sends a wrong password"))
	t.Refused(wrong, FlowOff)
	if right.short() != wrong.short() {
		t.Broken("the app learns whether the password was right: %s, and %s", right.short(), wrong.short())
	}
}

// tokenInURL shows a token in the query.
//
// Spec: RFC 9700 §4.3.2; OAuth 2.1 §5.2.
func (t *Trial) tokenInURL(access string) {
	r := t.request(http.MethodGet, t.Door.Userinfo, "sends the token in the URL", nil, nil)
	r.Query = map[string][]string{"access_token": {access}}
	t.declined(t.Send(r), TokenRefused, RequestRefused)
}

func (t *Trial) metadata(address string) map[string]any {
	a := t.Send(t.request(http.MethodGet, address, "reads the discovery document", nil, nil), By("anybody", "reads the discovery document"))
	t.Must(a, "the discovery document")
	if a.JSON == nil {
		t.Inconclusive("the discovery document is no JSON object")
	}
	return a.JSON
}

var noStaticCredentials = Scenario{
	ID: "probe.no-static-credentials", Title: "Access without a token", Controls: []string{"oauth-enabled"},
	Story: evidence.Story{
		Attacker: "Somebody who knows a person's password, or has one of their cookies.",
		Holds:    "What opens a login, and no token.",
		Wants:    "An interface that takes it directly: no app, no scope, no end, no way to revoke.",
		Defence:  "Interfaces take access tokens, in the header, and nothing else.",
	},
	Applies: noCodes,
	Cases: []Case{
		{
			Number: 0, Title: "A proper token", Changed: "nothing", Expect: "200", Needs: []Piece{NeedUserinfo},
			Try: func(t *Trial) {
				if t.LifeOf(t.SignIn().Access, "does the access token work?") == Dead {
					t.Inconclusive("a fresh access token does not work")
				}
			},
		},
		{
			Number: 1, Title: "The password by Basic", Changed: "the person's name and password in the Authorization header", Expect: "401", Needs: []Piece{NeedUserinfo},
			Try: func(t *Trial) {
				t.declined(t.Send(t.UserinfoRequest("x"), By("a thief", "sends the person's password"), Header("Authorization", basic(t.Person.Username, t.Person.Password))), TokenRefused, ClientUnproven)
			},
		},
		{
			Number: 2, Title: "A cookie", Changed: "a session cookie in place of the token", Expect: "401", Needs: []Piece{NeedUserinfo},
			Try: func(t *Trial) {
				r := t.request(http.MethodGet, t.Door.Userinfo, "sends a cookie", nil, nil)
				t.declined(t.Send(r, By("a thief", "sends a cookie"), Header("Cookie", "session=probe; sid=probe")), TokenRefused)
			},
		},
		{
			Number: 3, Title: "The token in the URL", Changed: "access_token in the query", Expect: "401", Needs: []Piece{NeedUserinfo},
			Try: func(t *Trial) { t.tokenInURL(t.SignIn().Access) },
		},
	},
}
