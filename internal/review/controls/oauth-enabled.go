package controls

import "countersign/internal/review"

// oauthEnabled wants APIs to be called with tokens and with nothing that lives
// longer.
//
// Spec: RFC 6749 §1; RFC 6750 §5.3; RFC 9700 §2.4.
var oauthEnabled = review.Control{
	ID:     "oauth-enabled",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandCritical,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.uses_api")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(e.True("app.oauth.enabled"), e.Empty("app.static_credentials"))
	},

	Probe: review.Probe{ID: "probe.no-static-credentials"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("app.oauth.enabled", true),
			review.Write("app.static_credentials", []string{}),
		},
		Breaks: "Calls in the last 90 days that used a static credential.",
	},
}
