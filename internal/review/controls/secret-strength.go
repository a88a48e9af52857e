package controls

import "countersign/internal/review"

// secretStrength wants secrets that cannot be guessed, read back or forgotten.
//
// Spec: RFC 6819 §5.1.4.1.3, §5.1.4.2.2; OAuth 2.1 §2.4.1.
var secretStrength = review.Control{
	ID:     "secret-strength",
	Scope:  review.PerApp,
	Source: review.Ours,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.shared_secret")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(strongSecret(e), e.Is("server.secrets.storage", "hashed"), freshSecret(e))
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.True("app.secret.server_generated"),
			e.AtLeast("app.secret.bits", 128),
			e.AtMost("app.secret.age", 365*review.Day),
			e.IsNot("server.secrets.storage", "plain"),
			e.True("app.pkce.enforced"),
			e.True("app.policy.ip_fenced"),
		)
	},

	MitigatedBy: []string{"require-pkce", "ip-restrictions"},
	Defences:    []string{"pkce.", "policy.address"},
	Probe:       review.Probe{ID: "probe.secret-rotation"},
	Fix: review.Fix{
		Patch: []review.Change{
			unless("apps with a weaker one", strongSecret,
				review.Task("draw a new secret; the old one ends after an overlap of 7 days")),
			review.Write("server.secrets.storage", "hashed"),
			unless("apps with an old one", freshSecret, review.Write("app.secret.rotation_scheduled", true)),
		},
		Breaks: "Addresses and instances that authenticated with the old secret in the last 90 days.",
	},
}

// strongSecret holds if the server drew every secret, long enough.
func strongSecret(e *review.Eval) review.Truth {
	return review.All(e.True("app.secret.server_generated"), e.AtLeast("app.secret.bits", 256))
}

// freshSecret holds if no secret is old, or its end is planned.
func freshSecret(e *review.Eval) review.Truth {
	return review.Any(e.AtMost("app.secret.age", 180*review.Day), e.True("app.secret.rotation_scheduled"))
}
