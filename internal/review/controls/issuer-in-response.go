package controls

import "countersign/internal/review"

// issuerInResponse wants an app that talks to several servers to see whose
// answer it holds.
//
// Spec: RFC 9207 §2, §3; RFC 9700 §4.4.
var issuerInResponse = review.Control{
	ID:     "issuer-in-response",
	Scope:  review.PerServer,
	Source: review.Ours,
	CVSS:   review.BandMedium,

	NotApplicable: noBrowserFlow,
	Pass: func(e *review.Eval) review.Truth {
		return e.True("server.oauth.iss_parameter")
	},

	Probe: review.Probe{ID: "probe.iss-response"},
	Fix: review.Fix{
		Patch:  []review.Change{review.Write("server.oauth.iss_parameter", true)},
		Breaks: "Apps seen to fail on unknown response parameters; none are expected.",
	},
}
