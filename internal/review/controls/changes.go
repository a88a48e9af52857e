package controls

import (
	"time"

	"countersign/internal/review"
)

// The changes of a fix must never loosen what is stricter already, nor ask a
// person for what is in order. These limit a change to where it is needed.

// where limits a change to the subjects for which a clause holds; says names
// them if that cannot be decided.
func where(says string, clause review.Clause, change review.Change) review.Change {
	return change.For(review.Condition{Says: says, Clause: clause})
}

// unless limits a change to the subjects for which a clause does not hold.
func unless(says string, clause review.Clause, change review.Change) review.Change {
	return where(says, func(e *review.Eval) review.Truth { return review.Not(clause(e)) }, change)
}

// shorten brings a duration down to a limit and leaves a shorter one alone.
func shorten(name string, limit time.Duration) review.Change {
	return unless("if it is longer now", func(e *review.Eval) review.Truth { return e.AtMost(name, limit) },
		review.Write(name, limit))
}

// fill asks for the entries of a list that has none.
func fill(name, ask string) review.Change {
	return unless("if the list is empty", func(e *review.Eval) review.Truth { return e.NotEmpty(name) },
		review.WriteAsked(name, ask))
}

// chooseClientAuth asks how a confidential app that has no method of client
// authentication shall prove itself; no default would be right.
func chooseClientAuth() review.Change {
	return where("confidential apps that have none", func(e *review.Eval) review.Truth {
		return review.All(e.Is("app.client_type", "confidential"), e.Is("app.client_auth", "none"))
	}, review.WriteAsked("app.client_auth", "the method by which the app can authenticate"))
}

// registerKeys asks for keys where the app has none or unsound ones.
func registerKeys() review.Change {
	return unless("apps without sound keys", func(e *review.Eval) review.Truth { return e.True("app.keys.sound") },
		review.WriteAsked("app.keys", "the public key or certificate that the app's owner uploads"))
}

// fence asks for address ranges where there are none, or where those that are
// enforced fence nothing.
func fence() review.Change {
	return where("apps without narrow ranges", func(e *review.Eval) review.Truth {
		return review.Any(
			e.Empty("app.policy.ip_ranges"),
			review.All(e.Is("app.policy.ip", "enforce"), e.False("app.policy.ip_fenced")),
		)
	}, review.WriteAsked("app.policy.ip_ranges", "the networks seen in the last 90 days"))
}
