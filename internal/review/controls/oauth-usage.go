package controls

import "countersign/internal/review"

// oauthUsage wants somebody to answer for every app, and no tokens that were
// forgotten.
//
// Spec: RFC 7009; RFC 6819 §5.2.2.4; RFC 9700 §4.14.2.
var oauthUsage = review.Control{
	ID:     "oauth-usage",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return review.All(e.True("app.blocked"), e.Count("app.usage.live_tokens", 0, 0))
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(e.Set("app.usage.owner"), e.Future("app.usage.review_due"), inUse(e))
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.Set("app.usage.owner"),
			inUse(e),
			e.True("server.oauth.admin_approved_apps_only"),
			e.True("server.alerts.anomaly"),
		)
	},

	MitigatedBy: []string{"app-creation-off"},
	Defences:    []string{"client.disabled", "token."},
	Probe:       review.Probe{ID: "probe.kill-switch"},
	Fix: review.Fix{
		Patch: []review.Change{
			unless("apps without one", func(e *review.Eval) review.Truth { return e.Set("app.usage.owner") },
				review.WriteAsked("app.usage.owner", "the person who answers for the app")),
			unless("apps without one ahead", func(e *review.Eval) review.Truth { return e.Future("app.usage.review_due") },
				review.WriteAsked("app.usage.review_due", "a day within 180 days")),
			unless("if there are any", inUse, review.Task("revoke the tokens unused for 90 days")),
		},
		Breaks: "Holders of the tokens to be revoked, with their last use.",
	},
}

// inUse holds if the app has no tokens that everybody forgot.
func inUse(e *review.Eval) review.Truth {
	return review.Any(e.Within("app.usage.last_used", 90*review.Day), e.Count("app.usage.live_tokens", 0, 0))
}
