package controls

import "countersign/internal/review"

// clientCredentialsPolicy wants machine tokens to run as somebody who can do
// little and is used by one app.
//
// Spec: RFC 6749 §4.4.3; RFC 9700 §2.3, §4.15.
var clientCredentialsPolicy = review.Control{
	ID:     "client-credentials-policy",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.flows.client_credentials")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(narrowPrincipal(e), e.True("app.policy.ip_fenced"), e.Set("app.policy.rate_limit"))
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(narrowPrincipal(e), e.True("app.asymmetric_auth"))
	},

	MitigatedBy: []string{"digital-signatures"},
	Defences:    []string{"client."},
	Probe:       review.Probe{ID: "probe.machine-identity"},
	Fix: review.Fix{
		Patch: []review.Change{
			unless("apps without such a principal", narrowPrincipal,
				review.WriteAsked("app.policy.run_as", "a new dedicated principal, with narrow rights and no sign-in")),
			review.Write("app.policy.ip", "enforce"),
			fence(),
			unless("apps without a quota", func(e *review.Eval) review.Truth { return e.Set("app.policy.rate_limit") },
				review.WriteAsked("app.policy.rate_limit", "twice the hourly peak seen")),
		},
		Breaks: "Calls in the last 90 days that need rights the new principal lacks, or came from other addresses.",
	},
}

// narrowPrincipal holds if machine tokens run as a principal that is
// unprivileged, no person, and nobody else's.
func narrowPrincipal(e *review.Eval) review.Truth {
	return review.All(
		e.False("app.policy.run_as.privileged"),
		e.False("app.policy.run_as.interactive"),
		e.Count("app.policy.run_as.apps", 1, 1),
	)
}
