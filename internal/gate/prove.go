package gate

import (
	"context"

	"countersign/internal/audit"
	"countersign/internal/login"
	"countersign/internal/staff"
)

// Recent says whether the member proved who they are lately enough for what
// cannot be taken back.
//
// Spec: NIST SP 800-63B-4 §5.2; RFC 9470 §1.
func (g *Gate) Recent(e Entry) bool {
	return !e.Session.Pending && g.Now().Sub(e.Session.Proved) < g.lives.Proof
}

// HasFactor says whether the member has an authenticator.
func HasFactor(m *staff.Member) bool { return len(m.Factor) > 0 }

// MustEnrol says whether the member has to set up an authenticator first.
func (g *Gate) MustEnrol(m *staff.Member) bool { return g.RequireFactor && !HasFactor(m) }

// Prove checks once more that the member is there and notes the time in the
// session: by a code where there is an authenticator, by the password otherwise.
// Errors: ErrCode, those of login.Prover.Prove.
func (g *Gate) Prove(ctx context.Context, e Entry, text string, from From) error {
	var err error
	if HasFactor(e.Member) {
		_, err = g.confirm(ctx, e.Member.ID, text, from)
	} else {
		err = g.password(ctx, e.Member, text, from)
	}
	if err != nil {
		return err
	}
	now := g.Now()
	return g.Sessions.SeeSession(ctx, e.Session.Hash, now, now)
}

// password checks the member's password, throttled like any sign-in.
func (g *Gate) password(ctx context.Context, m *staff.Member, text string, from From) error {
	_, err := g.prover.Prove(ctx, login.Attempt{
		Identifier: prefix + m.Name, Password: text, Client: Client, Address: from.Address, RequestID: from.RequestID,
	})
	return err
}

// SessionsOf lists the member's sessions, the newest first.
func (g *Gate) SessionsOf(ctx context.Context, id staff.ID) ([]staff.Session, error) {
	return g.Sessions.Sessions(ctx, id)
}

// End ends one of the member's own sessions, named by Name. Errors:
// staff.ErrNoSession.
func (g *Gate) End(ctx context.Context, e Entry, name string, from From) error {
	all, err := g.Sessions.Sessions(ctx, e.Member.ID)
	if err != nil {
		return err
	}
	for _, s := range all {
		if g.Name(s) == name {
			return g.Sessions.EndSession(ctx, e.Member.ID, s.Hash, g.event(audit.StaffSignedOut, e.Member, from).With("sessions", "one"))
		}
	}
	return staff.ErrNoSession
}

// EndOthers ends all of the member's sessions but this one.
func (g *Gate) EndOthers(ctx context.Context, e Entry, from From) error {
	return g.Sessions.EndOtherSessions(ctx, e.Member.ID, e.Session.Hash, g.event(audit.StaffSignedOut, e.Member, from).With("sessions", "all others"))
}

// Name is what pages call a session: it opens nothing, and nothing can be found
// by it in the database.
func (g *Gate) Name(s staff.Session) string {
	sum := g.Keys.Hash("staff session name", s.Hash[:])
	return plain32.EncodeToString(sum[:10])
}
