package controls

import "countersign/internal/review"

// consentProtection wants a yes to be a person's own, and to cover what it was
// asked for.
//
// Spec: RFC 9700 §4.7, §4.16; RFC 6819 §4.4.1.9-4.4.1.10.
var consentProtection = review.Control{
	ID:     "consent-protection",
	Scope:  review.PerApp,
	Source: review.Ours,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.interactive")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			e.Is("server.pages.frame_ancestors", "none"),
			e.True("server.pages.csrf"),
			review.Any(
				e.True("app.first_party"),
				review.All(e.True("app.consent.explicit"), e.True("app.consent.reask_on_wider_scope")),
			),
		)
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(assigned(e), e.True("server.pages.csrf"))
	},

	MitigatedBy: []string{"permitted-users"},
	Defences:    []string{"policy.not-assigned"},
	Probe:       review.Probe{ID: "probe.consent-guard"},
	Fix: review.Fix{
		Patch: []review.Change{
			review.Write("server.pages.frame_ancestors", "none"),
			review.Write("server.pages.csrf", true),
			review.Write("app.consent.explicit", true).For(review.ThirdParty),
			review.Write("app.consent.reask_on_wider_scope", true).For(review.ThirdParty),
		},
		Breaks: "Portals that frame the login page; users who will be asked at their next login.",
	},
}
