package controls

import "countersign/internal/review"

// appCreationOff wants nobody but administrators to bring an app into being
// that works at once.
//
// Spec: RFC 6819 §4.4.1.4, §5.2.3; RFC 7591 §5; RFC 9700 §4.11.2.
var appCreationOff = review.Control{
	ID:     "app-creation-off",
	Scope:  review.PerServer,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	Pass: func(e *review.Eval) review.Truth {
		return review.All(createdByAdmins(e), e.IsNot("server.oauth.dcr", "open"))
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.Is("server.oauth.app_creation", "members"),
			e.IsNot("server.oauth.dcr", "open"),
			e.True("server.oauth.new_apps_start_disabled"),
			e.NotEmpty("server.oauth.redirect_uri_allowlist"),
			e.True("server.alerts.app_created"),
		)
	},

	MitigatedBy: []string{"registration-gated"},
	Defences:    []string{"client.disabled", "redirect."},
	Probe:       review.Probe{ID: "probe.rogue-registration", Cases: []int{1, 2, 3, 4}},
	Fix: review.Fix{
		Patch: []review.Change{
			unless("if others may create apps", createdByAdmins, review.Write("server.oauth.app_creation", "admins")),
			closeRegistration(),
		},
		Breaks: "People and pipelines that created an app in the last 90 days.",
	},
}

// createdByAdmins holds if members of staff and strangers create no apps.
func createdByAdmins(e *review.Eval) review.Truth {
	return e.In("server.oauth.app_creation", "off", "admins")
}

// closeRegistration asks for a token where anybody may register an app; what
// is stricter stays.
func closeRegistration() review.Change {
	return unless("if it is open", func(e *review.Eval) review.Truth { return e.IsNot("server.oauth.dcr", "open") },
		review.Write("server.oauth.dcr", "initial_access_token"))
}
