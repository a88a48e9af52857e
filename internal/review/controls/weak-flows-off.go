package controls

import "countersign/internal/review"

// weakFlowsOff wants the flows gone that OAuth 2.1 dropped, for every app at
// once.
//
// Spec: RFC 9700 §2.1.2, §2.4.
var weakFlowsOff = review.Control{
	ID:     "weak-flows-off",
	Scope:  review.PerServer,
	Source: review.FromSalesforce,
	CVSS:   review.Band{Low: 7.0, High: 10.0, Label: "High or Critical, depending on the set-up"},

	Pass: func(e *review.Eval) review.Truth {
		return review.All(noWeakFlow(e), e.True("server.oauth.require_pkce"))
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			noWeakFlow(e),
			e.EveryApp("every app that obtains codes must use PKCE with S256", func(app *review.Eval) review.Truth {
				return review.Any(app.False("app.issues_codes"), app.True("app.pkce.enforced"))
			}),
		)
	},

	MitigatedBy: []string{"require-pkce"},
	Defences:    []string{"pkce.", "challenge.response-type", "salesforce.response-type", "token.grant-type-unknown"},
	Probe:       review.Probe{ID: "probe.weak-flows"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("server.oauth.allow.implicit", false),
			review.Write("server.oauth.allow.password", false),
			review.Write("server.oauth.require_pkce", true),
		},
		Breaks: "Callers of either grant in the last 90 days; client instances without code_challenge.",
	},
}

// noWeakFlow holds if neither the implicit nor the password flow is served.
func noWeakFlow(e *review.Eval) review.Truth {
	return review.All(e.False("server.oauth.allow.implicit"), e.False("server.oauth.allow.password"))
}
