package controls

import (
	"strings"
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
			where("apps with an unused scope", func(e *review.Eval) review.Truth {
				return review.All(e.NotEmpty("app.scopes.unused"), usedAreAssigned(e))
			}, review.WriteCopy("app.scopes", "app.usage.scopes_used")),
			where("apps that used scopes they no longer have", func(e *review.Eval) review.Truth {
				return review.All(e.NotEmpty("app.scopes.unused"), review.Not(usedAreAssigned(e)))
			}, review.WriteAsked("app.scopes", "those of its scopes that the app used in the last 90 days")),
			where("apps that use a wildcard scope", keepsWildcard,
				review.WriteAsked("app.scopes", "the narrow scopes that cover the calls seen")),
			where("apps that use a privileged scope", keepsPrivilege,
				review.Write("app.policy.permitted_users", "admin_preauthorized")),
			where("apps that use a privileged scope for longer", func(e *review.Eval) review.Truth {
				return review.All(keepsPrivilege(e), review.Not(e.AtMost("app.access_token.ttl", time.Hour)))
			}, review.Write("app.access_token.ttl", time.Hour)),
		},
		Breaks: "Grants that hold a removed scope; calls in the last 90 days that needed it.",
	},
}

// usedAreAssigned holds if what the app used is still assigned to it, so that
// keeping what was used gives it nothing back.
func usedAreAssigned(e *review.Eval) review.Truth {
	return e.SubsetOfValue("app.usage.scopes_used", "app.scopes")
}

// keepsWildcard holds if a scope that stands for everything stays when the
// unused ones go.
func keepsWildcard(e *review.Eval) review.Truth {
	return e.AnyScope("no wildcard scope is in use", func(s *review.Eval) review.Truth {
		return stays(s, s.True("scope.wildcard"))
	})
}

// keepsPrivilege holds if a privileged scope stays, and no wildcard.
func keepsPrivilege(e *review.Eval) review.Truth {
	return review.All(
		review.Not(keepsWildcard(e)),
		e.AnyScope("no privileged scope is in use", func(s *review.Eval) review.Truth {
			return stays(s, s.True("scope.privileged"))
		}),
	)
}

// stays holds if a question about a scope holds and the scope is in use, or
// nothing is unused. The fact of the question names the scope.
func stays(s *review.Eval, asked review.Truth) review.Truth {
	_, scope, _ := strings.Cut(asked.Facts()[0].Name, " of ")
	return review.All(
		asked,
		review.Any(s.Empty("app.scopes.unused"), s.Contains("app.usage.scopes_used", scope)),
	)
}
