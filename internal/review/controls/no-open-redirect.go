package controls

import "countersign/internal/review"

// seeOther is the one redirect after a form that does not send the form on.
//
// Spec: RFC 9110 §15.4.4.
const seeOther = 303

// noOpenRedirect wants the server to forward nobody to a stranger, and a
// password to nobody.
//
// Spec: RFC 9700 §4.11.2, §4.12.
var noOpenRedirect = review.Control{
	ID:     "no-open-redirect",
	Scope:  review.PerServer,
	Source: review.Ours,
	CVSS:   review.BandMedium,

	NotApplicable: noBrowserFlow,
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.Is("server.pages.untrusted_errors", "page"),
			e.Count("server.pages.credential_redirect_status", seeOther, seeOther),
		)
	},

	Probe: review.Probe{ID: "probe.open-redirect"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("server.pages.untrusted_errors", "page"),
			review.Write("server.pages.credential_redirect_status", seeOther),
		},
		Breaks: "Nobody.",
	},
}
