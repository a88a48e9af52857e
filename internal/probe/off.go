package probe

import (
	"net/http"
	"net/url"
	"strings"

	"countersign/internal/evidence"
)

// Flows that a server may be without. Then the attack is to use them all the
// same: it must be refused as a flow that is not there.

// credentialsWork is the positive control of scenarios about a flow that is off:
// the app's credentials are accepted elsewhere, so a refusal is not about them.
var credentialsWork = Case{
	Number: 0, Title: "The credentials are good", Changed: "used for another grant", Expect: "they are accepted",
	Try: func(t *Trial) {
		if t.settings().Disabled {
			t.Skip("the app is switched off")
		}
		if !t.authenticates(t.App.Secret) {
			t.Inconclusive("the app's own credentials are not accepted")
		}
	},
}

// refusedGrant is a case that tries a grant type that is off.
func refusedGrant(number int, title, changed, kind string, more ...string) Case {
	return Case{
		Number: number, Title: title, Changed: changed, Expect: "400 unauthorized_client or unsupported_grant_type",
		Try: func(t *Trial) {
			t.Refused(t.Send(t.grant(kind, "tries "+changed, more...)), FlowOff, ClientUnproven)
		},
	}
}

// absent is a case that cannot be tried while the flow is off.
func absent(number int, title string) Case {
	return Case{
		Number: number, Title: title, Changed: "needs the flow", Expect: "as the catalogue says",
		Try: func(t *Trial) { t.Skip("the flow is off: there is nothing to attack") },
	}
}

var deviceFlow = Scenario{
	ID: "probe.device-flow", Title: "Device codes while off, guessed or phished", Controls: []string{"device-flow-off"},
	Story: evidence.Story{
		Attacker: "Somebody who calls a person and asks them to type a code.",
		Holds:    "The app's client_id.",
		Wants:    "A device code, which somebody else approves.",
		Defence:  "The flow is off. Where it is on, the page names app and place, and asks.",
	},
	Cases: []Case{
		credentialsWork,
		{
			Number: 1, Title: "Ask for a device code", Changed: "a device authorization request", Expect: "refused",
			Try: func(t *Trial) {
				at, _ := url.Parse(t.Door.Token)
				at.Path = strings.TrimSuffix(at.Path, "/token") + "/device_authorization"
				if t.Door.Dialect == Salesforce {
					at, _ = url.Parse(t.Door.Token)
				}
				form := url.Values{"response_type": {"device_code"}, "scope": {"openid"}}
				t.Refused(t.Send(t.request(http.MethodPost, at.String(), "asks for a device code", t.App, form), By("a caller", "asks for a device code")))
			},
		},
		{
			Number: 2, Title: "An invented device code", Changed: "grant_type=device_code", Expect: "400 unauthorized_client",
			Try: func(t *Trial) {
				kinds := []string{deviceGrant}
				if t.Door.Dialect == Salesforce {
					kinds = append(kinds, "device")
				}
				for _, kind := range kinds {
					t.Refused(t.Send(t.grant(kind, "redeems an invented device code", "device_code", "invented", "code", "invented")), FlowOff, GrantRefused, ClientUnproven)
				}
			},
		},
		absent(3, "Guess user codes"), absent(4, "Poll too fast"), absent(5, "Phish with a link"), absent(6, "Redeem after its end"),
	},
}

