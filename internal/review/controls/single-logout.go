package controls

import "countersign/internal/review"

// singleLogout wants one logout to end every session the user has; it fails
// with its worst app.
//
// Spec: OIDC RP-Initiated Logout 1.0; OIDC Back-Channel Logout 1.0.
var singleLogout = review.Control{
	ID:     "single-logout",
	Scope:  review.PerServer,
	Source: review.FromSalesforce,
	CVSS:   review.BandCritical,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.EveryApp("nobody signs in through any app", func(app *review.Eval) review.Truth {
			return app.False("app.interactive")
		})
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.True("server.logout.enabled"),
			e.EveryApp("logout reaches every app", func(app *review.Eval) review.Truth {
				return cited(app, appSingleLogout, review.Pass, review.NotApplicable)
			}),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(e.True("server.logout.enabled"), loggedOutSoon(e))
	},

	MitigatedBy: []string{"app-single-logout"},
	Cites:       []string{"app-single-logout"},
	Defences:    []string{"refresh.ended", "token.ended", "token.expired", "token.jwt-expired"},
	Probe:       review.Probe{ID: "probe.logout-propagation"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("server.logout.enabled", true),
			unless("if an app lacks one", loggedOutSoon,
				review.Task("give each app that fails app-single-logout a logout receiver")),
		},
		Breaks: "Nobody; the apps still lacking a receiver are listed.",
	},
}

// loggedOutSoon holds if every app hears of a logout or does not outlive it for
// long.
func loggedOutSoon(e *review.Eval) review.Truth {
	return e.EveryApp("logout reaches every app, or its sessions are short", func(app *review.Eval) review.Truth {
		return cited(app, appSingleLogout, review.Pass, review.Mitigated, review.NotApplicable)
	})
}
