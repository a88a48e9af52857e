package controls

import "countersign/internal/review"

// nativeAndBrowserApps wants neighbours on the user's device to catch nothing:
// no code at a shared address, no answer in a stranger's page, no secret in a
// build.
//
// Spec: RFC 8252 §7, §8; OAuth 2.1 §8-9.
var nativeAndBrowserApps = review.Control{
	ID:     "native-and-browser-apps",
	Scope:  review.PerApp,
	Source: review.Ours,
	CVSS:   review.BandMedium,

	NotApplicable: func(e *review.Eval) review.Truth {
		return review.Not(userPlatform(e))
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(userPlatform(e), e.False("app.shared_secret"), safeRedirects(e), narrowCORS(e))
	},

	Probe: review.Probe{ID: "probe.native-browser"},
	Fix: review.Fix{
		Patch: []review.Change{
			unless("apps with unsafe ones", safeRedirects,
				review.WriteAsked("app.redirect_uris", "a loopback literal or claimed https")),
			where("single-page apps with wide origins", func(e *review.Eval) review.Truth {
				return review.All(singlePage(e), review.Not(narrowOrigins(e)))
			}, review.WriteAsked("app.cors.origins", "the origins seen")),
			where("native and mobile apps", onDevice, review.Write("app.cors.origins", []string{})),
			where("single-page apps that open others", func(e *review.Eval) review.Truth {
				return review.All(singlePage(e), review.Not(narrowEndpoints(e)))
			}, review.Write("app.cors.endpoints", []string{"token", "userinfo"})),
			unless("apps with a secret", func(e *review.Eval) review.Truth { return e.False("app.shared_secret") },
				review.Task("end every secret of the app; it then authenticates with nothing, or with a key of its own")),
		},
		Breaks: "Builds with the old redirect URI; origins seen in the last 90 days that are not listed.",
	},
}

// userPlatform holds if the app runs in the user's hands.
func userPlatform(e *review.Eval) review.Truth {
	return e.In("app.platform", "native", "mobile", "spa")
}

func singlePage(e *review.Eval) review.Truth { return e.Is("app.platform", "spa") }

// safeRedirects holds if no neighbour on the device can stand at a redirect
// URI of the app.
func safeRedirects(e *review.Eval) review.Truth {
	const uris = "app.redirect_uris"
	return review.If(singlePage(e),
		e.EveryItem(uris, "https", unsafeOn("spa")),
		review.If(e.Is("app.platform", "mobile"),
			e.EveryItem(uris, "https, or a private-use scheme with a dot", unsafeOn("mobile")),
			e.EveryItem(uris, "https, a loopback address literal, or a private-use scheme with a dot", unsafeOn("native")),
		),
	)
}

// narrowCORS holds if no stranger's page can read an answer meant for the app.
func narrowCORS(e *review.Eval) review.Truth {
	return review.If(singlePage(e), review.All(narrowEndpoints(e), narrowOrigins(e)), e.Empty("app.cors.origins"))
}

func narrowEndpoints(e *review.Eval) review.Truth {
	return e.SubsetOf("app.cors.endpoints", "token", "userinfo", "revocation")
}

func narrowOrigins(e *review.Eval) review.Truth {
	return e.EveryItem("app.cors.origins", "https origins without wildcard", wideOrigin)
}
