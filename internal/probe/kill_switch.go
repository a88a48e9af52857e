package probe

import (
	"net/http"

	"countersign/internal/evidence"
)

var killSwitch = Scenario{
	ID: "probe.kill-switch", Title: "Revoked and blocked, yet alive", Controls: []string{"oauth-usage", "revocation-propagates"},
	Story: evidence.Story{
		Attacker: "A thief who was found out, and goes on.",
		Holds:    "Tokens that were good a moment ago.",
		Wants:    "To use them after somebody pulled the plug: the app revoked them, the person's tokens were ended, the app was blocked.",
		Defence:  "An ending is known at every endpoint within a second, and hits exactly what it was meant for.",
	},
	Spoils: true, Applies: noCodes,
	Cases: []Case{
		{
			Number: 0, Title: "All tokens work", Changed: "nothing", Expect: "alive", Needs: []Piece{NeedUserinfo},
			Try: func(t *Trial) {
				if t.LifeOf(t.SignIn().Access, "does the access token work?") == Dead {
					t.Inconclusive("a fresh access token does not work")
				}
			},
		},
		{
			Number: 1, Title: "One grant is revoked", Changed: "the app revokes its token", Expect: "that grant is dead, others live", Needs: []Piece{NeedRevoke},
			Try: func(t *Trial) {
				one, other := t.SignIn(), t.SignIn()
				token := one.Refresh
				if token == "" {
					token = one.Access
				}
				t.Must(t.Send(t.RevokeRequest(t.App, token)), "the revocation")
				t.dead(one)
				t.alive(other)
			},
		},
		{
			Number: 2, Title: "Everything of a person is ended", Changed: "an administrator ends a person's grants", Expect: "the person's tokens are dead, others' live", Needs: []Piece{NeedOperator, NeedPersonB},
			Try: func(t *Trial) {
				theirs := t.SignIn()
				var others Tokens
				if !t.settings().AssignedOnly {
					others = t.Tokens(t.App, t.CodeOf(t.App, t.PersonB))
				}
				t.operate(t.Operator.EndUser(t.ctx, t.Person.Username))
				t.dead(theirs)
				if others.Access != "" {
					t.alive(others)
				}
			},
		},
		{
			Number: 3, Title: "The app is blocked", Changed: "an administrator blocks the app", Expect: "its tokens are dead, it gets no new code, other apps go on", Needs: []Piece{NeedOperator, NeedAppB},
			Try: func(t *Trial) {
				theirs, code := t.SignIn(), t.Code()
				others := t.Tokens(t.AppB, t.CodeOf(t.AppB, t.Person))
				t.operate(t.Operator.Block(t.ctx, t.App.ID, true))
				defer func() { t.operate(t.Operator.Block(t.ctx, t.App.ID, false)) }()
				t.dead(theirs)
				t.Refused(t.Send(t.Redeem(t.App, code), By("a thief", "redeems a code of the blocked app")), FlowOff, GrantRefused, NotAdmitted)
				t.Refused(t.Send(t.Login(t.App, t.Person, t.NewVerifier()), By("a thief", "signs somebody in through the blocked app")), FlowOff, NotAdmitted)
				if a := t.Send(t.UserinfoRequest(others.Access), By("another app", "goes on")); a.Status/100 == 4 && t.Door.Dialect == Standard {
					t.Broken("a token of another app died, too")
				}
			},
		},
		{
			Number: 4, Title: "At the other nodes", Changed: "the same questions at every node", Expect: "dead within a second",
			Try: func(t *Trial) { t.Skip("one node is proven; the tests of the cluster prove the others") },
		},
		{
			Number: 5, Title: "The person is disabled", Changed: "an administrator disables the person, between login and tokens, and between refreshes", Expect: "code and refresh token give nothing",
			Try: disabledPerson,
		},
	},
}

// disabledPerson: whoever may no longer sign in does not go on with what was got
// before either.
//
// Spec: RFC 6749 §10.5; RFC 9700 §4.14.
func disabledPerson(t *Trial) {
	if t.Operator.Disable == nil {
		t.Inconclusive("a piece is missing: %s", NeedOperator)
	}
	theirs, code := t.SignIn(), t.Code()
	t.operate(t.Operator.Disable(t.ctx, t.Person.Username, true))
	defer func() { t.operate(t.Operator.Disable(t.ctx, t.Person.Username, false)) }()
	t.Refused(t.Send(t.Redeem(t.App, code), By("a thief", "redeems a code of the disabled person")), GrantRefused, NotAdmitted)
	t.dead(theirs)
	t.Refused(t.Send(t.Login(t.App, t.Person, t.NewVerifier()), By("a thief", "signs in as the disabled person")), LoginRefused)
}

// dead ends the trial unless every use of the tokens is refused.
func (t *Trial) dead(f Tokens) {
	if t.LifeOf(f.Access, "does the ended access token still work?") == Alive {
		t.Broken("an access token works after its end")
	}
	if f.Refresh != "" {
		t.Refused(t.Send(t.RefreshRequest(t.App, f.Refresh), By("a thief", "refreshes after the end")), GrantRefused, FlowOff)
	}
}

// alive ends the trial if an ending hit somebody it was not meant for.
func (t *Trial) alive(f Tokens) {
	if t.LifeOf(f.Access, "do the tokens of others still work?") == Dead {
		t.Broken("an access token died that nobody ended")
	}
	if f.Refresh != "" && t.Send(t.RefreshRequest(t.App, f.Refresh), By("the app", "refreshes for somebody else")).Status != http.StatusOK {
		t.Broken("a refresh token died that nobody ended")
	}
}

// operate ends the trial when the operator could not do their part.
func (t *Trial) operate(err error) {
	if err != nil {
		t.Inconclusive("the operator: %s", err)
	}
}
