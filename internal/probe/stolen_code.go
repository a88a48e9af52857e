package probe

import (
	"net/http"
	"sync"
	"time"

	"countersign/internal/evidence"
	"countersign/internal/secret"
)

var stolenCode = Scenario{
	ID:       "probe.stolen-code",
	Title:    "A stolen authorization code",
	Controls: []string{"code-and-credentials-flow", "code-and-credentials-settings", "require-secret-code", "code-lifetime"},
	Story: evidence.Story{
		Attacker: "Somebody who can read what is not theirs: a proxy's log, a crash report, another app on the phone, a colleague who runs an app of their own.",
		Holds:    "A fresh authorization code of a real person, and everything that is public: the app's client_id, its redirect URI, the addresses of the server. Not the app's secret, and not the verifier the app drew for this login.",
		Wants:    "To redeem the code for tokens, and to act as the person.",
		Defence:  "A code is only half of a key. The other halves are the app's own credentials, and the verifier whose hash went with the login; the code is good once, for a minute, for one app and one address.",
	},
	Applies: noCodes,
	Cases: []Case{
		{
			Number: 0, Title: "The app redeems its own code", Changed: "nothing", Expect: "200 with an access token",
			Try: func(t *Trial) {
				if t.SignIn().Access == "" {
					t.Inconclusive("the honest redemption gave no access token")
				}
			},
		},
		{
			Number: 1, Title: "A stranger redeems it", Changed: "no client authentication", Expect: "401 invalid_client; of an app without a secret, 400 invalid_grant",
			Try: anonymousThief,
		},
		{
			Number: 2, Title: "A stranger guesses the secret", Changed: "a wrong client secret", Expect: "401 invalid_client",
			Try: func(t *Trial) {
				t.Refused(t.Send(t.Redeem(t.App, t.Code()), By("a thief", "redeems the code with a guessed secret"), Outside, Secret("css_"+secret.Text(32))), ClientUnproven)
			},
		},
		{
			Number: 3, Title: "Another app redeems it", Changed: "the valid credentials of another app", Expect: "400 invalid_grant", Needs: []Piece{NeedAppB},
			Try: func(t *Trial) {
				t.Refused(t.Send(t.Redeem(t.App, t.Code()), By("another app", "redeems the code with its own credentials"), As(t.AppB)), GrantRefused)
			},
		},
		{
			Number: 4, Title: "A thief who has the secret, too", Changed: "no verifier; then another one; then another redirect URI", Expect: "400 invalid_grant",
			Try: thiefWithSecret,
		},
		{
			Number: 5, Title: "A code that was used", Changed: "the same redemption again, after the app's own", Expect: "400 invalid_grant, and the tokens of the first use are revoked",
			Try: replayed,
		},
		{
			Number: 6, Title: "Twenty at once", Changed: "20 copies of the honest redemption at the same moment", Expect: "one 200 at most",
			Try: twentyAtOnce,
		},
		{
			Number: 7, Title: "Credentials where they are logged", Changed: "the person's password in the URL; by GET; in a Basic header where the app asks for the POST body", Expect: "400 or 405, and the password is in no log",
			Needs: []Piece{NeedLogin}, Try: credentialsInURL,
		},
		{
			Number: 8, Title: "Guessing a password through the app", Changed: "50 wrong passwords", Expect: "429 long before the fiftieth, for known and unknown names alike",
			Needs: []Piece{NeedLogin, NeedNetworkB}, Try: guessThroughApp,
		},
		{
			Number: 9, Title: "A code that lay around", Changed: "redeemed after its life", Expect: "400 invalid_grant", Needs: []Piece{NeedClock},
			Try: lateCode,
		},
		{
			Number: 10, Title: "A secret for an app that has none", Changed: "the honest redemption with a client_secret added", Expect: "401 invalid_client",
			Try: func(t *Trial) {
				if !t.App.Public() {
					t.Skip("the app has a secret")
				}
				t.Refused(t.Send(t.Redeem(t.App, t.Code()), By("a thief", "adds a secret"), Secret("css_"+secret.Text(32))), ClientUnproven)
			},
		},
	},
}

// anonymousThief presents the code with the client_id alone. Where the app has to
// prove itself, the thief is even given the verifier, so that nothing but the
// missing proof can stop them; elsewhere they have what thieves have: the code.
func anonymousThief(t *Trial) {
	c := t.Code()
	thief := []Change{By("a thief", "redeems the code without credentials"), Outside, Bare}
	must := t.told() && t.settings().SecretForCode
	if !must && !t.told() && !t.App.Public() {
		a := t.Send(t.Redeem(t.App, c), thief...)
		if a.gives() == "" {
			t.Refused(a, ClientUnproven)
			return
		}
		t.Remark("the server does not ask the app for its secret when it redeems a code")
		c = t.Code()
	}
	if must {
		t.Refused(t.Send(t.Redeem(t.App, c), thief...), ClientUnproven)
		return
	}
	t.Refused(t.Send(t.Redeem(t.App, c), append(thief, Without("code_verifier"))...), GrantRefused, ClientUnproven)
}

