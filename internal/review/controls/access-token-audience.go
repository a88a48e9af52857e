package controls

import "countersign/internal/review"

// accessTokenAudience wants a token to be good at one place, so that a resource
// server which is taken over cannot use it at another.
//
// Spec: RFC 8707 §2; RFC 9068 §3-4; RFC 9700 §2.3, §4.10.2.
var accessTokenAudience = review.Control{
	ID:     "access-token-audience",
	Scope:  review.PerApp,
	Source: review.Ours,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return review.Any(e.False("app.issues_tokens"), e.True("app.scopes.only_identity"))
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			oneAudience(e),
			review.Any(e.Is("app.access_token.format", "jwt"), e.True("server.introspection.checks_audience")),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return e.Count("server.resource_servers", 0, 1)
	},

	Defences: []string{"token."},
	Probe:    review.Probe{ID: "probe.jwt-at-confusion", Cases: []int{0, 4}},
	Fix: review.Fix{
		Patch: []review.Change{
			unless("apps with none or several", oneAudience,
				review.WriteAsked("app.access_token.audience", "the resource called most")),
			review.Write("server.introspection.checks_audience", true),
		},
		Breaks: "Client instances that used one token at several resources in the last 90 days.",
	},
}

func oneAudience(e *review.Eval) review.Truth { return e.Count("app.access_token.audience", 1, 1) }
