package controls

import (
	"time"

	"countersign/internal/review"
)

// deviceFlowOff wants no flow in which a short code that somebody is talked
// into typing hands over a session.
//
// Spec: RFC 8628 §5.1, §5.4.
var deviceFlowOff = review.Control{
	ID:     "device-flow-off",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("server.oauth.allow.device")
	},
	Pass: func(e *review.Eval) review.Truth {
		return e.False("app.flows.device")
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.Is("app.policy.session_assurance", "high"),
			e.True("app.policy.ip_fenced"),
			e.AtMost("app.device.code_ttl", 10*time.Minute),
			e.AtLeast("app.device.user_code_bits", 20),
			e.True("app.device.confirm_page"),
			e.NotEmpty("server.limits.device"),
		)
	},

	MitigatedBy: []string{"session-assurance", "ip-restrictions", "guessing-throttled"},
	Defences:    []string{"device.", "policy.assurance", "policy.address"},
	Probe:       review.Probe{ID: "probe.device-flow"},
	Fix: review.Fix{
		Patch:  []review.Change{review.Write("app.flows.device", false)},
		Breaks: "Devices that obtained or refreshed tokens by this flow in the last 90 days.",
	},
}
