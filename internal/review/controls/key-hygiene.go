package controls

import "countersign/internal/review"

// keyHygiene wants keys to be strong, dated and replaced, the server's and the
// apps'.
//
// Spec: RFC 8725 §3.1-3.2; RFC 7518 §3; FAPI 2.0 SP §5.4.
var keyHygiene = review.Control{
	ID:     "key-hygiene",
	Scope:  review.PerServer,
	Source: review.Ours,
	CVSS:   review.BandHigh,

	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			soundServerAlgs(e),
			e.AtLeast("server.keys.min_bits", 2048),
			e.AtMost("server.keys.max_age", 90*review.Day),
			keysOutliveTokens(e),
			noRecoverableSecret(e),
			soundAppKeys(e),
		)
	},

	Probe: review.Probe{ID: "probe.key-rotation"},
	Fix: review.Fix{
		Patch: []review.Change{
			unless("if another is in use", soundServerAlgs, review.Write("server.keys.algs", []string{"ES256", "RS256"})),
			unless("if one is weaker", func(e *review.Eval) review.Truth { return e.AtLeast("server.keys.min_bits", 2048) },
				review.Task("draw new signing keys of 2048 bits or more and retire the old ones")),
			shorten("server.keys.max_age", 90*review.Day),
			unless("if it is shorter", keysOutliveTokens, review.WriteAsked("server.keys.overlap", "the longest token life")),
			unless("if there are any", noRecoverableSecret, review.Task("move the apps named from client_secret_jwt to private_key_jwt")),
			unless("if there are any", soundAppKeys, review.Task("have the owners of the apps named upload sound keys")),
		},
		Breaks: "Resource servers that did not fetch the key set in the last overlap; apps with weak keys.",
	},
}

func soundServerAlgs(e *review.Eval) review.Truth {
	return e.SubsetOf("server.keys.algs", signatureAlgs...)
}

// keysOutliveTokens holds if a retired key stays published for as long as a
// token that it signed lives. Opaque access tokens are not signed.
func keysOutliveTokens(e *review.Eval) review.Truth {
	const overlap = "server.keys.overlap"
	return e.EveryApp("a retired key stays published for as long as any token lives", func(app *review.Eval) review.Truth {
		return review.Any(
			app.False("app.issues_tokens"),
			review.All(
				review.Any(app.Is("app.access_token.format", "opaque"), app.AtLeastOf(overlap, "app.access_token.ttl")),
				review.Any(noOpenID(app), app.AtLeastOf(overlap, "app.id_token.ttl")),
			),
		)
	})
}

// noRecoverableSecret holds if no app signs with a secret that the server must
// be able to read.
func noRecoverableSecret(e *review.Eval) review.Truth {
	return e.EveryApp("no app uses client_secret_jwt", func(app *review.Eval) review.Truth {
		return app.IsNot("app.client_auth", "client_secret_jwt")
	})
}

func soundAppKeys(e *review.Eval) review.Truth {
	return e.EveryApp("every app has sound keys or none", func(app *review.Eval) review.Truth {
		return review.Any(app.Empty("app.keys"), app.True("app.keys.sound"))
	})
}
