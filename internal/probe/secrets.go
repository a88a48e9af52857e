package probe

import (
	"strings"
	"time"

	"countersign/internal/evidence"
	"countersign/internal/secret"
)

// authenticates says whether a secret of the app works: what is no code is refused
// as no code, and not for the secret.
func (t *Trial) authenticates(text string) bool {
	a := t.Send(t.Redeem(t.App, noCode), By("the app", "uses its secret"), Secret(text))
	return a.Fault == "" && a.Status < 500 && !ClientUnproven.looksLike(t.Door.Dialect, a)
}

// noCode is what nobody ever issued.
var noCode = Code{Text: "no-code", Verifier: "no-verifier-of-any-code-that-anybody-ever-got"}

func hasSecret(t *Target) string {
	if t.App != nil && t.App.Public() {
		return "the app has no secret"
	}
	if t.settings().Disabled {
		return "the app is switched off"
	}
	return ""
}

var secretRotation = Scenario{
	ID: "probe.secret-rotation", Title: "Old and guessed secrets", Controls: []string{"secret-strength"}, Spoils: true, Applies: hasSecret,
	Story: evidence.Story{
		Attacker: "Somebody who left the team, with a copy of the app's secret; or somebody who guesses with a stop watch.",
		Holds:    "A secret that was good once, or the beginning of one.",
		Wants:    "That it still works.",
		Defence:  "Secrets are drawn by the server, end when they are replaced, and are compared in a time that says nothing.",
	},
	Cases: []Case{
		{
			Number: 0, Title: "The present secret", Changed: "nothing", Expect: "it is accepted",
			Try: func(t *Trial) {
				if !t.authenticates(t.App.Secret) {
					t.Inconclusive("the app's secret does not work")
				}
			},
		},
		{Number: 1, Title: "While they overlap", Changed: "the secret is rotated with an overlap of an hour", Expect: "both work", Once: true, Try: func(t *Trial) { t.rotateSecret(false) }},
		{Number: 2, Title: "After the overlap", Changed: "the old secret, later", Expect: "401", Once: true, Needs: []Piece{NeedClock}, Try: func(t *Trial) { t.rotateSecret(true) }},
		{
			Number: 3, Title: "A chosen secret", Changed: "an administrator sets a secret of their own", Expect: "refused", Once: true,
			Try: func(t *Trial) {
				if t.Operator.Register == nil {
					t.Skip("there is no operator who could try")
				}
				for _, field := range []string{"client-secret", "secret"} {
					if t.Operator.Register(t.ctx, field, "Summer2026!") == nil {
						t.Broken("a chosen secret was accepted")
					}
				}
			},
		},
		{Number: 4, Title: "Guesses with a stop watch", Changed: "wrong secrets that begin like the right one", Expect: "no difference beyond noise", Once: true, Needs: []Piece{NeedNetworkB}, Try: timedSecrets},
	},
}

// rotateSecret rotates, and looks at the old secret during or after the overlap.
func (t *Trial) rotateSecret(after bool) {
	if t.Operator.Rotate == nil {
		t.Inconclusive("a piece is missing: %s", NeedOperator)
	}
	old := t.App.Secret
	text, err := t.Operator.Rotate(t.ctx, t.App.ID, time.Hour)
	t.operate(err)
	t.wire.o.Mask.Know("secret of "+t.App.ID, text)
	t.App.Secret = text
	if after {
		t.Advance(time.Hour + 2*time.Second)
	}
	if !t.authenticates(text) {
		t.Broken("the new secret does not work")
	}
	switch works := t.authenticates(old); {
	case after && works:
		t.Broken("the old secret works after its overlap")
	case !after && !works:
		t.Broken("the old secret ended before its overlap")
	}
}

func timedSecrets(t *Trial) {
	const rounds, tries = 3, 4
	for range rounds {
		var near, far []time.Duration
		for range tries {
			for i, guess := range []string{t.App.Secret[:len(t.App.Secret)-4] + secret.Text(3), "css_" + secret.Text(32)} {
				a := t.Send(t.Redeem(t.App, noCode), By("a guessing machine", "tries a secret"), Outside, Secret(guess))
				t.declined(a, ClientUnproven)
				if i == 0 {
					near = append(near, a.Took)
				} else {
					far = append(far, a.Took)
				}
			}
		}
		a, b := median(near), median(far)
		if max(a, b) < 3*min(a, b) || max(a, b)-min(a, b) < 2*time.Millisecond {
			return
		}
	}
	t.Broken("three times in a row a guess that begins rightly took another time")
}

