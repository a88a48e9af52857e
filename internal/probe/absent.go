package probe

import "countersign/internal/evidence"

// unserved is a scenario about something that no door of a target leads to yet. It
// says so instead of pretending.
func unserved(id, title, why string, controls ...string) Scenario {
	return Scenario{
		ID: id, Title: title, Controls: controls,
		Story: evidence.Story{
			Attacker: "Nobody yet.", Holds: "Nothing that could be tried.", Wants: title + ".",
			Defence: "What is not there cannot be attacked: " + why + ".",
		},
		Applies: func(*Target) string { return why },
		Cases: []Case{{
			Number: 0, Title: "Not tried", Changed: "nothing", Expect: "nothing", Try: func(t *Trial) { t.Skip("%s", why) },
		}},
	}
}

// Reasons.
const (
	noPages   = "no scenario of this version uses the browser flow"
	noBinding = "no scenario of this version has tokens that are bound to a key"
)

var absentScenarios = []Scenario{
	unserved("probe.par", "Requests that were not pushed", noPages, "pushed-authorization-requests"),
	unserved("probe.iss-response", "Responses without an issuer", noPages, "issuer-in-response"),
	unserved("probe.logout-propagation", "Sessions after logout", "no scenario of this version has sessions to end", "app-single-logout", "single-logout"),
	unserved("probe.sender-constraint", "A bound token without its key", noBinding, "sender-constrained-tokens"),
	unserved("probe.step-up", "A weak session for a strong app", "no scenario of this version has a second factor", "session-assurance"),
	unserved("probe.consent-guard", "Consent framed, forged or skipped", noPages, "consent-protection"),
	unserved("probe.open-redirect", "Forwarding to a stranger", noPages, "no-open-redirect"),
	unserved("probe.admin-plane", "Operators beyond their rights", "no scenario of this version signs in as an operator", "admin-plane"),
	unserved("probe.push-payload", "Readable messages and unsigned events", "no scenario of this version receives messages", "push-and-notifications"),
	unserved("manual.attestation", "Evidence from outside the server", "only people can tell", "mobile-screen-lock"),
}
