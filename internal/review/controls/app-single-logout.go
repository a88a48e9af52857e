package controls

import (
	"time"

	"countersign/internal/review"
)

// appSingleLogout wants an app to hear that the user has left, and its tokens to
// end with the session.
//
// Spec: OIDC Back-Channel Logout 1.0 §2; RFC 9700 §4.14.2.
var appSingleLogout = review.Control{
	ID:     "app-single-logout",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.interactive")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			logoutReceiver(e),
			review.Any(e.True("app.refresh.revoke_on_logout"), e.True("app.scopes.offline_access")),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.AtMost("app.policy.session_timeout", 15*time.Minute),
			e.AtMost("app.access_token.ttl", 15*time.Minute),
			e.False("app.scopes.offline_access"),
		)
	},

	MitigatedBy: []string{"session-timeout"},
	Defences:    []string{"refresh.ended", "token.ended", "token.expired", "token.jwt-expired"},
	Probe:       review.Probe{ID: "probe.logout-propagation"},
	Fix: review.Fix{
		Patch: []review.Change{
			unless("apps without a receiver", logoutReceiver,
				review.WriteAsked("app.logout.backchannel_uri", "the https address of the app's receiver")),
			review.Write("app.refresh.revoke_on_logout", true),
		},
		Breaks: "Nobody, unless the receiver fails the test delivery that the dry run makes.",
	},
}

// logoutReceiver holds if the app can be told of a logout over https.
func logoutReceiver(e *review.Eval) review.Truth {
	secure := e.EveryItem("app.logout.backchannel_uri", "an https URI", notHTTPS)
	given := e.Set("app.logout.backchannel_uri")
	return review.If(given, secure, given)
}
