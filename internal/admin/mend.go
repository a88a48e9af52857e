package admin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/review"
)

// Mending is what would mend the findings of a review, and what came of it where
// it was written. Its JSON names are stable.
type Mending struct {
	Before    review.Score   `json:"before"`
	After     review.Preview `json:"after"` // predicted; of what can be written
	Subjects  []Mend         `json:"subjects"`
	Conflicts []Conflict     `json:"conflicts"`
}

// Mend is the patch of one app or, with an empty app, of the server.
type Mend struct {
	App      oauth.ClientID  `json:"app"`
	Name     string          `json:"name,omitempty"`
	Controls []string        `json:"controls"` // what it mends
	Write    []review.Step   `json:"write"`
	Tasks    []review.Step   `json:"tasks"` // what only people can do
	Forecast review.Breakage `json:"forecast"`
	Breaks   []review.Caller `json:"breaks"`
	LeftOut  []review.Step   `json:"left_out"` // known to break callers, and not written
	Command  string          `json:"command,omitempty"`
	Changes  []Change        `json:"changes,omitempty"` // what was written
	Undo     string          `json:"undo,omitempty"`    // the command that writes the former values back

	patch Patch
}

// Conflict is a setting for which two fixes want two values.
type Conflict struct {
	App     string      `json:"app"`
	Name    string      `json:"name"`
	One     review.Step `json:"one"`
	Other   review.Step `json:"other"`
	Settled string      `json:"settled,omitempty"` // the value that serves both, because it is stricter; "" if none is
}

// Mend works out what would mend the findings that are chosen: those that fail,
// and mitigated ones of controls that are named. Steps that are known to break
// callers are left out unless breaking is set. It writes nothing.
func (d *Desk) Mend(ctx context.Context, what Reviewing, breaking bool) (*Mending, error) {
	what.Keep = false
	chosen, _, err := d.Review(ctx, what)
	if err != nil {
		return nil, err
	}
	in, err := d.reviewInput(ctx)
	if err != nil {
		return nil, err
	}
	run := review.Judge(in) // of everything, so that a fix which breaks another rule is seen
	org, err := d.Apps.Org(ctx)
	if err != nil {
		return nil, err
	}
	m := &Mending{Before: run.Score, Subjects: []Mend{}, Conflicts: []Conflict{}}
	steps, mends := m.collect(chosen, what)
	var written []review.Step
	for _, id := range subjectsOf(steps) {
		s, err := d.mendOne(ctx, org, id, steps, in.Forecast, breaking)
		if err != nil {
			return nil, err
		}
		s.Controls = append([]string{}, mends[id]...)
		written = append(written, s.Write...)
		m.Subjects = append(m.Subjects, s)
	}
	m.After = run.Preview("", "", written)
	return m, nil
}

// collect merges the patches of the findings and settles conflicts. mends says
// which controls a subject's steps are for.
func (m *Mending) collect(run *review.Run, what Reviewing) (steps []review.Step, mends map[string][]string) {
	var patches [][]review.Step
	mends = map[string][]string{}
	for _, f := range run.Findings {
		open := f.Status == review.Fail && !f.Waived() || f.Status == review.Inconclusive
		if f.Fix == nil || !open && !slices.Contains(what.Controls, f.Control) {
			continue
		}
		patches = append(patches, f.Fix.Patch)
		mends[f.App] = append(mends[f.App], f.Control)
	}
	steps, conflicts := review.Merge(patches...)
	for _, c := range conflicts {
		i := slices.IndexFunc(steps, func(s review.Step) bool { return s.App == c.App && s.Name == c.Name })
		if i < 0 {
			continue // taken out by an earlier conflict
		}
		conflict := Conflict{App: c.App, Name: c.Name, One: steps[i], Other: c}
		if strict, ok := review.Stricter(steps[i], c); ok {
			steps[i], conflict.Settled = strict, strict.Value().Text()
		} else {
			steps = slices.Delete(steps, i, i+1)
		}
		m.Conflicts = append(m.Conflicts, conflict)
	}
	return steps, mends
}

