package controls

import "countersign/internal/review"

// redirectExact wants codes to go to addresses that were registered in full.
// Whether a loopback address is named safely is native-and-browser-apps' to say.
//
// Spec: RFC 9700 §2.1, §4.1.3; RFC 8252 §7.3.
var redirectExact = review.Control{
	ID:     "redirect-exact",
	Scope:  review.PerApp,
	Source: review.Ours,
	CVSS:   review.BandCritical,

	NotApplicable: func(e *review.Eval) review.Truth {
		return review.Any(
			e.False("app.issues_codes"),
			// Without a browser flow and without a URI no request can name one.
			review.All(e.Empty("app.redirect_uris"), e.False("app.flows.authorization_code")),
		)
	},
	Pass: func(e *review.Eval) review.Truth {
		const uris = "app.redirect_uris"
		return review.All(
			e.NotEmpty(uris),
			review.If(onDevice(e),
				e.EveryItem(uris, "full URIs: https, http on a loopback address, or a private-use scheme with a dot", looseOnDevice),
				e.EveryItem(uris, "full https URIs without wildcard, fragment, user information or response parameter", looseOnWeb),
			),
		)
	},

	// A loopback address of an app that is no native one is where it is developed:
	// nothing leaves the machine, and it should not be left there.
	Minor: func(e *review.Eval) review.Truth {
		return e.EveryItem("app.redirect_uris", "full https URIs, or http on a loopback address", looseBeyondLoopback)
	},

	Probe: review.Probe{ID: "probe.redirect-fuzz"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.WriteAsked("app.redirect_uris", "the full URIs used in the last 90 days"),
		},
		Breaks: "Redirect URIs seen in the last 90 days that matched only by pattern.",
	},
}

// onDevice holds if the app is installed on the user's device.
func onDevice(e *review.Eval) review.Truth { return e.In("app.platform", "native", "mobile") }
