package probe

import (
	"net/http"
	"time"

	"countersign/internal/evidence"
)

var refreshReuse = Scenario{
	ID: "probe.refresh-reuse", Title: "A spent refresh token", Controls: []string{"refresh-rotation"},
	Story: evidence.Story{
		Attacker: "Somebody who copied a refresh token: from a backup, a stolen laptop, a log.",
		Holds:    "A refresh token that the app has used since, or is about to use. Where the app's tokens rotate, the thief even has the app's credentials.",
		Wants:    "A second line of tokens, beside the app's own, for as long as possible.",
		Defence:  "Each refresh token is good once and replaced by the next. When an old one turns up again, nobody can tell thief from owner, so the whole family ends.",
	},
	Applies: noRefresh,
	Cases: []Case{
		{Number: 0, Title: "The app refreshes", Changed: "nothing", Expect: "200", Try: func(t *Trial) { t.rotate(t.family()) }},
		{
			Number: 1, Title: "The next token is another one", Changed: "compared with the one before", Expect: "they differ",
			Try: func(t *Trial) {
				t.rotating()
				f := t.family()
				if f.Refresh == t.rotate(f).Refresh {
					t.Broken("the refresh token stays the same")
				}
			},
		},
		{Number: 2, Title: "An old token", Changed: "a refresh token that was replaced", Expect: "400 invalid_grant", Try: oldToken},
		{
			Number: 3, Title: "The new token after the old one was seen", Changed: "refreshed after a replay", Expect: "400 invalid_grant: the family is revoked",
			Try: func(t *Trial) {
				t.rotating()
				_, second := t.replay()
				t.Refused(t.Send(t.RefreshRequest(t.App, second.Refresh), By("the app", "refreshes after the replay")), GrantRefused)
			},
		},
		{
			Number: 4, Title: "Access tokens after a replay", Changed: "used after a replay", Expect: "401, and inactive",
			Try: func(t *Trial) {
				t.rotating()
				first, second := t.replay()
				for _, access := range []string{first.Access, second.Access} {
					if t.LifeOf(access, "does an access token of the family still work?") == Alive {
						t.Broken("an access token of a revoked family lives on")
					}
				}
			},
		},
		{Number: 5, Title: "Twenty refreshes at once", Changed: "20 copies of the honest refresh at the same moment", Expect: "one line of descent at most survives", Try: refreshRace},
		{
			Number: 6, Title: "Another key", Changed: "the refresh token with another key", Expect: "refused",
			Try: func(t *Trial) { t.Skip("refresh tokens of this app are not bound to a key") },
		},
	},
}

// noRefresh says why the app has no refresh tokens, or "".
func noRefresh(t *Target) string {
	if why := noCodes(t); why != "" {
		return why
	}
	if t.told() && !t.settings().Refresh {
		return "the app gets no refresh tokens"
	}
	return ""
}

// family signs in and gives the first tokens.
func (t *Trial) family() Tokens {
	f := t.SignIn()
	if f.Refresh == "" {
		t.Inconclusive("the honest login gave no refresh token")
	}
	return f
}

// rotate refreshes honestly.
func (t *Trial) rotate(f Tokens) Tokens {
	a := t.Send(t.RefreshRequest(t.App, f.Refresh))
	t.Must(a, "the honest refresh")
	next := tokensIn(a)
	if next.Refresh == "" {
		next.Refresh = f.Refresh
	}
	return next
}

// rotating ends the trial where the settings say that tokens do not rotate.
func (t *Trial) rotating() {
	if t.told() && !t.settings().Rotation {
		t.Skip("refresh tokens of this app do not rotate: its defence is that a thief lacks its secret (case 2)")
	}
}

// replay uses a refresh token, lets the grace time pass, and uses it again. It
// gives the tokens of both generations.
func (t *Trial) replay() (first, second Tokens) {
	first = t.family()
	second = t.rotate(first)
	t.outOfGrace(&second)
	t.Refused(t.Send(t.RefreshRequest(t.App, first.Refresh), By("a thief", "uses the old refresh token again")), GrantRefused)
	return first, second
}

// outOfGrace makes the last refresh one that nobody may repeat: it waits by the
// clock, or refreshes once more.
func (t *Trial) outOfGrace(last *Tokens) {
	if t.Operator.Advance != nil {
		t.Advance(t.settings().Grace + time.Second)
		return
	}
	*last = t.rotate(*last)
}

// oldToken: where tokens rotate, the old one is dead whoever shows it; elsewhere it
// is dead to a thief, who lacks the app's secret.
func oldToken(t *Trial) {
	if t.told() && !t.settings().Rotation {
		f := t.family()
		t.Refused(t.Send(t.RefreshRequest(t.App, f.Refresh), By("a thief", "refreshes without the app's secret"), Outside, Bare), ClientUnproven, GrantRefused)
		return
	}
	t.replay()
}

func refreshRace(t *Trial) {
	t.rotating()
	f := t.family()
	answers := t.together(20, func(int) *Answer {
		return t.Send(t.RefreshRequest(t.App, f.Refresh), By("a thief", "one of 20 refreshes at once"))
	})
	lines := map[string]bool{}
	for _, a := range answers {
		if a.Status == http.StatusOK {
			lines[a.Text("refresh_token")] = true
		} else if a.Fault == "" {
			t.answered(a)
		}
	}
	delete(lines, "")
	alive := 0
	for refresh := range lines {
		if t.Send(t.RefreshRequest(t.App, refresh), By("a thief", "goes on with one of the answers")).Status == http.StatusOK {
			alive++
		}
	}
	if alive > 1 {
		t.Broken("%d lines of refresh tokens live side by side", alive)
	}
}
