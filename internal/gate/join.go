package gate

import (
	"context"
	"errors"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/secret"
	"countersign/internal/staff"
)

// Bootstrap makes the one-time link of a server without administrators; the
// earlier one is void. It returns "" when there is an administrator already.
func (g *Gate) Bootstrap(ctx context.Context) (token string, err error) {
	all, err := g.Members.Members(ctx)
	if err != nil || len(all) > 0 {
		return "", err
	}
	e := audit.New(g.Now(), audit.StaffInvited)
	e.Actor = "server"
	token, err = staff.MakeLink(ctx, g.Members, g.Keys, staff.Ticket{Purpose: staff.Bootstrap, Until: g.Now().UTC().Add(g.lives.Link)}, e)
	if errors.Is(err, staff.ErrTaken) {
		return "", nil // somebody was faster
	}
	return token, err
}

// Invitation is what a one-time link stands for.
type Invitation struct {
	Purpose staff.Purpose
	Member  *staff.Member // nil for the first owner
}

// Invitation looks at a link without using it. Errors: ErrLink.
func (g *Gate) Invitation(ctx context.Context, token string) (Invitation, error) {
	k, err := g.Members.Ticket(ctx, g.hash(token), g.Now())
	if errors.Is(err, staff.ErrNoTicket) {
		return Invitation{}, ErrLink
	} else if err != nil {
		return Invitation{}, err
	}
	if k.Purpose == staff.Bootstrap {
		return Invitation{Purpose: k.Purpose}, nil
	}
	m, err := g.Members.Member(ctx, k.Member)
	if errors.Is(err, staff.ErrNotFound) || err == nil && m.State == staff.Disabled { // whoever was switched off stays off
		return Invitation{}, ErrLink
	}
	return Invitation{k.Purpose, m}, err
}

// Join uses a one-time link: the password is set, the second factor and every
// session of before are gone, and the member is in. name counts for the first
// owner alone. Errors: ErrLink, account.ErrUsername, staff.ErrTaken, refusals of
// the password.
//
// Spec: NIST SP 800-63B-4 §3.1.1.2.
func (g *Gate) Join(ctx context.Context, token, name, password string, from From) (Entry, error) {
	in, err := g.Invitation(ctx, token)
	if err != nil {
		return Entry{}, err
	}
	now := g.Now().UTC().Truncate(time.Millisecond)
	m := in.Member
	if m == nil {
		if err := account.ValidUsername(name); err != nil {
			return Entry{}, err
		}
		m = &staff.Member{ID: staff.ID(secret.NewRecordID(secret.PrefixStaff, now)), Name: name, Role: staff.Owner, Created: now}
	}
	if m.PasswordHash, err = g.passwordHash(m.Name, password); err != nil {
		return Entry{}, err
	}
	m.State, m.Factor, m.Step, m.Recovery = staff.Active, nil, 0, nil
	e := g.event(audit.StaffJoined, m, from).With("purpose", string(in.Purpose))
	err = g.Members.RedeemTicket(ctx, g.hash(token), now, m, e)
	switch {
	case errors.Is(err, staff.ErrNoTicket), errors.Is(err, staff.ErrConflict), errors.Is(err, staff.ErrNotFound):
		return Entry{}, ErrLink
	case err != nil:
		return Entry{}, err
	}
	return g.begin(ctx, m, "", from, false)
}

// passwordHash judges a new password and hashes it.
func (g *Gate) passwordHash(name, password string) (string, error) {
	if err := account.CheckNewPassword(g.Policy, password, "countersign", name); err != nil {
		return "", err
	}
	params := g.Params
	if params == (account.Params{}) {
		params = account.DefaultParams
	}
	return account.HashPassword(params, password)
}
