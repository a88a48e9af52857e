package controls

import "countersign/internal/review"

// guessingThrottled wants every door that takes a secret to count.
//
// Spec: RFC 6819 §5.1.4.2.3; RFC 8628 §5.1; draft-ietf-oauth-first-party-apps §9.3.
var guessingThrottled = review.Control{
	ID:     "guessing-throttled",
	Scope:  review.PerServer,
	Source: review.Ours,
	CVSS:   review.BandHigh,

	Pass: func(e *review.Eval) review.Truth {
		return review.All(countedLogins(e), countedClients(e), countedUserCodes(e), e.NotEmpty("server.limits.introspection"))
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.EveryApp("every app is fenced to known networks", func(app *review.Eval) review.Truth {
				return app.True("app.policy.ip_fenced")
			}),
			e.Contains("server.limits.login", "user"),
		)
	},

	MitigatedBy: []string{"ip-restrictions"},
	Defences:    []string{"policy.address", "login.throttled"},
	Probe:       review.Probe{ID: "probe.throttle"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("server.limits.login", []string{"client", "user", "address"}),
			where("if one is missing", func(e *review.Eval) review.Truth {
				return review.All(review.Not(countedClients(e)), review.Not(countedUsers(e)))
			}, review.Write("server.limits.token", []string{"client", "address"})),
			where("if one is missing and users are counted", func(e *review.Eval) review.Truth {
				return review.All(review.Not(countedClients(e)), countedUsers(e))
			}, review.Write("server.limits.token", []string{"client", "user", "address"})),
			unless("if there are none", countedUserCodes, review.Write("server.limits.device", []string{"client", "user", "address"})),
			unless("if there are none", func(e *review.Eval) review.Truth { return e.NotEmpty("server.limits.introspection") },
				review.Write("server.limits.introspection", []string{"client", "address"})),
		},
		Breaks: "Addresses and apps whose failures in the last 90 days were above the proposed limits.",
	},
}

func countedLogins(e *review.Eval) review.Truth {
	return e.Exactly("server.limits.login", "client", "user", "address")
}

func countedClients(e *review.Eval) review.Truth {
	return review.All(e.Contains("server.limits.token", "client"), e.Contains("server.limits.token", "address"))
}

func countedUsers(e *review.Eval) review.Truth { return e.Contains("server.limits.token", "user") }

// countedUserCodes holds if user codes cannot be tried out.
func countedUserCodes(e *review.Eval) review.Truth {
	return review.Any(e.False("server.oauth.allow.device"), e.NotEmpty("server.limits.device"))
}
