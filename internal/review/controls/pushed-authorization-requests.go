package controls

import "countersign/internal/review"

// pushedAuthorizationRequests wants requests to reach the server from the app
// and not by way of the user's browser.
//
// Spec: RFC 9126 §2, §4, §7; FAPI 2.0 SP §5.3.2.2.
var pushedAuthorizationRequests = review.Control{
	ID:     "pushed-authorization-requests",
	Scope:  review.PerApp,
	Source: review.Ours,
	CVSS:   review.BandMedium,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.flows.authorization_code")
	},
	Pass: func(e *review.Eval) review.Truth {
		return e.True("app.par.required")
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(e.True("app.pkce.enforced"), cited(e, redirectExact, review.Pass))
	},
	Minor: func(e *review.Eval) review.Truth {
		return e.False("app.scopes.any_privileged")
	},

	MitigatedBy: []string{"require-pkce", "redirect-exact"},
	Cites:       []string{"redirect-exact"},
	Defences:    []string{"pkce.", "redirect."},
	Probe:       review.Probe{ID: "probe.par"},
	Fix: review.Fix{
		Patch:  []review.Change{review.Write("app.par.required", true)},
		Breaks: "Client instances that sent plain authorization requests in the last 90 days.",
	},
}
