package controls

import "countersign/internal/review"

// clientCredentialsOff wants no tokens without a user. It is stricter than the
// RFCs, which accept the grant for confidential apps.
//
// Spec: RFC 6749 §4.4; RFC 9700 §4.15.
var clientCredentialsOff = review.Control{
	ID:     "client-credentials-off",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,
	Twin:   &review.BandCritical,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.Is("app.client_type", "public")
	},
	Pass: func(e *review.Eval) review.Truth {
		return e.False("app.flows.client_credentials")
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.True("app.asymmetric_auth"),
			e.True("app.policy.ip_fenced"),
			e.False("app.policy.run_as.privileged"),
		)
	},

	MitigatedBy: []string{"digital-signatures", "ip-restrictions", "client-credentials-policy"},
	Defences:    []string{"client.", "policy.address"},
	Probe:       review.Probe{ID: "probe.client-credentials-refused"},
	Fix: review.Fix{
		Patch:  []review.Change{review.Write("app.flows.client_credentials", false)},
		Breaks: "Every caller of the grant in the last 90 days, by address and hour of day.",
	},
}
