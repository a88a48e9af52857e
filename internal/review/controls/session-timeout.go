package controls

import (
	"time"

	"countersign/internal/review"
)

// sessionTimeout wants sessions and access tokens to end within the hour.
//
// Spec: RFC 6819 §5.1.5.3; RFC 9700 §2.2.1; NIST SP 800-63B.
var sessionTimeout = review.Control{
	ID:     "session-timeout",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandCritical,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.issues_user_tokens")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.AtMost("app.access_token.ttl", time.Hour),
			e.AtMost("app.policy.session_timeout", time.Hour),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.AtMost("app.access_token.ttl", 12*time.Hour),
			e.AtMost("app.policy.session_timeout", 12*time.Hour),
			review.Any(
				review.All(e.Is("app.policy.session_assurance", "high"), e.True("app.policy.ip_fenced")),
				bound(e),
				review.All(
					e.True("app.resources.introspect_every_call"),
					e.AtMost("server.revocation.latency", time.Second),
				),
			),
		)
	},

	MitigatedBy: []string{"session-assurance", "ip-restrictions", "sender-constrained-tokens", "revocation-propagates"},
	Defences:    []string{"token.expired", "token.jwt-expired", "token.ended", "policy."},
	Probe:       review.Probe{ID: "probe.expiry", Cases: []int{1, 2, 3}},
	Fix: review.Fix{
		Patch: []review.Change{
			shorten("app.access_token.ttl", time.Hour),
			shorten("app.policy.session_timeout", time.Hour),
		},
		Breaks: "Apps without refresh tokens whose sessions lasted longer than an hour; jobs that hold one token for longer.",
	},
}
