package probe

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"countersign/internal/evidence"
	"countersign/internal/secret"
)

var throttle = Scenario{
	ID: "probe.throttle", Title: "Guessing at every door", Controls: []string{"guessing-throttled"}, Server: true, Spoils: true,
	Story: evidence.Story{
		Attacker: "A machine that tries: passwords from a list, secrets, names.",
		Holds:    "Names of people, or a list of likely ones, and patience.",
		Wants:    "One hit; or to learn who has an account; or, failing that, to lock people out.",
		Defence:  "Failures make the next try wait, for known and unknown names alike. While somebody waits, a right password is answered like a wrong one. The person themselves, elsewhere, and the apps notice nothing.",
	},
	Cases: []Case{
		{Number: 0, Title: "Honest logins work", Changed: "nothing", Expect: "200", Needs: []Piece{NeedCodes}, Try: func(t *Trial) { t.SignIn() }},
		{Number: 1, Title: "A hundred passwords for one person", Changed: "wrong passwords, from one address", Expect: "429 with Retry-After; the right password is refused likewise; everybody else goes on", Needs: []Piece{NeedLogin, NeedNetworkB, NeedPersonB}, Try: guessPassword},
		{
			Number: 2, Title: "A hundred passwords for nobody", Changed: "a name that nobody has", Expect: "429, after as many tries as for a known name", Needs: []Piece{NeedLogin, NeedNetworkB},
			Try: func(t *Trial) {
				known := t.guessUntil(t.PersonOrB().Username)
				unknown := t.guessUntil("nobody-" + secret.Text(6) + "@example.com")
				if known != unknown {
					t.Broken("a known name is slowed down after %d tries, an unknown one after %d: so names can be told apart", known, unknown)
				}
			},
		},
		{
			Number: 3, Title: "A hundred secrets", Changed: "wrong client secrets", Expect: "429; the app itself goes on", Needs: []Piece{NeedNetworkB},
			Try: func(t *Trial) {
				t.guessSecrets(func() *Request { return t.Redeem(t.App, Code{Text: "no-code"}) })
				t.SignIn()
			},
		},
		{Number: 4, Title: "User codes", Changed: "wrong user codes of the device flow", Expect: "429", Try: func(t *Trial) { t.Skip("this server has no device flow") }},
		{
			Number: 5, Title: "Secrets at introspection", Changed: "wrong client secrets at another endpoint", Expect: "429", Needs: []Piece{NeedIntrospect, NeedNetworkB},
			Try: func(t *Trial) { t.guessSecrets(func() *Request { return t.IntrospectRequest(t.App, "probe") }) },
		},
		{Number: 6, Title: "Known or unknown, by the answer", Changed: "a wrong password for a known and for an unknown name", Expect: "the same answer", Needs: []Piece{NeedLogin, NeedNetworkB}, Try: enumerateByAnswer},
		{Number: 7, Title: "Known or unknown, by the time", Changed: "a wrong password for known and unknown names, with a stop watch", Expect: "no difference beyond noise", Needs: []Piece{NeedLogin, NeedNetworkB, NeedClock}, Try: enumerateByTime},
	},
}

const mostGuesses = 100

// guess tries a wrong password from the attacker's address.
func (t *Trial) guess(name string) *Answer {
	p := &Person{Username: name, Password: secret.Text(12)}
	t.wire.o.Mask.Know("guess", p.Password)
	a := t.Send(t.Login(t.App, p, t.NewVerifier()), By("a guessing machine", "tries a password"), Outside)
	t.Refused(a, LoginRefused)
	return a
}

// guessUntil guesses until somebody slows it down, and says after how many.
func (t *Trial) guessUntil(name string) int {
	if t.Operator.Advance != nil {
		t.Advance(24 * time.Hour) // what other cases did is forgotten
	}
	for n := range mostGuesses {
		if a := t.guess(name); a.Status == http.StatusTooManyRequests {
			if a.Header.Get("Retry-After") == "" {
				t.Broken("a limit without Retry-After: honest clients come back at once")
			}
			return n
		}
	}
	t.Broken("%d wrong passwords were checked at full speed", mostGuesses)
	return 0
}

func guessPassword(t *Trial) {
	victim := t.PersonB
	t.guessUntil(victim.Username)
	a := t.Send(t.Login(t.App, victim, t.NewVerifier()), By("a guessing machine", "tries the right password while it has to wait"), Outside)
	if codeIn(a) != "" {
		t.Broken("while guesses have to wait, the right password is let through: so the wait tells nothing but right from wrong")
	}
	if codeIn(t.Send(t.Login(t.App, t.Person, t.NewVerifier()), By("somebody else", "signs in elsewhere meanwhile"))) == "" {
		t.Broken("guessing one person's password keeps others out")
	}
	if codeIn(t.Send(t.Login(t.App, victim, t.NewVerifier()), By("the person", "signs in at home meanwhile"))) == "" {
		t.Remark("the person cannot sign in elsewhere while somebody guesses")
	}
	if t.Operator.Advance == nil {
		return
	}
	t.Advance(24 * time.Hour)
	if codeIn(t.Send(t.Login(t.App, victim, t.NewVerifier()), By("the person", "signs in a day later"), Outside)) == "" {
		t.Broken("guessing locks the person out for more than a day")
	}
}

func (t *Trial) guessSecrets(request func() *Request) {
	if t.App.Public() {
		t.Skip("the app has no secret")
	}
	for range mostGuesses {
		a := t.Send(request(), By("a guessing machine", "tries a secret"), Outside, Secret("css_"+secret.Text(32)))
		t.declined(a, ClientUnproven)
		if a.Status == http.StatusTooManyRequests {
			return
		}
	}
	t.Broken("%d wrong secrets were checked at full speed", mostGuesses)
}

func enumerateByAnswer(t *Trial) {
	if t.Operator.Advance != nil {
		t.Advance(24 * time.Hour)
	}
	known := t.guess(t.PersonOrB().Username)
	unknown := t.guess("nobody-" + secret.Text(6) + "@example.com")
	if known.Status != unknown.Status || known.Body != unknown.Body {
		t.Broken("a known name is answered %s, an unknown one %s", known.short(), unknown.short())
	}
}

// enumerateByTime compares medians. A difference counts when it is a multiple and
// longer than anything a busy machine does to half of the tries.
func enumerateByTime(t *Trial) {
	const rounds, tries = 3, 4
	for range rounds {
		t.Advance(24 * time.Hour)
		var known, unknown []time.Duration
		for range tries {
			known = append(known, t.guess(t.PersonOrB().Username).Took)
			unknown = append(unknown, t.guess("nobody-"+secret.Text(6)+"@example.com").Took)
		}
		a, b := median(known), median(unknown)
		if max(a, b) < 3*min(a, b) || max(a, b)-min(a, b) < 2*time.Millisecond {
			return
		}
	}
	t.Broken("three times in a row a known name took another time than an unknown one")
}

func median(list []time.Duration) time.Duration {
	slices.SortFunc(list, cmp.Compare[time.Duration])
	return list[len(list)/2]
}
