package controls

import (
	"time"

	"countersign/internal/review"
)

// codeLifetime wants a code to work once and for a minute.
//
// Spec: RFC 6749 §4.1.2, §10.5; FAPI 2.0 SP §5.3.2.2.
var codeLifetime = review.Control{
	ID:     "code-lifetime",
	Scope:  review.PerApp,
	Source: review.Ours,
	CVSS:   review.BandHigh,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.issues_codes")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(e.AtMost("app.code.ttl", 60*time.Second), e.True("server.oauth.code_replay_revokes"))
	},
	Mitigated: func(e *review.Eval) review.Truth {
		return review.All(e.AtMost("app.code.ttl", 10*time.Minute), e.True("app.pkce.enforced"))
	},

	MitigatedBy: []string{"require-pkce"},
	Defences:    []string{"pkce.", "code.expired"},
	Probe:       review.Probe{ID: "probe.stolen-code", Cases: []int{5, 6, 9}},
	Fix: review.Fix{
		Patch: []review.Change{
			shorten("app.code.ttl", 60*time.Second),
			review.Write("server.oauth.code_replay_revokes", true),
		},
		Breaks: "Apps that took longer than 60 seconds from code to exchange in the last 90 days; apps that redeem twice.",
	},
}
