package controls

import "countersign/internal/review"

// jwtBearerFlow wants machines to prove themselves by a signed assertion, for
// users whom an administrator approved.
//
// Spec: RFC 7523 §2.1, §3; RFC 8725 §3.
var jwtBearerFlow = review.Control{
	ID:     "jwt-bearer-flow",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.has_machine_flow")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.True("app.flows.jwt_bearer"),
			e.True("app.keys.sound"),
			e.Is("app.policy.permitted_users", "admin_preauthorized"),
			noMachineSecret(e),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(e.False("app.flows.jwt_bearer"), e.True("app.asymmetric_auth"))
	},

	MitigatedBy: []string{"digital-signatures"},
	Defences:    []string{"client."},
	Probe:       review.Probe{ID: "probe.assertion-forgery", Cases: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("app.flows.jwt_bearer", true),
			registerKeys(),
			review.Write("app.policy.permitted_users", "admin_preauthorized"),
			unless("apps that send a secret for machine tokens", noMachineSecret,
				review.WriteAsked("app.flows.client_credentials", "false, once the jobs have moved")),
		},
		Breaks: "Jobs that use the shared secret; users of the flow who are not in an assigned group.",
	},
}

// noMachineSecret holds if no shared secret is enough for machine tokens.
func noMachineSecret(e *review.Eval) review.Truth {
	return review.Any(e.False("app.flows.client_credentials"), e.False("app.shared_secret"))
}
