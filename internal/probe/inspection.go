package probe

import (
	"net/http"

	"countersign/internal/evidence"
)

var foreignIntrospection = Scenario{
	ID: "probe.foreign-introspection", Title: "Looking into other apps' tokens", Controls: []string{"introspect-own-only"},
	Story: evidence.Story{
		Attacker: "A registered app that is curious, or was taken over.",
		Holds:    "Its own credentials, and a token that was issued to another app.",
		Wants:    "To learn whose token it is and what it opens; or to end it.",
		Defence:  "An app is told about its own tokens alone; about any other it learns that it is not active, and nothing else.",
	},
	Applies: noCodes,
	Cases: []Case{
		{
			Number: 0, Title: "An app asks about its own token", Changed: "nothing", Expect: "active", Needs: []Piece{NeedIntrospect, NeedAppB},
			Try: func(t *Trial) {
				owner := t.App
				if owner.Public() {
					owner = t.AppB
				}
				token := t.Tokens(owner, t.CodeOf(owner, t.Person))
				a := t.Send(t.IntrospectRequest(owner, token.Access))
				if active, _ := a.JSON["active"].(bool); !active {
					t.Inconclusive("the app's own token is not active: %s", a.short())
				}
			},
		},
		{
			Number: 1, Title: "An app asks about another app's token", Changed: "another app's token", Expect: `{"active": false} and nothing else, or 403`, Needs: []Piece{NeedIntrospect, NeedAppB},
			Try: func(t *Trial) {
				t.toldNothing(t.AppB, t.SignIn().Access)
				if !t.App.Public() {
					t.toldNothing(t.App, t.Tokens(t.AppB, t.CodeOf(t.AppB, t.Person)).Access)
				}
			},
		},
		{
			Number: 2, Title: "A stranger asks", Changed: "no client authentication", Expect: "401", Needs: []Piece{NeedIntrospect},
			Try: func(t *Trial) {
				t.declined(t.Send(t.IntrospectRequest(nil, t.SignIn().Access), By("a stranger", "asks about a token"), Outside), ClientUnproven, RequestRefused)
			},
		},
		{
			Number: 3, Title: "An app ends another app's token", Changed: "another app revokes it", Expect: "it lives on", Needs: []Piece{NeedRevoke, NeedAppB, NeedUserinfo},
			Try: func(t *Trial) {
				f := t.SignIn()
				_ = t.Send(t.RevokeRequest(t.AppB, f.Access), By("another app", "revokes the token"))
				if f.Refresh != "" {
					_ = t.Send(t.RevokeRequest(t.AppB, f.Refresh), By("another app", "revokes the refresh token"))
				}
				t.alive(f)
			},
		},
	},
}

// toldNothing: an app learns nothing about a token.
func (t *Trial) toldNothing(app *App, token string) {
	a := t.Send(t.IntrospectRequest(app, token), By("another app", "asks about a token that is not its own"))
	if a.Status != http.StatusOK {
		t.declined(a)
		return
	}
	if active, _ := a.JSON["active"].(bool); active || len(a.JSON) > 1 {
		t.Broken("the answer tells about the token")
	}
}
