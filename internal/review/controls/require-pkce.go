package controls

import "countersign/internal/review"

// requirePKCE wants every code bound to the client instance that began the
// request.
//
// Spec: RFC 7636 §4; RFC 9700 §2.1.1.
var requirePKCE = review.Control{
	ID:     "require-pkce",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,
	Twin:   &review.BandCritical,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.issues_codes")
	},
	Pass: func(e *review.Eval) review.Truth {
		return e.True("app.pkce.enforced")
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.Is("app.client_type", "confidential"),
			e.IsNot("app.client_auth", "none"),
			e.True("app.require_secret.code"),
			e.True("app.id_token.nonce_required"),
			e.SubsetOf("app.pkce.methods", "S256"),
			e.True("server.oauth.pkce_downgrade_check"),
		)
	},

	MitigatedBy: []string{"require-secret-code"},
	Defences:    []string{"client.", "code.", "pkce."},
	Probe:       review.Probe{ID: "probe.pkce"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("app.pkce.required", true),
			review.Write("app.pkce.methods", []string{"S256"}),
		},
		Breaks: "Client instances seen in the last 90 days without code_challenge, or with plain.",
	},
}
