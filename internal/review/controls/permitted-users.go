package controls

import "countersign/internal/review"

// permittedUsers wants only assigned people to use the app.
//
// Spec: RFC 6819 §4.4.1.4, §5.2.4; RFC 9700 §4.11.2.
var permittedUsers = review.Control{
	ID:     "permitted-users",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return review.All(e.True("app.machine_only"), e.False("app.flows.jwt_bearer"))
	},
	Pass: assigned,
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.True("app.scopes.only_identity"),
			review.Any(e.True("app.first_party"), e.True("app.verified_publisher")),
		)
	},

	MitigatedBy: []string{"scope-least-privilege"},
	Defences:    []string{"scope."},
	Probe:       review.Probe{ID: "probe.unassigned-user"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("app.policy.permitted_users", "admin_preauthorized"),
			fill("app.policy.groups", "the groups of the users seen"),
		},
		Breaks: "Users with a live grant who are in none of the groups.",
	},
}
