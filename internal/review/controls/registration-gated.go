package controls

import "countersign/internal/review"

// registrationGated wants dynamic registration to be a gate with a keeper.
//
// Spec: RFC 7591 §3, §5; RFC 7592 §2.
var registrationGated = review.Control{
	ID:     "registration-gated",
	Scope:  review.PerServer,
	Source: review.Ours,
	CVSS:   review.BandHigh,

	Pass: func(e *review.Eval) review.Truth {
		return review.Any(
			e.Is("server.oauth.dcr", "off"),
			review.All(
				e.In("server.oauth.dcr", "initial_access_token", "software_statement"),
				e.NotEmpty("server.oauth.redirect_uri_allowlist"),
				fewGrants(e),
			),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(e.True("server.oauth.new_apps_start_disabled"), fewGrants(e))
	},

	MitigatedBy: []string{"app-creation-off"},
	Defences:    []string{"client.disabled"},
	Probe:       review.Probe{ID: "probe.rogue-registration", Cases: []int{2, 3, 4, 5}},
	Fix: review.Fix{
		Patch: []review.Change{
			closeRegistration(),
			unless("if there are others", fewGrants,
				review.Write("server.oauth.dcr_grants", []string{"authorization_code", "refresh_token"})),
			review.Write("server.oauth.new_apps_start_disabled", true),
		},
		Breaks: "Registrations of the last 90 days without a token, or with other grants or hosts.",
	},
}

// fewGrants holds if an app that registered itself can do nothing without a
// user.
func fewGrants(e *review.Eval) review.Truth {
	return e.SubsetOf("server.oauth.dcr_grants", "authorization_code", "refresh_token")
}
