package controls

import (
	"time"

	"countersign/internal/review"
)

// refreshRotation wants a copied refresh token to give itself away. A token
// that is bound to a key need not rotate.
//
// Spec: RFC 9700 §4.14.2; FAPI 2.0 SP §5.3.2.1.
var refreshRotation = review.Control{
	ID:     "refresh-rotation",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,
	Twin:   &review.BandCritical,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.flows.refresh_token")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.Any(
			review.All(
				e.True("app.refresh.rotation"),
				e.True("app.refresh.reuse_detection"),
				e.AtMost("app.refresh.grace", 10*time.Second),
			),
			e.True("app.refresh.sender_constrained"),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			provenRefresh(e),
			review.Any(e.AtMost("app.refresh.absolute_ttl", review.Day), e.True("app.policy.ip_fenced")),
		)
	},

	MitigatedBy: []string{"require-secret-refresh", "ip-restrictions"},
	Defences:    []string{"client.", "refresh.expired", "policy.address"},
	Probe:       review.Probe{ID: "probe.refresh-reuse"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("app.refresh.rotation", true),
			review.Write("app.refresh.reuse_detection", true),
			shorten("app.refresh.grace", 10*time.Second),
		},
		Breaks: "Apps that used one refresh token more than once in the last 90 days; apps that refresh from several processes at a time.",
	},
}
