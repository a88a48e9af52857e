package controls

import "countersign/internal/review"

// pushAndNotifications wants messages that pass through others' hands to carry
// a reference and no content.
//
// Spec: OIDC CIBA Core §7.1; RFC 8417; RFC 8935.
var pushAndNotifications = review.Control{
	ID:     "push-and-notifications",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return review.All(
			e.False("server.push.enabled"),
			e.False("server.ciba.enabled"),
			e.Empty("app.events.subscriptions"),
		)
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(e.Is("app.push.payload_mode", "reference_only"), askedFor(e), signedEvents(e))
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(e.True("app.push.end_to_end"), askedFor(e), signedEvents(e))
	},

	Probe: review.Probe{ID: "probe.push-payload"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("app.push.payload_mode", "reference_only"),
			review.Write("app.events.signed", true),
			unless("if there are any", askedFor, review.Task("stop delivering events to which the app did not subscribe")),
		},
		Breaks: "Apps that show the payload without fetching; receivers that do not verify signatures.",
	},
}

// askedFor holds if the app gets no events but those it subscribed to.
func askedFor(e *review.Eval) review.Truth {
	return e.SubsetOfValue("app.events.delivered", "app.events.subscriptions")
}

// signedEvents holds if a receiver can tell whose event it is.
func signedEvents(e *review.Eval) review.Truth {
	return review.Any(e.Empty("app.events.subscriptions"), e.True("app.events.signed"))
}
