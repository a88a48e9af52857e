package admin

import (
	"errors"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/staff"
)

func TestStaff(t *testing.T) {
	d := open(t).Desk
	owner, link, err := d.InviteStaff(t.Context(), "olga@example.com", staff.Owner)
	if err != nil || link == "" || owner.State != staff.Invited {
		t.Fatalf("%+v %v", owner, err)
	}
	for what, c := range map[string]struct {
		name string
		role staff.Role
	}{"no name": {"", staff.Editor}, "a colon": {"a:b", staff.Editor}, "no role": {"bert", "king"}} {
		var invalid Invalid
		if _, _, err := d.InviteStaff(t.Context(), c.name, c.role); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, _, err := d.InviteStaff(t.Context(), "OLGA@example.com", staff.Editor); !errors.Is(err, staff.ErrTaken) {
		t.Errorf("the same name: %v", err)
	}
	if m, err := d.StaffMember(t.Context(), string(owner.ID)); err != nil || m.Name != owner.Name {
		t.Errorf("by id: %v", err)
	}
	if _, err := d.StaffMember(t.Context(), "nobody"); !IsNotFound(err) {
		t.Errorf("nobody: %v", err)
	}
	owner.State, owner.PasswordHash = staff.Active, "$argon2id$x"
	if err := d.Members.ChangeMember(t.Context(), owner, d.event(audit.StaffChanged)); err != nil {
		t.Fatal(err)
	}
	if err := d.SetStaffRole(t.Context(), owner, staff.Auditor); !errors.Is(err, staff.ErrLastOwner) {
		t.Errorf("the last owner's role: %v", err)
	}
	if err := d.SetStaffState(t.Context(), owner, false); !errors.Is(err, staff.ErrLastOwner) {
		t.Errorf("the last owner off: %v", err)
	}
	if err := d.RemoveStaff(t.Context(), owner); !errors.Is(err, staff.ErrLastOwner) {
		t.Errorf("the last owner removed: %v", err)
	}
	if all, err := d.Staff(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%d administrators, %v", len(all), err)
	}
}

func TestNobodyTakesTheirOwnRights(t *testing.T) {
	d := open(t).Desk
	for _, name := range []string{"olga", "otto"} {
		m, _, err := d.InviteStaff(t.Context(), name, staff.Owner)
		if err != nil {
			t.Fatal(err)
		}
		m.State, m.PasswordHash = staff.Active, "$argon2id$x"
		if err := d.Members.ChangeMember(t.Context(), m, d.event(audit.StaffChanged)); err != nil {
			t.Fatal(err)
		}
	}
	olga, err := d.StaffMember(t.Context(), "olga")
	if err != nil {
		t.Fatal(err)
	}
	d.Actor = olga.Actor()
	for what, err := range map[string]error{
		"role": d.SetStaffRole(t.Context(), olga, staff.Editor), "state": d.SetStaffState(t.Context(), olga, false), "removal": d.RemoveStaff(t.Context(), olga),
	} {
		if !errors.Is(err, ErrOwnRole) {
			t.Errorf("%s: %v", what, err)
		}
	}
	otto, err := d.StaffMember(t.Context(), "otto")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.SetStaffState(t.Context(), otto, false); err != nil {
		t.Fatal(err)
	}
	if otto, err = d.StaffMember(t.Context(), "otto"); err != nil || otto.State != staff.Disabled {
		t.Fatalf("%+v %v", otto, err)
	}
	if err := errors.Join(d.SetStaffState(t.Context(), otto, true), d.RemoveStaff(t.Context(), otto)); err != nil {
		t.Error(err)
	}
}
