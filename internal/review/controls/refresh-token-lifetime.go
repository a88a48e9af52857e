package controls

import "countersign/internal/review"

// refreshTokenLifetime wants every refresh token to end, used or not.
//
// Spec: RFC 9700 §4.14.2; OAuth 2.1 §4.3.3.
var refreshTokenLifetime = review.Control{
	ID:     "refresh-token-lifetime",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.flows.refresh_token")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.IsNot("app.refresh.policy", "infinite"),
			e.AtMost("app.refresh.idle_ttl", 30*review.Day),
			e.AtMost("app.refresh.absolute_ttl", 90*review.Day),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.True("app.refresh.sender_constrained"),
			e.AtMost("app.refresh.idle_ttl", 90*review.Day),
		)
	},

	MitigatedBy: []string{"sender-constrained-tokens"},
	Defences:    []string{"refresh.idle"},
	Probe:       review.Probe{ID: "probe.expiry", Cases: []int{4}},
	Fix: review.Fix{
		Patch: []review.Change{
			unless("apps whose refresh tokens never end", func(e *review.Eval) review.Truth {
				return e.IsNot("app.refresh.policy", "infinite")
			}, review.Write("app.refresh.policy", "inactivity")),
			shorten("app.refresh.idle_ttl", 30*review.Day),
			shorten("app.refresh.absolute_ttl", 90*review.Day),
		},
		Breaks: "Grants older than 90 days or unused for 30; jobs that run less often than monthly.",
	},
}
