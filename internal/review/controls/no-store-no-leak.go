package controls

import "countersign/internal/review"

// noStoreNoLeak wants answers with credentials to leave no copy behind.
//
// Spec: RFC 6749 §5.1; RFC 6750 §5.3; RFC 9700 §4.2.4, §4.3.
var noStoreNoLeak = review.Control{
	ID:     "no-store-no-leak",
	Scope:  review.PerServer,
	Source: review.Ours,
	CVSS:   review.BandMedium,

	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.True("server.http.no_store"),
			e.False("server.http.token_in_query"),
			e.Is("server.pages.referrer_policy", "no-referrer"),
			e.False("server.pages.third_party_content"),
			e.True("server.logs.redacted"),
		)
	},

	Probe: review.Probe{ID: "probe.leak-canary"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("server.http.no_store", true),
			review.Write("server.http.token_in_query", false),
			review.Write("server.pages.referrer_policy", "no-referrer"),
			review.Write("server.pages.third_party_content", false),
			review.Write("server.logs.redacted", true),
		},
		Breaks: "Callers that sent a token in a query in the last 90 days.",
	},
}
