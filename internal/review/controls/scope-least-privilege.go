package controls

import (
	"time"

	"countersign/internal/review"
)

// scopeLeastPrivilege wants an app to hold what it uses and no power that
// everybody may hand it.
//
// Spec: RFC 6749 §3.3; RFC 9700 §2.3.
var scopeLeastPrivilege = review.Control{
	ID:     "scope-least-privilege",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandCritical,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.SubsetOf("app.scopes", "openid")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(e.False("app.scopes.any_privileged"), e.Empty("app.scopes.unused"))
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(
			e.False("app.scopes.any_wildcard"),
			e.Is("app.policy.permitted_users", "admin_preauthorized"),
			e.AtMost("app.access_token.ttl", time.Hour),
		)
	},
	Minor: func(e *review.Eval) review.Truth {
		return e.False("app.scopes.any_privileged")
	},

	MitigatedBy: []string{"permitted-users"},
	Defences:    []string{"scope.", "policy.not-assigned"},
	Probe:       review.Probe{ID: "probe.scope-ceiling", Cases: []int{1, 2, 3, 4}},
	Fix: review.Fix{
		Patch: []review.Change{
			unless("apps with an unused scope", func(e *review.Eval) review.Truth { return e.Empty("app.scopes.unused") },
				review.WriteCopy("app.scopes", "app.usage.scopes_used")),
			where("apps that use a wildcard scope", usesWildcard,
				review.WriteAsked("app.scopes", "the narrow scopes that cover the calls seen")),
			where("apps that use a privileged scope", usesPrivilege,
				review.Write("app.policy.permitted_users", "admin_preauthorized")),
			where("apps that use a privileged scope for longer", func(e *review.Eval) review.Truth {
				return review.All(usesPrivilege(e), review.Not(e.AtMost("app.access_token.ttl", time.Hour)))
			}, review.Write("app.access_token.ttl", time.Hour)),
		},
		Breaks: "Grants that hold a removed scope; calls in the last 90 days that needed it.",
	},
}

// usesWildcard holds if a scope that stands for everything is in use, so that
// taking away what is unused does not help.
func usesWildcard(e *review.Eval) review.Truth {
	return review.All(e.True("app.scopes.any_wildcard"), e.Empty("app.scopes.unused"))
}

// usesPrivilege holds if a privileged scope that is no wildcard is in use.
func usesPrivilege(e *review.Eval) review.Truth {
	return review.All(
		e.True("app.scopes.any_privileged"),
		e.False("app.scopes.any_wildcard"),
		e.Empty("app.scopes.unused"),
	)
}
