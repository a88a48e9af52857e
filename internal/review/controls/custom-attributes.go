package controls

import "countersign/internal/review"

// customAttributes wants an app to learn about a user what it declared, and a
// stranger's app nothing by which two of them can compare notes.
//
// Spec: OIDC Core §5.4-5.5, §8.1, §17.
var customAttributes = review.Control{
	ID:     "custom-attributes",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: noOpenID,
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.Set("app.claims.allow"),
			review.Any(e.True("app.first_party"), e.Is("app.subject_type", "pairwise")),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(e.False("app.id_token.standard_claims"), noExtraClaims(e))
	},

	Probe: review.Probe{ID: "probe.claim-surplus"},
	Fix: review.Fix{
		Patch: []review.Change{
			unless("apps without a list", func(e *review.Eval) review.Truth { return e.Set("app.claims.allow") },
				review.WriteAsked("app.claims.allow", "the claims requested in the last 90 days")),
			review.Write("app.subject_type", "pairwise").For(review.ThirdParty),
		},
		Breaks: "Apps that key their users by the present sub; apps that read a removed claim.",
	},
}

// noOpenID holds if the app gets no ID tokens.
func noOpenID(e *review.Eval) review.Truth {
	return review.Not(e.Contains("app.scopes", "openid"))
}

// noExtraClaims holds if ID tokens carry nothing beyond the standard.
func noExtraClaims(e *review.Eval) review.Truth {
	return review.All(e.Empty("app.id_token.attributes"), e.False("app.id_token.custom_permissions"))
}