// subjectsOf lists the subjects of steps: apps first, in their order, the server
// last. A task without a name belongs to nobody alone and is shown with the
// server.
func subjectsOf(steps []review.Step) []string {
	var out []string
	for _, s := range steps {
		if !slices.Contains(out, s.App) {
			out = append(out, s.App)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if (a == "") != (b == "") {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return out
}

// mendOne arranges the steps of one subject.
func (d *Desk) mendOne(ctx context.Context, org client.Org, id string, steps []review.Step, forecast review.Forecast, breaking bool) (Mend, error) {
	m := Mend{App: oauth.ClientID(id), Write: []review.Step{}, LeftOut: []review.Step{}, Breaks: []review.Caller{}}
	var c *client.Client
	if id != "" {
		var err error
		if c, err = d.Apps.Client(ctx, oauth.ClientID(id)); err != nil {
			return m, err
		}
		m.Name = c.Name
	}
	var own []review.Step
	for _, s := range steps {
		if s.App != id {
			continue
		}
		if b := forecast(id, []review.Step{s}); !breaking && s.Value().Presence == review.Known && b.Known && b.Failed > 0 {
			m.LeftOut = append(m.LeftOut, s)
			continue
		}
		own = append(own, s)
	}
	m.patch = patchFor(org, c, own)
	m.Write, m.Tasks = append(m.Write, m.patch.Steps...), append([]review.Step{}, m.patch.Tasks...)
	m.Forecast = forecast(id, append(slices.Clone(m.Write), m.LeftOut...))
	m.Breaks = append(m.Breaks, m.Forecast.Callers...)
	m.Command = command(m.App, m.patch.Sets)
	return m, nil
}

// Apply writes what can be written: one change for each subject, through the
// same door as every other change, so that it is checked, linted and recorded.
// It notes what changed and how to undo it. Errors: as ChangeApp and ChangeOrg;
// ErrOwner before anything is written.
func (d *Desk) Apply(ctx context.Context, m *Mending, consent Consent) error {
	if err := d.mayApply(ctx, m); err != nil {
		return err
	}
	for i := range m.Subjects {
		s := &m.Subjects[i]
		if len(s.patch.Sets) == 0 {
			continue
		}
		var err error
		if s.App == "" {
			_, s.Changes, err = d.ChangeOrg(ctx, s.patch.Sets)
		} else {
			var r AppResult
			r, err = d.ChangeApp(ctx, s.App, s.patch.Sets, consent)
			s.Changes = r.Changes
		}
		if err != nil {
			return fmt.Errorf("%s: %w", orServer(s.App), err)
		}
		s.Undo = command(s.App, formerly(s.Changes))
	}
	return nil
}

// mayApply refuses a patch that only an owner may write, before the first part of
// it is written.
func (d *Desk) mayApply(ctx context.Context, m *Mending) error {
	for _, s := range m.Subjects {
		if d.Owner || s.App == "" || len(s.patch.Sets) == 0 {
			continue
		}
		c, err := d.Apps.Client(ctx, s.App)
		if err == nil {
			err = d.guard(c)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.App, err)
		}
	}
	return nil
}

func orServer(app oauth.ClientID) string {
	if app == "" {
		return "server"
	}
	return string(app)
}

// formerly turns a diff into the settings that write the old values back.
func formerly(changes []Change) []Set {
	var out []Set
	for _, c := range changes {
		field, flow, perFlow := strings.Cut(c.Name, ".")
		old := strings.TrimSuffix(c.Old, " (default)")
		switch {
		case perFlow:
			out = alsoSet(out, field, []string{flow + "=" + c.Old})
		case old != c.Old && isLength(field):
			out = append(out, Set{field, []string{"default"}})
		case isList(field):
			out = append(out, Set{field, append([]string{}, orEmpty(strings.Fields(c.Old))...)})
		default:
			out = append(out, Set{field, []string{c.Old}})
		}
	}
	return out
}

func orEmpty(list []string) []string {
	if len(list) == 0 {
		return []string{""}
	}
	return list
}

func isLength(field string) bool {
	of := func(name string, length bool) bool { return name == field && length }
	return slices.ContainsFunc(AppFields, func(f Field[app]) bool { return of(f.Name, f.Length) }) ||
		slices.ContainsFunc(OrgFields, func(f Field[org]) bool { return of(f.Name, f.Length) })
}

func isList(field string) bool {
	return slices.ContainsFunc(AppFields, func(f Field[app]) bool { return f.Name == field && f.Many })
}

// command writes settings as a command of the command line.
func command(app oauth.ClientID, sets []Set) string {
	if len(sets) == 0 {
		return ""
	}
	words := []string{"countersign org set"}
	if app != "" {
		words = []string{"countersign app set " + string(app)}
	}
	for _, s := range sets {
		words = append(words, flagText(s))
	}
	return strings.Join(words, " ")
}

// flagText writes a setting as flags that a shell takes apart again.
func flagText(s Set) string {
	var out []string
	for _, v := range s.Values {
		out = append(out, "--"+s.Field+"="+quoted(v))
	}
	return strings.Join(out, " ")
}

// quoted protects a value from a shell.
func quoted(v string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+./:@,"
	if strings.Trim(v, plain) == "" {
		return v
	}
	return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'"
}
