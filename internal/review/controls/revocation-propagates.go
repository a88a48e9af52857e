package controls

import (
	"time"

	"countersign/internal/review"
)

// revocationPropagates wants what was revoked to be dead everywhere, at once.
//
// Spec: RFC 7009 §2; RFC 6819 §5.2.2.4; RFC 9700 §4.14.2.
var revocationPropagates = review.Control{
	ID:     "revocation-propagates",
	Scope:  review.PerApp,
	Source: review.Ours,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.issues_tokens")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.True("server.revocation.cascades"),
			promptRevocation(e),
			review.Any(askedAtServer(e), e.AtMost("app.access_token.ttl", 15*time.Minute)),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return e.AtMost("app.access_token.ttl", 5*time.Minute)
	},

	Defences: []string{"token.expired", "token.jwt-expired"},
	Probe:    review.Probe{ID: "probe.kill-switch"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("server.revocation.cascades", true),
			where("JWTs checked offline, or nodes that hear late", func(e *review.Eval) review.Truth {
				return review.All(
					review.Any(review.Not(askedAtServer(e)), review.Not(promptRevocation(e))),
					review.Not(e.AtMost("app.access_token.ttl", 5*time.Minute)),
				)
			}, review.Write("app.access_token.ttl", 5*time.Minute)),
		},
		Breaks: "Apps that count on an access token surviving the revocation of its refresh token.",
	},
}

// promptRevocation holds if every node knows of a revocation within a second.
func promptRevocation(e *review.Eval) review.Truth {
	return e.AtMost("server.revocation.latency", time.Second)
}

// askedAtServer holds if nobody takes an access token without asking the server.
func askedAtServer(e *review.Eval) review.Truth {
	return review.Any(e.Is("app.access_token.format", "opaque"), e.True("app.resources.introspect_every_call"))
}
