package controls

import "countersign/internal/review"

// codeAndCredentialsFlow judges the objective of the flow, a code that is
// worthless to a thief, and reports the literal switch beside it.
//
// Spec: RFC 9700 §2.1.1; draft-ietf-oauth-first-party-apps §9.
var codeAndCredentialsFlow = review.Control{
	ID:     "code-and-credentials-flow",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.issues_codes")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.True("app.flows.code_and_credentials"),
			safeHeadlessLogin(e),
			e.IsNot("app.client_auth", "none"),
			e.True("app.require_secret.code"),
			e.True("app.pkce.enforced"),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.True("app.pkce.enforced"),
			review.Any(e.False("app.flows.code_and_credentials"), safeHeadlessLogin(e)),
		)
	},

	MitigatedBy: []string{"require-pkce"},
	Defences:    []string{"flow.", "pkce."},
	Probe:       review.Probe{ID: "probe.stolen-code", Cases: []int{1, 2, 3, 4, 5, 6, 7, 8}},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("app.pkce.required", true),
			review.Write("app.pkce.methods", []string{"S256"}),
			review.Write("app.require_secret.code", true).For(review.Confidential),
			review.Write("app.code_and_credentials.post_only", true),
			review.Write("app.code_and_credentials.guest", false),
			review.Write("app.flows.code_and_credentials", true).For(review.FirstParty),
			review.Write("app.flows.code_and_credentials", false).For(review.ThirdParty),
		},
		Breaks: "Callers seen without code_challenge; callers that send user credentials by GET, query or Basic; guest sessions; redemptions without client authentication.",
	},
}

// safeHeadlessLogin holds if an app that takes passwords may: it is ours, takes
// them in no URL and is closed to guests.
func safeHeadlessLogin(e *review.Eval) review.Truth {
	return review.All(
		e.True("app.first_party"),
		e.False("app.code_and_credentials.in_url"),
		e.False("app.code_and_credentials.guest"),
	)
}
