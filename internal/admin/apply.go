package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// Wanted is an app as a file wants it. What Sets leave out has the default of a
// new app, so that the file says all; only whether the app is enabled stays as
// it is, so that no file undoes a block.
type Wanted struct {
	ID         oauth.ClientID
	Sets       []Set
	SecretFile string            // where a new secret goes; may be empty
	Place      string            // file:line of the app
	Places     map[string]string // file:line of each field
}

// Action is what a step does.
type Action string

// Actions of a step. Refuse: it has faults, or the review stops it.
const (
	Create Action = "create"
	Update Action = "change"
	Keep   Action = "unchanged"
	Delete Action = "delete"
	Refuse Action = "refuse"
)

// AppStep is what becomes of one app.
type AppStep struct {
	ID       oauth.ClientID
	Name     string
	Action   Action
	Public   bool
	Changes  []Change
	Warnings []string
	Faults   []string // with their places
	Wanted   Wanted

	sets []Set
}

// PlanApps says what has to be done so that the apps are as files want them, and
// does nothing. With prune, apps that no file names are deleted. Every fault of
// every app is found, and its step is Refuse; Errors: those of the store.
func (d *Desk) PlanApps(ctx context.Context, wanted []Wanted, prune bool, consent Consent) ([]AppStep, error) {
	all, err := d.Apps.Clients(ctx)
	if err != nil {
		return nil, fmt.Errorf("read apps: %w", err)
	}
	var steps []AppStep
	first := map[oauth.ClientID]string{}
	for _, w := range wanted {
		i := slices.IndexFunc(all, func(c *client.Client) bool { return c.ID == w.ID })
		var old *client.Client
		if i >= 0 {
			old = all[i]
		}
		step, err := d.planApp(ctx, old, w, consent)
		if err != nil {
			return nil, err
		}
		if place, twice := first[w.ID]; twice && w.ID != "" {
			step.fault(w.Place, "client_id", fmt.Sprintf("%s is described twice; first at %s", w.ID, place))
		}
		first[w.ID] = w.Place
		steps = append(steps, step)
	}
	for _, c := range all {
		if _, named := first[c.ID]; prune && !named {
			steps = append(steps, AppStep{ID: c.ID, Name: c.Name, Action: Delete})
		}
	}
	return steps, nil
}

func (s *AppStep) fault(place, field, text string) {
	line := strings.ReplaceAll(field, "-", "_") + ": " + text
	if place != "" {
		line = place + ": " + line
	}
	s.Faults = append(s.Faults, line)
	s.Action = Refuse
}

func (s *AppStep) take(faults Invalid) {
	for _, f := range faults {
		place, ok := s.Wanted.Places[f.Field]
		if !ok {
			place = s.Wanted.Place
		}
		s.fault(place, f.Field, f.Text)
	}
}

// planApp compares an app with what is wanted of it; old is nil for a new one.
func (d *Desk) planApp(ctx context.Context, old *client.Client, w Wanted, consent Consent) (AppStep, error) {
	now := d.Now().UTC().Truncate(time.Millisecond)
	step := AppStep{ID: w.ID, Action: Create, Wanted: w, sets: w.Sets}
	if old != nil && !named(w.Sets, "type") {
		w.Sets = append(slices.Clone(w.Sets), Set{"type", []string{string(old.Type)}})
	}
	next, faults := draftApp(w.ID, w.Sets, now)
	if old != nil {
		if next.Type != old.Type {
			faults = append(faults, Fault{"type", "cannot change after creation; create a new app instead"})
		}
		step.sets = setsOf(next, named(w.Sets, "enabled"))
		next = clone(old)
		if len(faults) == 0 {
			faults = append(apply(AppFields, next, step.sets, now, false), checkApp(next)...)
		}
		step.Changes = diff(appLines, old, next)
	}
	step.Name, step.Public = next.Name, next.Type == client.Public
	step.take(faults)
	switch {
	case step.Action == Refuse:
		return step, nil
	case old != nil && len(step.Changes) == 0:
		step.Action = Keep
		return step, nil
	case old != nil:
		step.Action = Update
	}
	return step, d.lintStep(ctx, &step, old, next, consent)
}

// lintStep hears what the review has to say.
func (d *Desk) lintStep(ctx context.Context, step *AppStep, old, next *client.Client, consent Consent) error {
	stops, warns, err := d.lint(ctx, old, next)
	if err != nil {
		return err
	}
	step.Warnings = append(warnings(next), heard(next.ID, warns)...)
	if len(stops) == 0 || consent.Force || consent.Waive != nil {
		return nil
	}
	for i := range stops {
		text, _, _ := strings.Cut(stops[i:i+1].Error(), "\n")
		step.fault(step.Wanted.Place, "review", text)
	}
	step.fault(step.Wanted.Place, "review", "mend it in the file, or save it as it is with --force")
	return nil
}

func named(sets []Set, field string) bool {
	return slices.ContainsFunc(sets, func(s Set) bool { return s.Field == field })
}

