package controls

import "countersign/internal/review"

// codeAndCredentialsSettings wants headless login to ask for what the client
// type can keep: a secret of a server, PKCE of a device.
//
// Spec: RFC 6749 §2.1; RFC 8252 §8.5; OAuth 2.1 §2.4.
var codeAndCredentialsSettings = review.Control{
	ID:     "code-and-credentials-settings",
	Scope:  review.PerApp,
	Source: review.FromSalesforce,
	CVSS:   review.BandCritical,

	NotApplicable: func(e *review.Eval) review.Truth {
		return e.False("app.flows.code_and_credentials")
	},
	Pass: func(e *review.Eval) review.Truth {
		return review.All(
			knownClientType(e),
			review.If(e.Is("app.client_type", "confidential"), provenByServer(e), provenByDevice(e)),
		)
	},

	Probe: review.Probe{ID: "probe.stolen-code", Cases: []int{1, 2, 4, 10}},
	Fix: review.Fix{
		Patch: []review.Change{
			chooseClientAuth(),
			review.Write("app.require_secret.code", true).For(review.Confidential),
			review.Write("app.require_secret.refresh", true).For(review.Confidential),
			review.Write("app.client_auth", "none").For(review.Public),
			review.Write("app.pkce.required", true).For(review.Public),
			review.Write("app.pkce.methods", []string{"S256"}).For(review.Public),
			review.Write("app.refresh.rotation", true).For(review.Public),
		},
		Breaks: "Public builds that still send a secret; server-side callers that never sent one; refreshers that do not store a rotated token.",
	},
}

// provenByServer holds if a confidential app must prove itself at each step.
func provenByServer(e *review.Eval) review.Truth {
	return review.All(
		hasClientAuth(e),
		e.True("app.require_secret.code"),
		review.Any(e.False("app.flows.refresh_token"), e.True("app.require_secret.refresh")),
	)
}

// provenByDevice holds if a public app has no secret to lose and needs none.
func provenByDevice(e *review.Eval) review.Truth {
	return review.All(
		e.Is("app.client_auth", "none"),
		e.True("app.pkce.enforced"),
		review.Any(
			e.False("app.flows.refresh_token"),
			e.True("app.refresh.rotation"),
			e.True("app.refresh.sender_constrained"),
		),
	)
}
