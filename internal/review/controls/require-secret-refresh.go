package controls

import "countersign/internal/review"

// requireSecretRefresh wants a refresh token to work in the hands of its app
// only.
//
// Spec: RFC 6749 §6, §10.4; RFC 9700 §4.14.
var requireSecretRefresh = review.Control{
	ID:     "require-secret-refresh",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,
	Twin:   &review.BandCritical,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.flows.refresh_token")
	},
	Pass: provenRefresh,
	Mitigated: func(e *review.Eval) review.Truth {
		return review.Any(
			review.All(e.True("app.refresh.rotation"), e.True("app.refresh.reuse_detection")),
			e.True("app.refresh.sender_constrained"),
			review.All(e.True("app.policy.ip_fenced"), e.AtMost("app.refresh.absolute_ttl", review.Day)),
		)
	},

	MitigatedBy: []string{"refresh-rotation", "sender-constrained-tokens", "ip-restrictions"},
	Defences:    []string{"refresh.reused", "refresh.ended", "policy.address"},
	Probe:       review.Probe{ID: "probe.stolen-refresh-token"},
	Fix: review.Fix{
		Patch: []review.Change{
			chooseClientAuth(),
			review.Write("app.require_secret.refresh", true).For(review.Confidential),
			review.Write("app.refresh.rotation", true).For(review.Public),
			review.Write("app.refresh.reuse_detection", true).For(review.Public),
		},
		Breaks: "Apps that refreshed without client authentication in the last 90 days.",
	},
}

// provenRefresh holds if the app must authenticate to refresh.
func provenRefresh(e *review.Eval) review.Truth {
	return review.All(hasClientAuth(e), e.True("app.require_secret.refresh"))
}
