package probe

import (
	"net/http"

	"countersign/internal/evidence"
	"countersign/internal/secret"
)

var stolenRefreshToken = Scenario{
	ID: "probe.stolen-refresh-token", Title: "A stolen refresh token", Controls: []string{"require-secret-refresh"},
	Story: evidence.Story{
		Attacker: "Somebody who copied a refresh token from where the app keeps it.",
		Holds:    "A refresh token that is good, and the app's public client_id. Not the app's secret.",
		Wants:    "Fresh access tokens, for weeks, without the person.",
		Defence:  "An app with a secret must prove itself on every refresh. An app without one gets a new token each time, so that the theft shows at the app's next refresh and ends everything.",
	},
	Applies: noRefresh,
	Cases: []Case{
		{Number: 0, Title: "The app refreshes", Changed: "nothing", Expect: "200", Try: func(t *Trial) { t.rotate(t.family()) }},
		{Number: 1, Title: "A stranger refreshes", Changed: "no client authentication", Expect: "401 invalid_client; of an app without a secret, the theft is seen and ends everything", Try: strangerRefreshes},
		{
			Number: 2, Title: "A stranger guesses the secret", Changed: "a wrong client secret", Expect: "401 invalid_client",
			Try: func(t *Trial) {
				f := t.family()
				t.Refused(t.Send(t.RefreshRequest(t.App, f.Refresh), By("a thief", "refreshes with a guessed secret"), Outside, Secret("css_"+secret.Text(32))), ClientUnproven)
				t.unharmed(f)
			},
		},
		{
			Number: 3, Title: "Another app refreshes", Changed: "the valid credentials of another app", Expect: "400 invalid_grant", Needs: []Piece{NeedAppB},
			Try: func(t *Trial) {
				f := t.family()
				t.Refused(t.Send(t.RefreshRequest(t.App, f.Refresh), By("another app", "refreshes with its own credentials"), As(t.AppB)), GrantRefused)
				t.unharmed(f)
			},
		},
		{
			Number: 4, Title: "From outside the fence", Changed: "another address", Expect: "400 invalid_grant or access_denied", Needs: []Piece{NeedNetworkB},
			Try: func(t *Trial) {
				if !t.settings().FencedRefresh {
					t.Skip("the app's refreshes are not fenced by address")
				}
				f := t.family()
				t.Refused(t.Send(t.RefreshRequest(t.App, f.Refresh), By("an insider", "refreshes from outside"), Outside), NotAdmitted, GrantRefused)
				t.unharmed(f)
			},
		},
		{
			Number: 5, Title: "Without the key", Changed: "no proof of the key, then another key", Expect: "400 invalid_dpop_proof or invalid_grant",
			Try: func(t *Trial) { t.Skip("refresh tokens of this app are not bound to a key") },
		},
	},
}

// unharmed: a thief's failed attempt must not cost the owner anything.
func (t *Trial) unharmed(f Tokens) {
	a := t.Send(t.RefreshRequest(t.App, f.Refresh), By("the app", "refreshes after the thief's attempt"))
	if a.Fault == "" && a.Status != http.StatusOK && a.Status < 500 {
		t.Broken("a failed attempt cost the app its refresh token: %s", a.short())
	}
}

// strangerRefreshes: who may refresh without a secret can be robbed. Then the
// theft must show, and what the thief got must die, as soon as the app refreshes.
func strangerRefreshes(t *Trial) {
	f := t.family()
	a := t.Send(t.RefreshRequest(t.App, f.Refresh), By("a thief", "refreshes without credentials"), Outside, Bare)
	must := !t.told() && !t.App.Public() || t.settings().SecretForRefresh
	if must || a.gives() == "" {
		t.Refused(a, ClientUnproven, GrantRefused, NotAdmitted)
		t.unharmed(f)
		return
	}
	stolen := tokensIn(a)
	if stolen.Refresh == "" || stolen.Refresh == f.Refresh {
		t.Broken("a stranger refreshed without credentials, and nothing will ever tell")
	}
	t.outOfGraceAs(&stolen)
	t.Refused(t.Send(t.RefreshRequest(t.App, f.Refresh), By("the app", "refreshes, and shows that its token was stolen")), GrantRefused)
	t.Refused(t.Send(t.RefreshRequest(t.App, stolen.Refresh), By("a thief", "goes on"), Outside, Bare), GrantRefused)
	if t.LifeOf(stolen.Access, "does the thief's access token still work?") == Alive {
		t.Broken("the theft showed, and the thief's access token lives on")
	}
	t.Remark("an app without a secret can be robbed once; the theft shows at its next refresh")
}

// outOfGraceAs is outOfGrace for a thief.
func (t *Trial) outOfGraceAs(last *Tokens) {
	if t.Operator.Advance != nil {
		t.outOfGrace(last)
		return
	}
	a := t.Send(t.RefreshRequest(t.App, last.Refresh), By("a thief", "refreshes again"), Outside, Bare)
	t.Must(a, "the thief's second refresh")
	*last = tokensIn(a)
}
