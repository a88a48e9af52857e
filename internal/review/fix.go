package review

import (
	"slices"
	"strings"
)

// Fix is what makes a failed control pass or mitigated.
type Fix struct {
	Patch  []Change
	Breaks string // whom to look for before the patch is applied
}

// Change is one step of a fix: a setting to write, or a task for a person.
type Change struct {
	Name string // vocabulary name; "" for a task
	To   any    // data to write, of the kind of Name
	Copy string // write the present value of this name instead of To
	Ask  string // the value, or the task, that only a person can supply
	Only Condition
}

// Condition limits a change to some apps. The zero condition is always met.
type Condition struct {
	Says   string // "confidential apps"
	Clause Clause
}

// Conditions that several fixes share.
var (
	Confidential = Condition{"confidential apps", func(e *Eval) Truth { return e.Is("app.client_type", "confidential") }}
	Public       = Condition{"public apps", func(e *Eval) Truth { return e.Is("app.client_type", "public") }}
	FirstParty   = Condition{"first-party apps", func(e *Eval) Truth { return e.True("app.first_party") }}
	ThirdParty   = Condition{"third-party apps", func(e *Eval) Truth { return e.False("app.first_party") }}
)

// Write is the change that sets a name to data of its kind.
func Write(name string, to any) Change { return Change{Name: name, To: to} }

// WriteCopy is the change that sets a name to the present value of another.
func WriteCopy(name, from string) Change { return Change{Name: name, Copy: from} }

// WriteAsked is the change whose value only a person or the record of use can
// supply; ask says which: "the networks seen in the last 90 days".
func WriteAsked(name, ask string) Change { return Change{Name: name, Ask: ask} }

// Task is work that no setting does: "draw a new secret".
func Task(do string) Change { return Change{Ask: do} }

// For limits a change to the apps of a condition.
func (c Change) For(only Condition) Change {
	c.Only = only
	return c
}

// switchesOn reports whether the fix brings a flow to life.
func (f Fix) switchesOn() bool {
	return slices.ContainsFunc(f.Patch, func(c Change) bool { return strings.HasPrefix(c.Name, "app.flows.") && c.To == true })
}

func (f Fix) problems() []string {
	var p []string
	if len(f.Patch) == 0 {
		p = append(p, "has no fix")
	}
	if f.Breaks == "" {
		p = append(p, "does not say whom the fix breaks")
	}
	for _, c := range f.Patch {
		t, ok := terms[c.Name]
		switch {
		case c.Name == "" && c.Ask == "":
			p = append(p, "has an empty change in its fix")
		case c.Name != "" && !ok:
			p = append(p, "fixes "+c.Name+", which is no setting")
		case t.Derived != "":
			p = append(p, "fixes "+c.Name+", which is derived")
		case c.To != nil && !t.fits(c.To):
			p = append(p, "fixes "+c.Name+" with data of another kind")
		}
	}
	return p
}
