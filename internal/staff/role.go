package staff

import "slices"

// Role says what a member may do.
type Role string

// Roles, the mightiest first.
const (
	Owner    Role = "owner"
	Editor   Role = "editor"
	Reviewer Role = "reviewer"
	Auditor  Role = "auditor"
)

// Permission is one thing that a role allows or not. Everybody at work may
// read apps, the review, keys, settings and traffic.
type Permission string

// Permissions.
const (
	Read         Permission = "read"          // apps, review, keys, settings, traffic
	ReadPeople   Permission = "read-people"   // names and addresses of people, their grants
	ReadAudit    Permission = "read-audit"    // the audit log
	RunReview    Permission = "run-review"    // run the review, prove a finding
	Waive        Permission = "waive"         // accept a finding for a time
	EditApps     Permission = "edit-apps"     // apps, their secrets and grants; fix a finding
	EditPeople   Permission = "edit-people"   // create, disable, reset, end grants
	EditKeys     Permission = "edit-keys"     // rotate and retire signing keys
	EditSettings Permission = "edit-settings" // what holds for every app
	EditStaff    Permission = "edit-staff"    // administrators and their roles
)

// Permissions lists all of them in order.
var Permissions = []Permission{Read, ReadPeople, ReadAudit, RunReview, Waive, EditApps, EditPeople, EditKeys, EditSettings, EditStaff}

// RoleEntry is one row of Roles.
type RoleEntry struct {
	Role Role         `json:"role"`
	What string       `json:"what"`
	May  []Permission `json:"may"`
}

// Roles says what each role may do, the mightiest first. Whoever changes apps
// does not waive findings on them: two people for that, or an owner.
//
// Spec: NIST SP 800-53 AC-5, AC-6.
var Roles = []RoleEntry{
	{Owner, "Does everything, and says who else may do what.", Permissions},
	{Editor, "Creates and changes apps and people. Waives nothing, and leaves keys and server-wide settings alone.", []Permission{
		Read, ReadPeople, ReadAudit, RunReview, EditApps, EditPeople,
	}},
	{Reviewer, "Runs the review, proves findings and accepts risks for a time. Changes no app.", []Permission{
		Read, ReadAudit, RunReview, Waive,
	}},
	{Auditor, "Sees everything and changes nothing.", []Permission{Read, ReadPeople, ReadAudit}},
}

// May says whether the role allows it. An unknown role allows nothing.
func (r Role) May(p Permission) bool {
	i := slices.IndexFunc(Roles, func(e RoleEntry) bool { return e.Role == r })
	return i >= 0 && slices.Contains(Roles[i].May, p)
}

// Valid says whether there is such a role.
func (r Role) Valid() bool {
	return slices.ContainsFunc(Roles, func(e RoleEntry) bool { return e.Role == r })
}