var secretCanaryExport = Scenario{
	ID: "probe.secret-canary-export", Title: "Secrets in exports", Controls: []string{"metadata-secret-protection"}, Server: true, Spoils: true, Applies: hasSecret,
	Story: evidence.Story{
		Attacker: "Somebody with a copy of an export, a backup, a log: a repository, a ticket, a laptop.",
		Holds:    "Everything an administrator can write out.",
		Wants:    "An app's secret in it.",
		Defence:  "The server keeps no secret, only its keyed hash; so nothing can write it out.",
	},
	Cases: []Case{
		canaryWorks,
		{Number: 1, Title: "Lists and details", Changed: "everything management can read is searched", Expect: "no hit", Once: true, Try: func(t *Trial) { t.notInReads(t.App.Secret) }},
		{Number: 2, Title: "Exports", Changed: "records as they are kept, reports", Expect: "no hit", Once: true, Try: func(t *Trial) { t.notInReads(t.App.Secret) }},
		{Number: 3, Title: "Audit log", Changed: "searched", Expect: "no hit", Once: true, Needs: []Piece{NeedTraces}, Try: func(t *Trial) { t.notInTraces("an app's secret", t.App.Secret) }},
		{
			Number: 4, Title: "Error pages and log", Changed: "refusals with the secret in the request", Expect: "no hit", Needs: []Piece{NeedTraces},
			Try: func(t *Trial) {
				a := t.Send(t.Redeem(t.App, Code{Text: "no-code"}), By("the app", "redeems what is no code"))
				if strings.Contains(a.Body, t.App.Secret) {
					t.Broken("the refusal repeats the secret")
				}
				t.notInTraces("an app's secret", t.App.Secret)
			},
		},
	},
}

var canaryWorks = Case{
	Number: 0, Title: "The secret works", Changed: "nothing", Expect: "it is accepted",
	Try: func(t *Trial) {
		if !t.authenticates(t.App.Secret) {
			t.Inconclusive("the app's secret does not work")
		}
	},
}

// notInReads searches everything management can read.
func (t *Trial) notInReads(text string) {
	if t.Operator.Reads == nil {
		t.Inconclusive("a piece is missing: %s", NeedOperator)
	}
	all, err := t.Operator.Reads(t.ctx)
	t.operate(err)
	for place, body := range all {
		for _, form := range evidence.Forms(text) {
			if strings.Contains(body, form) {
				t.Broken("an app's secret stands in %s", place)
			}
		}
	}
}

var secretCanaryRest = Scenario{
	ID: "probe.secret-canary-rest", Title: "Secrets in management answers", Controls: []string{"rest-secret-masking"}, Server: true, Spoils: true, Applies: hasSecret,
	Story: evidence.Story{
		Attacker: "Somebody with an administrator's session, for a minute.",
		Holds:    "Every read that management offers.",
		Wants:    "Secrets, to be used later, from elsewhere.",
		Defence:  "A secret is shown once, to whoever made it. After that there is nothing to show.",
	},
	Cases: []Case{
		canaryWorks,
		{Number: 1, Title: "Every read", Changed: "each management answer is searched", Expect: "no hit", Once: true, Try: func(t *Trial) { t.notInReads(t.App.Secret) }},
		{Number: 2, Title: "The echo of a change", Changed: "read again after a change", Expect: "no hit", Once: true, Needs: []Piece{NeedOperator}, Try: func(t *Trial) {
			t.operate(t.Operator.Block(t.ctx, t.App.ID, true))
			t.operate(t.Operator.Block(t.ctx, t.App.ID, false))
			t.notInReads(t.App.Secret)
		}},
		{Number: 3, Title: "Registration management", Changed: "the read call of dynamic registration", Expect: "no hit", Once: true, Try: func(t *Trial) { t.Skip("this server has no dynamic registration") }},
		{
			Number: 4, Title: "After a rotation", Changed: "read again after the secret was rotated", Expect: "neither the old nor the new one", Once: true,
			Try: func(t *Trial) {
				old := t.App.Secret
				t.rotateSecret(false)
				t.notInReads(old)
				t.notInReads(t.App.Secret)
			},
		},
	},
}