// thiefWithSecret is an insider: what stops them is what belongs to this login.
func thiefWithSecret(t *Trial) {
	c := t.Code()
	t.Refused(t.Send(t.Redeem(t.App, c), By("an insider", "redeems the code without its verifier"), Without("code_verifier")), GrantRefused)
	c = t.Code()
	t.Refused(t.Send(t.Redeem(t.App, c), By("an insider", "redeems the code with another verifier"), With("code_verifier", t.NewVerifier())), GrantRefused)
	c = t.Code()
	t.Refused(t.Send(t.Redeem(t.App, c), By("an insider", "redeems the code with another redirect URI"), With("redirect_uri", "https://attacker.example/cb")), GrantRefused, RedirectRefused)
	if a := t.Send(t.Redeem(t.App, c), By("the app", "redeems the code after the thief's attempt")); a.gives() == "" {
		t.Remark("a failed attempt burns the code: %s", a.short())
	}
}

func replayed(t *Trial) {
	c := t.Code()
	first := t.Tokens(t.App, c)
	if t.LifeOf(first.Access, "is the first access token alive?") == Dead {
		t.Inconclusive("the first access token did not work even before the replay")
	}
	t.Refused(t.Send(t.Redeem(t.App, c), By("a thief", "redeems the same code again")), GrantRefused)
	switch t.LifeOf(first.Access, "is the first access token alive after the replay?") {
	case Alive:
		t.Broken("the code was replayed, and the tokens of its first use live on")
	case Untold:
		t.Remark("nobody can tell whether the first access token still works")
	case Dead:
	}
	if first.Refresh != "" {
		t.Refused(t.Send(t.RefreshRequest(t.App, first.Refresh), By("the app", "refreshes after the replay")), GrantRefused)
	}
}

func twentyAtOnce(t *Trial) {
	const copies = 20
	c := t.Code()
	answers := t.together(copies, func(int) *Answer {
		return t.Send(t.Redeem(t.App, c), By("a thief", "one of 20 redemptions at once"))
	})
	won := 0
	for _, a := range answers {
		switch {
		case a.gives() != "":
			won++
		case a.Fault == "":
			t.answered(a)
		}
	}
	if won > 1 {
		t.Broken("%d of %d redemptions of one code gave tokens", won, copies)
	}
}

// together does something n times at once.
func (t *Trial) together(n int, do func(int) *Answer) []*Answer {
	answers := make([]*Answer, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { answers[i] = do(i) })
	}
	all.Wait()
	return answers
}

func credentialsInURL(t *Trial) {
	r := t.Login(t.App, t.Person, t.NewVerifier())
	t.Refused(t.Send(r, By("the app", "sends the password in the URL"), InQuery("username", "password")), RequestRefused, LoginRefused)
	r = t.Login(t.App, t.Person, t.NewVerifier())
	t.Refused(t.Send(r, By("the app", "sends everything by GET"), byGet), RequestRefused, LoginRefused)
	if t.Door.Dialect == Salesforce && t.settings().PostOnly {
		r = t.Login(t.App, t.Person, t.NewVerifier())
		t.Refused(t.Send(r, By("the app", "sends the credentials in a Basic header"), basicPerson(t.Person)), RequestRefused)
	}
	t.notInTraces("the person's password", t.Person.Password)
}

// byGet sends what stood in the body in the URL.
func byGet(r *Request) { r.Method = http.MethodGet }

// basicPerson moves the person's credentials into the Authorization header.
func basicPerson(p *Person) Change {
	return func(r *Request) {
		r.Form.Del("username")
		r.Form.Del("password")
		r.Header.Set("Authorization", basic(p.Username, p.Password))
	}
}

func guessThroughApp(t *Trial) {
	const guesses = 50
	for _, name := range []string{t.PersonOrB().Username, "nobody-" + secret.Text(6) + "@example.com"} {
		limited, hashed := false, 0
		for range guesses {
			p := &Person{name, secret.Text(9)}
			t.wire.o.Mask.Know("guess", p.Password)
			a := t.Send(t.Login(t.App, p, t.NewVerifier()), By("a thief", "guesses a password"), Outside)
			t.Refused(a, LoginRefused)
			if limited = a.Status == http.StatusTooManyRequests; limited {
				break
			}
			hashed++
		}
		if !limited {
			t.Broken("%d wrong passwords in a row were checked at full speed", hashed)
		}
	}
}

func lateCode(t *Trial) {
	life := 10 * time.Minute // RFC 6749 §4.1.2: at most
	if ttl := t.settings().CodeTTL; ttl > 0 {
		life = ttl
	}
	c := t.Code()
	t.Advance(life + time.Second)
	t.Refused(t.Send(t.Redeem(t.App, c), By("a thief", "redeems the code after its life")), GrantRefused)
}