// draftApp is a new app as CreateApp makes it, not stored, and everything that
// is wrong with it.
func draftApp(id oauth.ClientID, sets []Set, now time.Time) (*client.Client, Invalid) {
	c := &client.Client{ID: id, Created: now, Updated: now}
	faults := checkClientID(id)
	kind := slices.DeleteFunc(slices.Clone(sets), func(s Set) bool { return s.Field != "type" && s.Field != "platform" })
	_ = apply(AppFields, c, kind, now, true) // its faults come again below
	safeDefaults(c)
	faults = append(faults, apply(AppFields, c, sets, now, true)...)
	if c.Settings.Scopes.Offline() && !mentions(sets, flow.RefreshToken) && len(FlowsOn(c.Settings.Flows)) > 0 {
		flip(c, flow.RefreshToken, true, func(s *flow.Switch, on bool) { s.On = on })
	}
	return c, append(faults, checkApp(c)...)
}

// setsOf is everything that can be changed on an app, as it is now.
func setsOf(c *client.Client, withEnabled bool) []Set {
	var out []Set
	for _, f := range AppFields {
		if f.Fixed || f.Name == "enabled" && !withEnabled {
			continue
		}
		out = append(out, f.said(c))
	}
	return out
}

// said is the present value in the words that set it.
func (f Field[T]) said(record *T) Set {
	s := Set{Field: f.Name}
	for _, l := range f.read(record) {
		_, part, grouped := strings.Cut(l.Name, ".")
		switch {
		case grouped:
			s.Values = append(s.Values, part+"="+l.Value)
		case f.Many:
			s.Values = append(s.Values, strings.Fields(l.Value)...)
		case f.Length && strings.HasSuffix(l.Value, " (default)"):
			s.Values = append(s.Values, "default")
		default:
			s.Values = append(s.Values, l.Value)
		}
	}
	return s
}

// ErrRefusedStep says that a plan has faults; nothing of it was done.
var ErrRefusedStep = errors.New("nothing was changed")

// TakeStep does one step of a plan. What changed since the plan was made is
// judged anew. Errors: ErrRefusedStep, those of CreateApp, ChangeApp, DeleteApp.
func (d *Desk) TakeStep(ctx context.Context, s AppStep, consent Consent) (AppResult, error) {
	switch s.Action {
	case Create:
		return d.CreateApp(ctx, s.ID, s.sets, consent)
	case Update:
		return d.ChangeApp(ctx, s.ID, s.sets, consent)
	case Delete:
		return AppResult{}, d.DeleteApp(ctx, s.ID)
	case Refuse:
		return AppResult{}, ErrRefusedStep
	case Keep:
	}
	return AppResult{}, nil
}

// PlanImport says what has to be done to make the drafts apps. An app whose name
// or client_id exists already is left alone.
func (d *Desk) PlanImport(ctx context.Context, drafts []Draft, consent Consent) ([]AppStep, error) {
	all, err := d.Apps.Clients(ctx)
	if err != nil {
		return nil, fmt.Errorf("read apps: %w", err)
	}
	taken := map[oauth.ClientID]bool{}
	steps := make([]AppStep, len(drafts))
	for i, draft := range drafts {
		w := Wanted{ID: draft.ID, Sets: draft.Sets}
		exists := slices.ContainsFunc(all, func(c *client.Client) bool { return c.Name == draft.Name || c.ID == w.ID })
		if w.ID == "" {
			w.ID = oauth.ClientID("app_" + secret.NewID(d.Now()).String())
		}
		switch {
		case draft.Reason != "":
			steps[i] = AppStep{Name: draft.Name, Action: Refuse, Faults: []string{draft.Reason}}
		case exists:
			steps[i] = AppStep{ID: draft.ID, Name: draft.Name, Action: Keep, Warnings: []string{"an app of this name or client_id exists; it is left alone"}}
		default:
			if steps[i], err = d.planApp(ctx, nil, w, consent); err != nil {
				return nil, err
			}
			if taken[w.ID] {
				steps[i].fault("", "client_id", "another app of these files has it, too")
			}
			taken[w.ID] = true
		}
	}
	return steps, nil
}

// SaidOf is an app in the words that make it: its type, and every value that a
// new app of this type would not have.
func SaidOf(c *client.Client) []Set {
	fresh := &client.Client{Type: c.Type}
	safeDefaults(fresh)
	var out []Set
	for _, f := range AppFields {
		have, usual := f.said(c), f.said(fresh)
		have.Values = slices.DeleteFunc(have.Values, func(v string) bool {
			// A new app gets refresh tokens by its scopes, unless it is said that not.
			refresh := f.Name == "flow" && c.Settings.Scopes.Offline() && strings.HasPrefix(v, string(flow.RefreshToken)+"=")
			return strings.Contains(f.Hint, "FLOW") && slices.Contains(usual.Values, v) && !refresh
		})
		always := f.Name == "name" || f.Name == "type" || f.Name == "scope"
		perFlow := strings.Contains(f.Hint, "FLOW") && len(have.Values) == 0
		if !perFlow && (always || !slices.Equal(have.Values, usual.Values)) {
			out = append(out, have)
		}
	}
	return out
}

// DraftApp is a wanted app as it would be made, not stored, and everything that
// is wrong with it.
func DraftApp(w Wanted) (*client.Client, Invalid) { return draftApp(w.ID, w.Sets, time.Time{}) }
