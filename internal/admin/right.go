package admin

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
)

// Rights of the Admin API: scopes that an app may hold to administer this server.
// Each opens what it says and nothing else: write does not include read.
const (
	AppsRead      oauth.Scope = "admin:apps.read"
	AppsWrite     oauth.Scope = "admin:apps.write"
	PeopleRead    oauth.Scope = "admin:people.read"
	PeopleWrite   oauth.Scope = "admin:people.write"
	GrantsRead    oauth.Scope = "admin:grants.read"
	GrantsWrite   oauth.Scope = "admin:grants.write"
	KeysRead      oauth.Scope = "admin:keys.read"
	KeysWrite     oauth.Scope = "admin:keys.write"
	ReviewRead    oauth.Scope = "admin:review.read"
	ReviewWrite   oauth.Scope = "admin:review.write"
	AuditRead     oauth.Scope = "admin:audit.read"
	UsageRead     oauth.Scope = "admin:usage.read"
	SettingsRead  oauth.Scope = "admin:settings.read"
	SettingsWrite oauth.Scope = "admin:settings.write"
)

// Right is one scope of the Admin API and what it opens.
type Right struct {
	Scope oauth.Scope `json:"scope"`
	What  string      `json:"what"`
}

// Rights is the table of them.
var Rights = []Right{
	{AppsRead, "List and show apps."},
	{AppsWrite, "Make, change and delete apps, and rotate their secrets; not those that hold rights themselves."},
	{PeopleRead, "List and show people."},
	{PeopleWrite, "Register, change, lock out and delete people, and set their passwords."},
	{GrantsRead, "List what people allowed apps to do."},
	{GrantsWrite, "End grants and their tokens."},
	{KeysRead, "List signing keys."},
	{KeysWrite, "Rotate and retire signing keys."},
	{ReviewRead, "Run the review, keep nothing, and read runs, findings, waivers and fixes."},
	{ReviewWrite, "Keep runs, and accept findings for a time."},
	{AuditRead, "Read the audit log."},
	{UsageRead, "Read how often apps were used."},
	{SettingsRead, "Show the settings that hold for every app."},
	{SettingsWrite, "Change the settings that hold for every app."},
}

// ErrOwner says that only an owner may do this: at the command line, or signed in
// to the console as one. Whoever could change an app that holds rights, or give
// rights to another, would have them all.
var ErrOwner = errors.New("only an owner, at the command line or in the console, gives rights over this server or changes an app that has them")

// ErrChanged says that the record is not the one that the change was decided on.
var ErrChanged = errors.New("the record was changed meanwhile; read it again and decide anew")

// guard refuses apps with rights to everybody but owners.
func (d *Desk) guard(apps ...*client.Client) error {
	if d.Owner {
		return nil
	}
	for _, c := range apps {
		if c != nil && slices.ContainsFunc(c.Settings.Scopes, oauth.Scope.Admin) {
			return ErrOwner
		}
	}
	return nil
}

// current refuses a change that was decided on another version of the record.
func (d *Desk) current(version int64) error {
	if d.Saw != 0 && d.Saw != version {
		return ErrChanged
	}
	return nil
}

// checkRights: rights are for machines that prove who they are and act for
// themselves. An app that people sign in to would lend them to everybody there.
//
// Spec: RFC 6749 §4.4; RFC 9700 §2.3.
func checkRights(c *client.Client) Invalid {
	var faults Invalid
	rights := false
	for _, s := range c.Settings.Scopes {
		if !s.Admin() {
			continue
		}
		rights = true
		if !slices.ContainsFunc(Rights, func(r Right) bool { return r.Scope == s }) {
			faults = append(faults, Fault{"scope", fmt.Sprintf("%q is no right over this server; there are %s", s, rightNames())})
		}
	}
	if !rights {
		return faults
	}
	if c.Type != client.Confidential || c.Platform != client.Machine {
		faults = append(faults, Fault{"scope", "scopes that begin with admin: are for confidential apps of the platform machine (RFC 9700 §2.3)"})
	}
	for _, f := range FlowsOn(c.Settings.Flows) {
		if f != flow.ClientCredentials {
			faults = append(faults, Fault{"flow", fmt.Sprintf("an app with scopes that begin with admin: acts for itself alone; switch %s off (RFC 9700 §2.3)", f)})
		}
	}
	return faults
}

func rightNames() string {
	names := make([]string, len(Rights))
	for i, r := range Rights {
		names[i] = string(r.Scope)
	}
	return strings.Join(names, ", ")
}
