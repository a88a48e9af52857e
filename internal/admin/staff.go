package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/secret"
	"countersign/internal/staff"
)

// linkFor is how long a link can be used, unless the desk says otherwise.
const linkFor = 24 * time.Hour

// ErrOwnRole refuses that an administrator takes rights from themself: whoever
// slips there cannot get back in.
var ErrOwnRole = errors.New("nobody changes their own role or switches themself off; another owner can")

// Staff lists the administrators, oldest first.
func (d *Desk) Staff(ctx context.Context) ([]*staff.Member, error) { return d.Members.Members(ctx) }

// StaffMember finds an administrator by id or name. Errors: staff.ErrNotFound.
func (d *Desk) StaffMember(ctx context.Context, who string) (*staff.Member, error) {
	if secret.ValidRecordID(secret.PrefixStaff, who) {
		if m, err := d.Members.Member(ctx, staff.ID(who)); !errors.Is(err, staff.ErrNotFound) {
			return m, err
		}
	}
	m, err := d.Members.MemberByName(ctx, who)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", who, err)
	}
	return m, nil
}

// InviteStaff puts in an administrator, who comes in by the link that is
// returned. Errors: Invalid, staff.ErrTaken.
func (d *Desk) InviteStaff(ctx context.Context, name string, role staff.Role) (m *staff.Member, link string, err error) {
	var faults Invalid
	if err := account.ValidUsername(name); err != nil {
		faults = append(faults, Fault{"name", err.Error()})
	}
	if !role.Valid() {
		faults = append(faults, Fault{"role", "one of owner, editor, reviewer, auditor"})
	}
	if len(faults) > 0 {
		return nil, "", faults
	}
	now := d.Now().UTC().Truncate(time.Millisecond)
	m = &staff.Member{ID: staff.ID(secret.NewRecordID(secret.PrefixStaff, now)), Name: name, Role: role, State: staff.Invited, Created: now}
	e := d.event(audit.StaffInvited).With("staff", string(m.ID)).With("role", string(role))
	if err := d.Members.AddMember(ctx, m, e); err != nil {
		return nil, "", fmt.Errorf("invite %q: %w", name, err)
	}
	link, err = d.StaffLink(ctx, m)
	return m, link, err
}

// StaffLink makes a one-time link for an administrator, in place of an earlier
// one: to come in for the first time, or to set a new password and authenticator
// when one is lost. Until it is used, nothing changes.
func (d *Desk) StaffLink(ctx context.Context, m *staff.Member) (string, error) {
	purpose := staff.Reset
	if m.State == staff.Invited {
		purpose = staff.Invite
	}
	k := staff.Ticket{Purpose: purpose, Member: m.ID, Until: d.Now().UTC().Add(d.linkLife())}
	link, err := staff.MakeLink(ctx, d.Members, d.Keys, k, d.event(audit.StaffInvited))
	if err != nil {
		return "", fmt.Errorf("make link: %w", err)
	}
	return link, nil
}

// FirstStaffLink makes the link by which the first owner comes in, in place of
// the earlier one. Errors: staff.ErrTaken, if there is an administrator.
func (d *Desk) FirstStaffLink(ctx context.Context) (string, error) {
	k := staff.Ticket{Purpose: staff.Bootstrap, Until: d.Now().UTC().Add(d.linkLife())}
	link, err := staff.MakeLink(ctx, d.Members, d.Keys, k, d.event(audit.StaffInvited))
	if err != nil {
		return "", fmt.Errorf("make link: %w", err)
	}
	return link, nil
}

func (d *Desk) linkLife() time.Duration {
	if d.LinkFor == 0 {
		return linkFor
	}
	return d.LinkFor
}

// SetStaffRole gives an administrator another role. Errors: Invalid, ErrOwnRole,
// staff.ErrLastOwner, staff.ErrConflict.
func (d *Desk) SetStaffRole(ctx context.Context, m *staff.Member, role staff.Role) error {
	if !role.Valid() {
		return Invalid{{"role", "one of owner, editor, reviewer, auditor"}}
	}
	if d.isSelf(m) {
		return ErrOwnRole
	}
	next := *m
	next.Role = role
	return d.changeStaff(ctx, m, &next, "role", string(m.Role)+" -> "+string(role))
}

// SetStaffState switches an administrator off, which ends the sessions, or on
// again. Errors: ErrOwnRole, staff.ErrLastOwner, staff.ErrConflict.
func (d *Desk) SetStaffState(ctx context.Context, m *staff.Member, on bool) error {
	if d.isSelf(m) {
		return ErrOwnRole
	}
	next := *m
	switch {
	case !on:
		next.State = staff.Disabled
	case m.PasswordHash == "":
		next.State = staff.Invited
	default:
		next.State = staff.Active
	}
	return d.changeStaff(ctx, m, &next, "state", string(m.State)+" -> "+string(next.State))
}

func (d *Desk) changeStaff(ctx context.Context, m, next *staff.Member, what, how string) error {
	if next.Role == m.Role && next.State == m.State {
		return nil
	}
	if err := d.Members.ChangeMember(ctx, next, d.event(audit.StaffChanged).With("staff", string(m.ID)).With(what, how)); err != nil {
		return fmt.Errorf("change %q: %w", m.Name, err)
	}
	return nil
}

// RemoveStaff deletes an administrator; the name is free again. Errors:
// ErrOwnRole, staff.ErrLastOwner, staff.ErrNotFound.
func (d *Desk) RemoveStaff(ctx context.Context, m *staff.Member) error {
	if d.isSelf(m) {
		return ErrOwnRole
	}
	e := d.event(audit.StaffRemoved).With("staff", string(m.ID)).With("name", m.Name)
	if err := d.Members.RemoveMember(ctx, m.ID, e); err != nil {
		return fmt.Errorf("remove %q: %w", m.Name, err)
	}
	return nil
}

// isSelf says whether the administrator sits at this desk.
func (d *Desk) isSelf(m *staff.Member) bool { return d.Actor == m.Actor() }
