package gate

import (
	"context"

	"countersign/internal/login"
)

// Recent says whether the member proved who they are lately enough for what
// cannot be taken back.
//
// Spec: NIST SP 800-63B-4 §5.2; RFC 9470 §1.
func (g *Gate) Recent(e Entry) bool {
	return !e.Session.Pending && g.Now().Sub(e.Session.Proved) < g.lives.Proof
}

// Prove checks the member's password once more and notes the time in the
// session. Errors: those of login.Prover.Prove.
func (g *Gate) Prove(ctx context.Context, e Entry, password string, from From) error {
	_, err := g.prover.Prove(ctx, login.Attempt{
		Identifier: prefix + e.Member.Name, Password: password, Client: Client, Address: from.Address, RequestID: from.RequestID,
	})
	if err != nil {
		return err
	}
	now := g.Now()
	return g.Sessions.SeeSession(ctx, e.Session.Hash, now, now)
}
