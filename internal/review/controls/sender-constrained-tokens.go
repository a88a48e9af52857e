package controls

import (
	"time"

	"countersign/internal/review"
)

// senderConstrainedTokens wants a stolen token to be worthless without the
// app's key.
//
// Spec: RFC 9449 §4.3, §7; RFC 8705 §3; RFC 9700 §2.2.1.
var senderConstrainedTokens = review.Control{
	ID:     "sender-constrained-tokens",
	Scope:  review.PerApp,
	Source: review.Ours,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.issues_tokens")
	},
	Pass: bound,
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(e.AtMost("app.access_token.ttl", 10*time.Minute), e.NotEmpty("app.access_token.audience"))
	},
	Minor: func(e *review.Eval) review.Truth {
		return e.False("app.scopes.any_privileged")
	},

	MitigatedBy: []string{"access-token-audience"},
	Defences:    []string{"token."},
	Probe:       review.Probe{ID: "probe.sender-constraint"},
	Fix: review.Fix{
		Patch:  []review.Change{review.Write("app.access_token.binding", "dpop")},
		Breaks: "Client instances that sent no proof in the last 90 days; resource servers not known to check proofs.",
	},
}
