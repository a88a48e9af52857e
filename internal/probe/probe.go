// Package probe owns the threat scenarios: attacks on an authorization server, made
// by a client on the wire as an attacker would make them, after the honest flow has
// worked. It knows the words of OAuth and nothing of our server: it sees what any
// client sees, and what else it may do comes in through an [Operator].
//
// A [Scenario] is data: who attacks, with what in hand, and a numbered [Case] for
// each attack. Case 0 is the positive control; every other case is the honest
// request with one element changed, and fresh codes, verifiers and tokens. A case
// runs once at every [Door] that reaches the same decision: one patched door out of
// three is how such fixes usually fail.
//
// A [Target] is what the harness holds: doors, apps, people, addresses, an operator.
// Every part is optional. A case whose piece is missing is inconclusive and says
// which piece; nothing is ever assumed.
//
// [Run] makes one scenario and returns its transcript. It stays within
// [Limits]: at most 500 requests, 20 at a time, at the target alone.
//
// To add a scenario: a file named after it, a variable of type Scenario, a line in
// [All]. A case is a function over a [Trial], which reads like a test: it goes on
// while everything is refused as it must be, and the first verdict ends it.
package probe

import "countersign/internal/evidence"

// Scenario is one attack, in its variants.
type Scenario struct {
	ID       string // "probe.stolen-code"; stable, controls name it
	Title    string
	Controls []string // ids of the controls it proves
	Story    evidence.Story
	Server   bool                 // about the server as such: run once, not for each app
	Spoils   bool                 // it changes app or people: nobody else should use the target afterwards
	Applies  func(*Target) string // why it does not apply to the target; nil or "": it does
	Cases    []Case               // Cases[0] is the positive control
}

// Case is one attack of a scenario.
type Case struct {
	Number  int
	Title   string
	Changed string // the one thing that differs from the honest request
	Expect  string // what must come back
	Once    bool   // not at every door: at the first alone
	Needs   []Piece
	Try     func(*Trial)
}

// All are the scenarios, in the order in which they are worth most.
var All = append([]Scenario{
	stolenCode, pkce, refreshReuse, stolenRefreshToken, scopeCeiling, redirectFuzz, weakFlows, clientCredentialsRefused,
	secretCanaryExport, secretCanaryRest, killSwitch, expiry, throttle, leakCanary, metadataWalk, jwtConfusion, idTokenMisuse,
	foreignIntrospection, ipPolicy, unassignedUser, secretRotation, keyRotation, nativeBrowser, publicPowers, noStaticCredentials,
	claimSurplus, machineIdentity, deviceFlow, tokenExchange, assertionForgery, rogueRegistration,
}, absentScenarios...)

// ByID finds a scenario.
func ByID(id string) (Scenario, bool) {
	for _, s := range All {
		if s.ID == id {
			return s, true
		}
	}
	return Scenario{}, false
}
