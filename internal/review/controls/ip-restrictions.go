package controls

import (
	"time"

	"countersign/internal/review"
)

// ipRestrictions wants tokens to be obtained and used from known networks.
// Trusted ranges that exempt from sign-in are no fence and are not read.
//
// Spec: RFC 6819 §5.2.2.5; RFC 9700 §2.2.1, §4.13.
var ipRestrictions = review.Control{
	ID:     "ip-restrictions",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.Band{Low: 6.0, High: 8.5, Label: "Medium to High"},

	NotApplicable: func(e *review.Eval) review.Truth {
		return review.Any(e.False("app.enabled"), e.False("app.issues_tokens"))
	},
	Pass: func(e *review.Eval) review.Truth {
		return e.True("app.policy.ip_fenced")
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.Any(
			bound(e),
			review.All(
				e.In("app.client_auth", "tls_client_auth", "self_signed_tls_client_auth"),
				e.AtMost("app.access_token.ttl", 15*time.Minute),
			),
			review.All(
				e.True("app.refresh.rotation"),
				e.AtMost("app.refresh.idle_ttl", 8*time.Hour),
				e.AtMost("app.access_token.ttl", 15*time.Minute),
			),
			review.All(e.False("app.has_machine_flow"), e.Is("app.policy.session_assurance", "high")),
		)
	},
	Manual: func(e *review.Eval) review.Truth {
		return e.Attested("private-link")
	},

	MitigatedBy: []string{"sender-constrained-tokens", "refresh-rotation", "session-assurance"},
	Defences:    []string{"client.", "refresh.", "token.expired", "token.jwt-expired", "policy.assurance"},
	Probe:       review.Probe{ID: "probe.ip-policy"},
	Fix: review.Fix{
		Patch:  []review.Change{review.Write("app.policy.ip", "enforce"), fence()},
		Breaks: "Users and jobs seen from single or changing addresses outside the proposed ranges.",
	},
}
