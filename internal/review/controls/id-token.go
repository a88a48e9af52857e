package controls

import (
	"time"

	"countersign/internal/review"
)

// idToken wants ID tokens to be short, addressed and minimal: a statement about
// a login, not a credential.
//
// Spec: OIDC Core §2, §3.1.3.7; FAPI 2.0 SP §5.3.2.1.
var idToken = review.Control{
	ID:     "id-token",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,
	Twin:   &review.BandHigh,

	NotApplicable: noOpenID,
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.AtMost("app.id_token.ttl", 120*time.Second),
			soundAudiences(e),
			declaredAttributes(e),
			declaredPermissions(e),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.AtMost("app.id_token.ttl", 300*time.Second),
			e.True("app.id_token.nonce_required"),
			noExtraClaims(e),
			soundAudiences(e),
		)
	},

	Defences: []string{"nonce.", "token."},
	Probe:    review.Probe{ID: "probe.id-token-misuse"},
	Fix: review.Fix{
		Patch: []review.Change{
			shorten("app.id_token.ttl", 120*time.Second),
			unless("apps with audiences nobody approved", soundAudiences,
				review.Write("app.id_token.audience", []string{})),
			where("apps that declared no claims", func(e *review.Eval) review.Truth {
				return review.All(review.Not(declaredAttributes(e)), review.Not(e.Set("app.claims.allow")))
			}, review.Write("app.id_token.attributes", []string{})),
			where("apps with attributes beyond those they declared", func(e *review.Eval) review.Truth {
				return review.All(review.Not(declaredAttributes(e)), e.Set("app.claims.allow"), allowedAreIncluded(e))
			}, review.WriteCopy("app.id_token.attributes", "app.claims.allow")),
			where("apps with attributes beside those they declared", func(e *review.Eval) review.Truth {
				return review.All(review.Not(declaredAttributes(e)), review.Not(allowedAreIncluded(e)))
			}, review.WriteAsked("app.id_token.attributes", "those of the attributes that the app declared")),
			unless("apps that did not declare them", declaredPermissions,
				review.Write("app.id_token.custom_permissions", false)),
		},
		Breaks: "Apps seen to use an ID token later than two minutes after issue; parties that received a removed claim or audience.",
	},
}

// soundAudiences holds if an ID token is meant for the app alone, or for others
// whom an administrator approved.
func soundAudiences(e *review.Eval) review.Truth {
	return review.Any(e.Empty("app.id_token.audience"), e.True("app.id_token.audience_reviewed"))
}

// declaredAttributes holds if ID tokens carry no attribute the app did not
// declare.
func declaredAttributes(e *review.Eval) review.Truth {
	return e.SubsetOfValue("app.id_token.attributes", "app.claims.allow")
}

// allowedAreIncluded holds if ID tokens carry all that the app declared, so that
// the list of what is declared adds nothing to them.
func allowedAreIncluded(e *review.Eval) review.Truth {
	return e.SubsetOfValue("app.claims.allow", "app.id_token.attributes")
}

// declaredPermissions holds if custom permissions stay out of ID tokens unless
// the app declared that it needs them.
func declaredPermissions(e *review.Eval) review.Truth {
	return review.Any(
		e.False("app.id_token.custom_permissions"),
		e.Contains("app.claims.allow", "custom_permissions"),
	)
}
