package controls

import "countersign/internal/review"

// introspectOwnOnly wants an app to look into its own tokens only, unless it is
// a resource server that proves itself by key.
//
// Spec: RFC 7662 §2.1, §2.2, §4.
var introspectOwnOnly = review.Control{
	ID:     "introspect-own-only",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.Is("app.client_type", "public")
	},
	Pass: func(e *review.Eval) review.Truth {
		return e.False("app.policy.introspect_all")
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(e.True("app.resource_server"), e.True("app.asymmetric_auth"))
	},

	MitigatedBy: []string{"digital-signatures"},
	Defences:    []string{"client."},
	Probe:       review.Probe{ID: "probe.foreign-introspection"},
	Fix: review.Fix{
		Patch:  []review.Change{review.Write("app.policy.introspect_all", false)},
		Breaks: "Introspections of foreign tokens in the last 90 days.",
	},
}
