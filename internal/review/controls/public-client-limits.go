package controls

import "countersign/internal/review"

// publicClientLimits wants an app that cannot prove itself to have no power that
// rests on proof.
//
// Spec: RFC 6749 §2.1, §4.4; RFC 9700 §2.5; OAuth 2.1 §2.1.
var publicClientLimits = review.Control{
	ID:     "public-client-limits",
	Scope:  review.PerApp,
	Source: review.Ours,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.Is("app.client_type", "confidential")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.Is("app.client_auth", "none"),
			e.False("app.flows.client_credentials"),
			e.False("app.policy.introspect_all"),
			e.False("app.resource_server"),
			signedAssertions(e),
		)
	},

	Probe: review.Probe{ID: "probe.public-powers"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("app.client_auth", "none"),
			review.Write("app.flows.client_credentials", false),
			review.Write("app.policy.introspect_all", false),
			review.Write("app.resource_server", false),
			unless("apps without sound keys", signedAssertions,
				review.WriteAsked("app.keys", "the public key that the app's owner uploads, or no JWT bearer flow")),
		},
		Breaks: "Callers of these powers in the last 90 days, which need a confidential registration.",
	},
}

// signedAssertions holds if the JWT bearer flow rests on a sound key.
func signedAssertions(e *review.Eval) review.Truth {
	return review.Any(e.False("app.flows.jwt_bearer"), e.True("app.keys.sound"))
}
