package controls

import (
	"time"

	"countersign/internal/review"
)

// signatureAlgs are the algorithms by which a token or key may be signed: public
// keys only, and none that is known to be weak.
//
// Spec: RFC 8725 §3.1-3.2; RFC 9864.
var signatureAlgs = []string{"RS256", "PS256", "ES256", "Ed25519", "EdDSA"}

// jwtAccessTokens wants a token that anybody can check, good at one place and
// for a short time.
//
// Spec: RFC 9068 §2-4; RFC 9700 §2.2.1, §4.10.2.
var jwtAccessTokens = review.Control{
	ID:     "jwt-access-tokens",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.True("app.resources.introspect_every_call")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.Is("app.access_token.format", "jwt"),
			e.AtMost("app.access_token.ttl", 15*time.Minute),
			e.NotEmpty("app.access_token.audience"),
			e.Is("app.access_token.typ", "at+jwt"),
			soundTokenAlg(e),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.AtMost("app.access_token.ttl", time.Hour),
			review.If(e.Is("app.access_token.format", "opaque"),
				e.True("server.introspection.checks_audience"),
				review.All(e.NotEmpty("app.access_token.audience"), bound(e)),
			),
		)
	},

	MitigatedBy: []string{"access-token-audience", "sender-constrained-tokens"},
	Defences:    []string{"token."},
	Probe:       review.Probe{ID: "probe.jwt-at-confusion"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("app.access_token.format", "jwt"),
			shorten("app.access_token.ttl", 15*time.Minute),
			fill("app.access_token.audience", "the resources the app calls"),
			review.Write("app.access_token.typ", "at+jwt"),
			unless("apps with another algorithm", soundTokenAlg, review.Write("app.access_token.alg", "ES256")),
		},
		Breaks: "Apps that use one token longer than 15 minutes; resource servers that introspect by a format check; user-interface sessions opened with the token.",
	},
}

// soundTokenAlg holds if JWT access tokens are signed with a sound algorithm.
func soundTokenAlg(e *review.Eval) review.Truth {
	return e.In("app.access_token.alg", signatureAlgs...)
}
