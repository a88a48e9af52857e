package controls

import "countersign/internal/review"

// sessionAssurance wants a second factor before an app that can do harm.
//
// Spec: OIDC Core §3.1.2.1; RFC 9470.
var sessionAssurance = review.Control{
	ID:     "session-assurance",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.interactive")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.Any(e.Is("app.policy.session_assurance", "high"), e.True("server.mfa.required"))
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(e.False("app.scopes.any_privileged"), e.True("server.mfa.required_for_admins"))
	},

	MitigatedBy: []string{"scope-least-privilege"},
	Defences:    []string{"policy.assurance", "scope."},
	Probe:       review.Probe{ID: "probe.step-up"},
	Fix: review.Fix{
		Patch:  []review.Change{review.Write("app.policy.session_assurance", "high")},
		Breaks: "Users of the app without an enrolled second factor; unattended logins of the last 90 days.",
	},
}
