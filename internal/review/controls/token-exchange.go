package controls

import "countersign/internal/review"

// tokenExchange wants to know who exchanges a token, whose it was and for whom
// it was meant, and gives the newcomer no rights.
//
// Spec: RFC 8693 §2.1, §5; RFC 9700 §2.5.
var tokenExchange = review.Control{
	ID:     "token-exchange",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandCritical,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.flows.token_exchange")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.Is("app.client_type", "confidential"),
			hasClientAuth(e),
			e.True("app.require_secret.token_exchange"),
			pinnedSubjects(e),
			e.Is("app.token_exchange.auto_provision", "off"),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.Is("app.client_type", "public"),
			pinnedSubjects(e),
			e.In("app.token_exchange.auto_provision", "off", "no_privilege_group"),
		)
	},

	MitigatedBy: []string{"scope-least-privilege"},
	Defences:    []string{"scope."},
	Probe:       review.Probe{ID: "probe.token-exchange"},
	Fix: review.Fix{
		Patch: []review.Change{
			chooseClientAuth(),
			review.Write("app.require_secret.token_exchange", true).For(review.Confidential),
			fill("app.token_exchange.trusted_issuers", "the issuers seen in the last 90 days"),
			fill("app.token_exchange.audiences", "the audiences seen in the last 90 days"),
			review.Write("app.token_exchange.auto_provision", "off"),
		},
		Breaks: "Exchanges in the last 90 days from other issuers or audiences, without client authentication, or that created a user.",
	},
}

// pinnedSubjects holds if a subject token must come from a named issuer and be
// meant for a named audience.
func pinnedSubjects(e *review.Eval) review.Truth {
	return review.All(
		e.NotEmpty("app.token_exchange.trusted_issuers"),
		e.NotEmpty("app.token_exchange.audiences"),
	)
}
