package controls

import "countersign/internal/review"

// digitalSignatures wants the app to authenticate with a key that never leaves
// it.
//
// Spec: RFC 7523 §2.2; RFC 8705 §2; RFC 9700 §2.5.
var digitalSignatures = review.Control{
	ID:     "digital-signatures",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.Is("app.client_type", "public")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(e.True("app.asymmetric_auth"), e.True("app.keys.sound"))
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.True("app.shared_secret"),
			e.True("app.secret.server_generated"),
			e.AtLeast("app.secret.bits", 256),
			e.AtMost("app.secret.age", 90*review.Day),
			e.True("app.issues_codes"),
			e.False("app.has_machine_flow"),
			e.True("app.pkce.enforced"),
		)
	},

	MitigatedBy: []string{"secret-strength", "require-pkce"},
	Defences:    []string{"client.", "pkce."},
	Probe:       review.Probe{ID: "probe.assertion-forgery", Cases: []int{0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12}},
	Fix: review.Fix{
		Patch: []review.Change{
			registerKeys(),
			unless("apps that do not use a key yet", func(e *review.Eval) review.Truth { return e.True("app.asymmetric_auth") },
				review.Write("app.client_auth", "private_key_jwt")),
		},
		Breaks: "Callers that authenticated by secret in the last 90 days.",
	},
}