var tokenExchange = Scenario{
	ID: "probe.token-exchange", Title: "Exchange of foreign, dead and wider tokens", Controls: []string{"token-exchange"},
	Story: evidence.Story{
		Attacker: "An app with a token from elsewhere.",
		Holds:    "A token of another issuer, or one that says nothing.",
		Wants:    "A token of this server in return.",
		Defence:  "The flow is off.",
	},
	Cases: []Case{
		credentialsWork,
		refusedGrant(1, "A token of an unknown issuer", "a foreign subject_token", tokenExchangeGrant,
			"subject_token", "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2F0dGFja2VyLmV4YW1wbGUifQ.c2ln", "subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
		absent(2, "Another audience"), absent(3, "An expired token"),
		refusedGrant(4, "An unsigned token", "an unsigned subject_token", tokenExchangeGrant,
			"subject_token", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.", "subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
		{
			Number: 5, Title: "Without client authentication", Changed: "the client_id alone", Expect: "401 invalid_client",
			Try: func(t *Trial) {
				t.Refused(t.Send(t.grant(tokenExchangeGrant, "exchanges without credentials", "subject_token", "x", "subject_token_type", "urn:ietf:params:oauth:token-type:access_token"), Bare), ClientUnproven, FlowOff)
			},
		},
		absent(6, "Wider scope"), absent(7, "Administrator-like claims"), absent(8, "Another app's token"),
	},
}

var assertionForgery = Scenario{
	ID: "probe.assertion-forgery", Title: "Forged, replayed and confused assertions", Controls: []string{"jwt-bearer-flow", "digital-signatures"},
	Story: evidence.Story{
		Attacker: "Somebody who writes their own statements.",
		Holds:    "No key that the server knows.",
		Wants:    "That an assertion is believed: as a grant, or in place of the app's secret.",
		Defence:  "Neither is served; an assertion in place of a secret is refused and not overlooked.",
	},
	Cases: []Case{
		credentialsWork,
		forgedAssertion(1, "Signed by a stranger", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2ln"),
		forgedAssertion(2, "Not signed", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."),
		forgedAssertion(3, "Signed with the public key", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2ln"),
		absent(4, "Expired"), absent(5, "Too long a life"), absent(6, "For another server"), absent(7, "Twice"), absent(8, "A person without approval"),
		absent(9, "An unknown crit"), absent(10, "Another app's"), absent(11, "A secret in its place"), absent(12, "Another audience"),
	},
}

func forgedAssertion(number int, title, assertion string) Case {
	return Case{
		Number: number, Title: title, Changed: "as grant, and as client authentication", Expect: "400 or 401",
		Try: func(t *Trial) {
			t.Refused(t.Send(t.grant(jwtBearerGrant, "presents an assertion", "assertion", assertion)), FlowOff, GrantRefused, ClientUnproven)
			r := t.grant("authorization_code", "authenticates by assertion", "code", "no-code", "client_assertion", assertion,
				"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
			t.Refused(t.Send(r, By("a forger", "authenticates by assertion"), Bare), ClientUnproven, GrantRefused)
		},
	}
}

var rogueRegistration = Scenario{
	ID: "probe.rogue-registration", Title: "Apps nobody approved", Controls: []string{"app-creation-off", "registration-gated"}, Server: true,
	Story: evidence.Story{
		Attacker: "Anybody on the network.",
		Holds:    "Nothing.",
		Wants:    "An app of their own at this server, with a name people trust.",
		Defence:  "Apps are made by administrators alone; no address on the network makes one.",
	},
	Cases: []Case{
		{
			Number: 0, Title: "An administrator makes an app", Changed: "nothing", Expect: "it works", Once: true,
			Try: func(t *Trial) {
				if t.Operator.Register == nil {
					t.Inconclusive("a piece is missing: %s", NeedOperator)
				}
				t.operate(t.Operator.Register(t.ctx, "redirect-uri", "https://app.example/cb"))
			},
		},
		registers(1, "The management route", "/api/v1/apps", "/api/apps", "/admin/apps", "/apps"),
		registers(2, "The registration endpoint", "/oauth2/register", "/services/oauth2/register", "/connect/register", "/register"),
		{Number: 3, Title: "With a person's session", Changed: "a session of somebody without rights", Expect: "401 or 403", Once: true, Try: func(t *Trial) { t.Skip("people have no sessions at this server") }},
		{
			Number: 4, Title: "With an app nobody made", Changed: "an invented client_id", Expect: "refused, no redirect", Needs: []Piece{NeedLogin},
			Try: func(t *Trial) {
				invented := &App{ID: "invented-by-nobody", Redirect: "https://attacker.example/cb", Method: "none", Scopes: []string{"openid"}}
				t.stays(t.Send(t.Login(invented, t.Person, t.NewVerifier()), By("a stranger", "signs somebody in through an invented app")), ClientUnproven)
			},
		},
		{Number: 5, Title: "Privileges one gives oneself", Changed: "a registration with privileges", Expect: "refused", Once: true, Try: func(t *Trial) { t.Skip("this server has no dynamic registration") }},
	},
}

func registers(number int, title string, paths ...string) Case {
	return Case{
		Number: number, Title: title, Changed: "a stranger posts an app", Expect: "401, 403 or 404", Once: true,
		Try: func(t *Trial) {
			at, err := url.Parse(t.Door.Token)
			if err != nil {
				t.Inconclusive("%s", err)
			}
			for _, path := range paths {
				at.Path = path
				a := t.Send(t.request(http.MethodPost, at.String(), "posts an app to "+path, nil, url.Values{"redirect_uris": {"https://attacker.example/cb"}, "name": {"Your Bank"}}), By("a stranger", "posts an app to "+path))
				if a.Text("client_id") != "" || a.Status/100 == 2 {
					t.Broken("%s made an app: %s", path, a.short())
				}
			}
		},
	}
}
