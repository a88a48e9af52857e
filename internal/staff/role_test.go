package staff

import (
	"slices"
	"testing"
)

// TestRoles pins who may do what; a new permission needs a column here.
func TestRoles(t *testing.T) {
	want := map[Permission]string{
		Read: "owner editor reviewer auditor", ReadPeople: "owner editor auditor", ReadAudit: "owner editor reviewer auditor",
		RunReview: "owner editor reviewer", Waive: "owner reviewer", EditApps: "owner editor", EditPeople: "owner editor",
		EditKeys: "owner", EditSettings: "owner", EditStaff: "owner",
	}
	if len(want) != len(Permissions) {
		t.Errorf("%d permissions, %d rows", len(Permissions), len(want))
	}
	for _, p := range Permissions {
		got := ""
		for _, r := range Roles {
			if r.Role.May(p) {
				got += " " + string(r.Role)
			}
		}
		if got != " "+want[p] {
			t.Errorf("%s:%s, want %s", p, got, want[p])
		}
	}
	if Role("").May(Read) || Role("king").May(Read) || Role("king").Valid() || !Auditor.Valid() {
		t.Error("an unknown role is a role")
	}
	if slices.Contains(Roles[1].May, Waive) {
		t.Error("whoever changes apps may waive findings on them")
	}
}
