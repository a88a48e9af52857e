// Package admin owns what an administrator can do: to apps, people, keys, grants,
// the audit log and the server-wide settings. The command line, the console and
// the API are three doors to it. It validates every value and says what changed;
// it knows no HTTP, prints nothing, and takes no decision about a login.
package admin

import (
	"errors"
	"strings"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/grant"
	"countersign/internal/key"
	"countersign/internal/load"
	"countersign/internal/review"
	"countersign/internal/secret"
	"countersign/internal/staff"
	"countersign/internal/usage"
)

// Desk is where an administrator works: the stores, the master keys, a clock, and
// who sits there.
type Desk struct {
	Apps     client.Store
	People   account.Store
	Grants   grant.Store
	Signing  key.Store
	Members  staff.Store // administrators
	Log      audit.Log
	Keys     *secret.Keyring
	Book     review.Book // waivers and runs of the review
	Prover   Prover      // runs threat scenarios; nil: there is none
	Seen     usage.Store // what was seen of apps
	Load     load.Store  // how many requests came, and how they ended
	Index    *AppIndex   // lists of apps, shared by the desks of a process; nil: read anew each time
	About    Facts       // how this server was started; Usage and Waivers are read anew
	Password PasswordRules
	Owner    bool          // may give rights over this server, and change apps that have them
	Saw      int64         // the version of the record that a change was decided on; 0: whichever is there
	Actor    string        // for the audit log: "cli", or who is signed in at the console
	LinkFor  time.Duration // how long a link for an administrator can be used; 0: a day
	Now      func() time.Time
}

func (d *Desk) event(name audit.Name) audit.Event {
	e := audit.New(d.Now(), name)
	e.Actor = d.Actor
	return e
}

// Fault is one value that breaks a rule.
type Fault struct {
	Field string `json:"field"`
	Text  string `json:"fault"` // a sentence that names the rule
}

// Invalid lists every fault of a change; nothing of it was done.
type Invalid []Fault

// Error joins the faults, one a line.
func (i Invalid) Error() string {
	lines := make([]string, len(i))
	for n, f := range i {
		lines[n] = f.Field + ": " + f.Text
	}
	return strings.Join(lines, "\n")
}

// IsNotFound says whether the error means that the named thing does not exist.
func IsNotFound(err error) bool {
	for _, e := range []error{client.ErrNotFound, account.ErrNotFound, grant.ErrNotFound, key.ErrNotFound, ErrNoSecret, review.ErrNoRun, review.ErrNoWaiver, ErrNoControl, staff.ErrNotFound} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Change is one line of a diff.
type Change struct {
	Name string `json:"setting"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// String writes the change as setting: old -> new.
func (c Change) String() string { return c.Name + ": " + shown(c.Old) + " -> " + shown(c.New) }

func shown(v string) string {
	if v == "" {
		return "(none)"
	}
	return v
}

// describe puts a diff into an event, for the audit log.
func describe(e audit.Event, changes []Change) audit.Event {
	for _, c := range changes {
		e = e.With(c.Name, shown(c.Old)+" -> "+shown(c.New))
	}
	return e
}
