package controls

import "countersign/internal/review"

// Clauses that several controls share.

// bound holds if access tokens do not work without the app's key.
func bound(e *review.Eval) review.Truth {
	return e.In("app.access_token.binding", "dpop", "mtls")
}

// hasClientAuth holds if the app has a method of client authentication.
func hasClientAuth(e *review.Eval) review.Truth { return e.IsNot("app.client_auth", "none") }

// assigned holds if only people whom an administrator assigned may use the app.
func assigned(e *review.Eval) review.Truth {
	return review.All(
		e.Is("app.policy.permitted_users", "admin_preauthorized"),
		e.NotEmpty("app.policy.groups"),
	)
}

// noSharedSecret holds if no app authenticates with a secret that two know.
func noSharedSecret(e *review.Eval) review.Truth {
	return e.EveryApp("no app authenticates with a shared secret", func(app *review.Eval) review.Truth {
		return app.False("app.shared_secret")
	})
}

// noBrowserFlow holds if no app sends users to the authorization endpoint.
func noBrowserFlow(e *review.Eval) review.Truth {
	return e.EveryApp("no app uses the browser code flow", func(app *review.Eval) review.Truth {
		return app.False("app.flows.authorization_code")
	})
}

// knownClientType reads the client type without preferring one, so that no
// report recommends the other type to an app.
func knownClientType(e *review.Eval) review.Truth {
	return e.In("app.client_type", "public", "confidential")
}

// cited asks for the verdict of another control, which the asking one must name
// in Cites. If it is worse, the reasons given are those of its pass clause, as
// they name the settings.
func cited(e *review.Eval, c review.Control, statuses ...review.Status) review.Truth {
	verdict, passed := e.Verdict(c.ID, statuses...), c.Pass(e)
	return review.If(verdict, verdict, review.If(passed, verdict, passed))
}
