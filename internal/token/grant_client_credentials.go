package token

import (
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/policy"
	"countersign/internal/secret"
)

// validateMachine begins a grant of an app to itself: no person takes part, so
// it has no refresh token and no login, and its subject is the app. It is a
// grant like any other: it ends with the app, with the switch of the flow, or
// alone. It changes nothing. Errors: policy.ErrScopeApp, grant.ErrLease.
//
// Spec: RFC 6749 §4.4; RFC 9068 §2.2.
func (x *Exchanger) validateMachine(app client.Identity, r Request) (proof, error) {
	if err := x.Ready(); err != nil {
		return proof{}, err
	}
	scopes, err := policy.MachineScopes(app.Entry, r.Scopes)
	if err != nil {
		return proof{}, err
	}
	now := x.Now()
	p := proof{
		grant: grant.Grant{ID: secret.NewID(now), Client: app.ID, Flow: flow.ClientCredentials, Scopes: scopes},
		asked: scopes,
	}
	p.event = event(now, audit.TokenIssued, r, &p.grant)
	return p, nil
}

// noteMachine tells of a token that an app obtained for itself. There is nothing
// to spend and nothing to store, and so nothing that the event must be in one
// commit with: it is written within a second, with others.
func (x *Exchanger) noteMachine(p proof, a *Answer) {
	e := p.event
	if len(a.Scopes) > 0 {
		e = e.With("scope", a.Scopes.String())
	}
	x.Note(e)
}