var keyRotation = Scenario{
	ID: "probe.key-rotation", Title: "Retired and weak keys", Controls: []string{"key-hygiene"}, Server: true, Spoils: true,
	Story: evidence.Story{
		Attacker: "Somebody who got hold of a signing key, long ago.",
		Holds:    "A key that was the server's once.",
		Wants:    "To sign tokens that are still believed.",
		Defence:  "Keys are replaced in time, announced before they sign, published without their private half, and forgotten when the last token they signed is over.",
	},
	Cases: []Case{
		{
			Number: 0, Title: "A token and its key", Changed: "nothing", Expect: "the key is published", Needs: []Piece{NeedCodes},
			Try: func(t *Trial) {
				if kid := t.keyOf(t.SignIn()); !strings.Contains(t.keySet(), kid) {
					t.Inconclusive("the key of a fresh token is not published")
				}
			},
		},
		{Number: 1, Title: "Old tokens after a rotation", Changed: "the server's keys are rotated", Expect: "they work until their end", Once: true, Needs: []Piece{NeedCodes, NeedUserinfo}, Try: func(t *Trial) {
			f := t.SignIn()
			t.turnKeys()
			if t.LifeOf(f.Access, "does a token of the old key still work?") == Dead {
				t.Broken("the rotation killed living tokens")
			}
		}},
		{Number: 2, Title: "New keys", Changed: "the key set before the new key signs", Expect: "the new key is published before its first use", Once: true, Needs: []Piece{NeedCodes}, Try: func(t *Trial) {
			t.turnKeys()
			before := t.keySet()
			if kid := t.keyOf(t.SignIn()); !strings.Contains(before, kid) {
				t.Broken("a token is signed by a key that was not published before")
			}
		}},
		{Number: 3, Title: "The retired key", Changed: "after the overlap", Expect: "it is no longer published and signs nothing", Once: true, Needs: []Piece{NeedCodes, NeedClock}, Try: retiredKey},
		{Number: 4, Title: "Weak keys of apps", Changed: "a weak key is registered", Expect: "refused", Once: true, Try: func(t *Trial) { t.Skip("apps of this server have no keys") }},
		{
			Number: 5, Title: "Private halves", Changed: "the key set is searched for private members", Expect: "none",
			Try: func(t *Trial) {
				set := t.keySet()
				for _, name := range []string{`"d"`, `"p"`, `"q"`, `"dp"`, `"k"`} {
					if strings.Contains(set, name+":") {
						t.Broken("the key set has the member %s", name)
					}
				}
			},
		},
	},
}

func (t *Trial) keySet() string {
	a := t.Send(t.request("GET", t.Door.Keys, "reads the key set", nil, nil), By("a resource server", "reads the key set"))
	t.Must(a, "the key set")
	return a.Body
}

func (t *Trial) keyOf(f Tokens) string {
	for _, token := range []string{f.Access, f.ID} {
		if kid, _ := segment(token, 0)["kid"].(string); kid != "" {
			return kid
		}
	}
	t.Skip("no token of this app is signed")
	return ""
}

func (t *Trial) turnKeys() {
	if t.Operator.Keys == nil {
		t.Inconclusive("a piece is missing: %s", NeedOperator)
	}
	t.operate(t.Operator.Keys(t.ctx, RotateKeys))
}

// retiredKey moves the clock until the old key has gone.
func retiredKey(t *Trial) {
	old := t.keyOf(t.SignIn())
	t.turnKeys()
	const week = 7 * 24 * time.Hour
	for range 30 {
		t.Advance(week)
		t.operate(t.Operator.Keys(t.ctx, RetireKeys))
		if !strings.Contains(t.keySet(), old) {
			if t.keyOf(t.SignIn()) == old {
				t.Broken("a key signs that is no longer published")
			}
			return
		}
	}
	t.Broken("half a year after its rotation the old key is still published")
}
