package probe

import (
	"net/http"

	"countersign/internal/evidence"
)

var clientCredentialsRefused = Scenario{
	ID: "probe.client-credentials-refused", Title: "Tokens without a user", Controls: []string{"client-credentials-off"},
	Story: evidence.Story{
		Attacker: "Somebody who got hold of the app's secret.",
		Holds:    "The app's credentials, and no person.",
		Wants:    "A token that needs nobody's login, and lasts.",
		Defence:  "The flow is off unless an administrator wants it; where it is on, the token is the app's own, is short, and renews nothing.",
	},
	Cases: []Case{
		credentialsWork,
		{
			Number: 1, Title: "With the right credentials", Changed: "grant_type=client_credentials", Expect: "400 unauthorized_client",
			Try: func(t *Trial) {
				r := t.grant(clientCredentials, "asks for a token without a person")
				if t.settings().ClientCredentials {
					if !t.settings().Fenced {
						t.Skip("the flow is on for this app: so an administrator wants it")
					}
					t.Refused(t.Send(r, By("a thief", "asks for a token from outside the fence"), Outside), NotAdmitted, GrantRefused)
					return
				}
				t.Refused(t.Send(r, By("a thief", "asks for a token without a person"), Outside), FlowOff, ClientUnproven)
			},
		},
		{
			Number: 2, Title: "With the client_id alone", Changed: "no client authentication", Expect: "401 invalid_client",
			Try: func(t *Trial) {
				t.Refused(t.Send(t.grant(clientCredentials, "asks with the client_id alone"), By("a stranger", "asks with the client_id alone"), Outside, Bare), ClientUnproven, FlowOff)
			},
		},
		{
			Number: 3, Title: "With a wish for more", Changed: "scope=openid offline_access", Expect: "refused; where the flow is on, no refresh token and no ID token",
			Try: func(t *Trial) {
				a := t.Send(t.grant(clientCredentials, "asks for an ID token and a refresh token", "scope", "openid offline_access"))
				if !t.settings().ClientCredentials || a.Status != http.StatusOK {
					t.Refused(a, FlowOff, ScopeRefused, ClientUnproven)
					return
				}
				for _, name := range []string{"refresh_token", "id_token"} {
					if a.Text(name) != "" {
						t.Broken("a token without a person came with %s", name)
					}
				}
			},
		},
	},
}

var publicPowers = Scenario{
	ID: "probe.public-powers", Title: "A public app with a server's powers", Controls: []string{"public-client-limits"},
	Story: evidence.Story{
		Attacker: "Anybody: an app on people's devices can be taken apart, and its client_id is public.",
		Holds:    "The client_id.",
		Wants:    "What only an app with a secret may do: tokens without a person, a look into tokens, a secret that works.",
		Defence:  "An app without a secret is never believed to be itself where that matters.",
	},
	Applies: func(t *Target) string {
		if t.App != nil && !t.App.Public() {
			return "the app is confidential"
		}
		return noCodes(t)
	},
	Cases: []Case{
		{Number: 0, Title: "The app signs somebody in", Changed: "nothing", Expect: "200", Try: func(t *Trial) { t.SignIn() }},
		{
			Number: 1, Title: "Tokens without a person", Changed: "grant_type=client_credentials", Expect: "400 unauthorized_client or 401",
			Try: func(t *Trial) {
				t.Refused(t.Send(t.grant(clientCredentials, "asks for a token without a person"), Outside), FlowOff, ClientUnproven)
			},
		},
		{
			Number: 2, Title: "A look into tokens", Changed: "introspection with the client_id alone", Expect: "401", Needs: []Piece{NeedIntrospect},
			Try: func(t *Trial) {
				t.declined(t.Send(t.IntrospectRequest(t.App, t.SignIn().Access), By("a stranger", "asks about a token"), Outside), ClientUnproven)
			},
		},
		{
			Number: 3, Title: "An assertion nobody signed for", Changed: "grant_type=jwt-bearer", Expect: "400 or 401",
			Try: func(t *Trial) {
				t.Refused(t.Send(t.grant(jwtBearerGrant, "presents an assertion", "assertion", "eyJhbGciOiJub25lIn0.e30."), Outside), FlowOff, ClientUnproven, GrantRefused)
			},
		},
		{
			Number: 4, Title: "An invented secret", Changed: "a client_secret, by Basic and in the body", Expect: "401 invalid_client",
			Try: func(t *Trial) {
				for _, method := range []string{"client_secret_basic", "client_secret_post"} {
					pretender := *t.App
					pretender.Method = method
					t.Refused(t.Send(t.Redeem(t.App, t.Code()), By("a pretender", "redeems a code with an invented secret"), As(&pretender), Secret("invented-secret-of-nobody")), ClientUnproven)
				}
			},
		},
	},
}
