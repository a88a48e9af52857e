package controls

import (
	"time"

	"countersign/internal/review"
)

// adminPlane wants operators to prove themselves, to have the rights they need
// for an hour, and to leave a trail that shows if it was touched.
//
// Spec: NIST SP 800-53 AC-6, AU-9; RFC 9700 §2.3.
var adminPlane = review.Control{
	ID:     "admin-plane",
	Scope:  review.PerServer,
	Source: review.Ours,
	CVSS:   review.BandCritical,

	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.True("server.admin.mfa"),
			e.True("server.admin.scoped_tokens"),
			e.AtMost("server.admin.token_ttl", time.Hour),
			e.True("server.audit.append_only"),
			e.True("server.audit.hash_chain"),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(e.In("server.admin.network", "socket", "loopback"), e.True("server.audit.append_only"))
	},

	Probe: review.Probe{ID: "probe.admin-plane"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("server.admin.mfa", true),
			review.Write("server.admin.scoped_tokens", true),
			shorten("server.admin.token_ttl", time.Hour),
			review.Write("server.audit.append_only", true),
			review.Write("server.audit.hash_chain", true),
		},
		Breaks: "Operators without a second factor; scripts that hold tokens for longer than an hour.",
	},
}
