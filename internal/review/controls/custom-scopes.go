package controls

import "countersign/internal/review"

// customScopes wants a scope to say what it opens: one resource, some actions.
//
// Spec: RFC 6749 §3.3; RFC 8707 §2; RFC 9700 §2.3.
var customScopes = review.Control{
	ID:     "custom-scopes",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return review.Any(e.True("app.scopes.only_identity"), e.Count("server.resource_servers", 0, 0))
	},
	Pass: func(e *review.Eval) review.Truth {
		return e.EveryScope("every API scope names its resource and its actions", func(s *review.Eval) review.Truth {
			return review.Any(s.True("scope.identity"), narrowScope(s))
		})
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return e.EveryScope("every API scope is narrow, or its resource checks the user's own rights again", func(s *review.Eval) review.Truth {
			return review.Any(s.True("scope.identity"), s.True("scope.resource_rechecks"), narrowScope(s))
		})
	},

	Defences: []string{"scope.", "token.scope"},
	Probe:    review.Probe{ID: "probe.scope-ceiling", Cases: []int{1, 4}},
	Fix: review.Fix{
		Patch: []review.Change{
			review.WriteAsked("app.scopes", "the narrow scopes that cover the actions seen in the last 90 days"),
		},
		Breaks: "Calls in the last 90 days outside those actions.",
	},
}

// narrowScope holds if a scope names its resource and its actions.
func narrowScope(s *review.Eval) review.Truth {
	return review.All(s.Set("scope.resource"), s.NotEmpty("scope.actions"), s.False("scope.wildcard"))
}
