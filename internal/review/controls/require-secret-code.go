package controls

import "countersign/internal/review"

// requireSecretCode wants the app to authenticate when it redeems a code.
//
// Spec: RFC 6749 §3.2.1, §4.1.3; RFC 9700 §2.5.
var requireSecretCode = review.Control{
	ID:     "require-secret-code",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,
	Twin:   &review.BandCritical,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.issues_codes")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.Is("app.client_type", "confidential"),
			hasClientAuth(e),
			e.True("app.require_secret.code"),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return e.True("app.pkce.enforced")
	},

	MitigatedBy: []string{"require-pkce"},
	Defences:    []string{"pkce."},
	Probe:       review.Probe{ID: "probe.stolen-code", Cases: []int{1, 2, 3, 5}},
	Fix: review.Fix{
		Patch: []review.Change{
			chooseClientAuth(),
			review.Write("app.require_secret.code", true).For(review.Confidential),
			review.Write("app.pkce.required", true).For(review.Public),
			review.Write("app.pkce.methods", []string{"S256"}).For(review.Public),
		},
		Breaks: "Redemptions seen without client authentication in the last 90 days.",
	},
}
