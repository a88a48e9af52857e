package controls

import (
	"time"

	"countersign/internal/review"
)

// restSecretMasking wants a secret to be shown once, when it is drawn.
//
// Spec: RFC 6819 §5.1.4.1.3; RFC 7591 §3.2.1; RFC 7592 §3.
var restSecretMasking = review.Control{
	ID:     "rest-secret-masking",
	Scope:  review.PerServer,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: noSharedSecret,
	Pass: func(e *review.Eval) review.Truth {
		return review.All(e.False("server.secrets.api_read"), e.Is("server.secrets.storage", "hashed"))
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.Any(
			review.All(e.False("server.secrets.api_read"), e.Is("server.secrets.storage", "encrypted")),
			guardedReading(e),
		)
	},

	MitigatedBy: []string{"admin-plane"},
	Probe:       review.Probe{ID: "probe.secret-canary-rest"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("server.secrets.api_read", false),
			review.Write("server.secrets.storage", "hashed"),
		},
		Breaks: "Callers that read a secret in the last 90 days; apps on client_secret_jwt, which need a recoverable secret.",
	},
}

// guardedReading holds if reading a secret back takes a known network and a
// fresh second factor, and is seen.
func guardedReading(e *review.Eval) review.Truth {
	return review.All(
		e.IsNot("server.secrets.storage", "plain"),
		e.In("server.admin.network", "socket", "loopback", "allowlist"),
		e.AtMost("server.admin.session_ttl", 15*time.Minute),
		e.True("server.admin.step_up_for_secret"),
		e.True("server.audit.secret_read_event"),
	)
}
