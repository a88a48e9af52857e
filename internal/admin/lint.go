package admin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/review/controls"
)

// Consent lets a change through that the review would stop. The zero value lets
// nothing through.
type Consent struct {
	Force bool        // save it as it is; the audit event says so
	Waive *Acceptance // accept each stopped finding for a time; without an owner, the app's
}

// by fills in who answers for the waivers.
func (c Consent) by(app *client.Client) Consent {
	if c.Waive != nil && c.Waive.Owner == "" {
		a := *c.Waive
		a.Owner = app.Owner
		c.Waive = &a
	}
	return c
}

// Stopped lists what a change would make critical. Nothing of it was saved.
type Stopped []review.Remark

// Error says for each finding what is wrong, by which control, and what mends it.
func (s Stopped) Error() string {
	lines := make([]string, 0, len(s)+1)
	for _, r := range s {
		lines = append(lines, fmt.Sprintf("%s (%s %.1f): %s; %s", r.Control, r.Severity.Level, r.Severity.Computed,
			strings.TrimPrefix(r.Reason, r.Status.Words()+": "), Remedy(r)))
	}
	return strings.Join(append(lines, "nothing was saved; mend it, or accept it with --waive --reason --owner --until, or save it with --force"), "\n")
}

// Remedy is the patch of a remark as flags.
func Remedy(r review.Remark) string {
	var flags []string
	for _, s := range r.Fix.Patch {
		if Flag(s.Name) != "" && !s.Beyond {
			flags = append(flags, FlagText(s))
		}
	}
	return "mend it with " + strings.Join(flags, " ")
}

// FlagText writes a step as a flag of app set or org set: --code-ttl 60s, or
// with a value that a person must supply, --owner <the person who answers>.
func FlagText(s review.Step) string {
	field, how, _ := fieldOf(s.Name)
	if s.Value().Presence != review.Known {
		return "--" + field + " <" + s.Ask + ">"
	}
	words := how.words
	if words == nil {
		words = usual
	}
	return flagText(Set{field, words(s.Value().Data)})
}

// lint judges a draft of one app against what is saved, by the controls of the
// review. old is nil for a new app, which has no tokens yet. It returns what
// must not be saved and what people should know.
func (d *Desk) lint(ctx context.Context, old, next *client.Client) (stops Stopped, warns []review.Remark, err error) {
	org, err := d.Apps.Org(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read settings: %w", err)
	}
	f, err := d.appFacts(ctx, next.ID, old == nil)
	if err != nil {
		return nil, nil, err
	}
	keys, err := d.Signing.Keys(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read keys: %w", err)
	}
	draft := d.snapshotOf(org, keys, []*client.Client{next}, f)
	saved := draft
	saved.Apps = nil
	if old != nil {
		saved = d.snapshotOf(org, keys, []*client.Client{old}, f)
	}
	for _, r := range review.Lint(saved, draft, controls.Catalogue(), Beyond) {
		switch {
		case r.App == "" || !inHand(r):
		case r.Blocks:
			stops = append(stops, r)
		default:
			warns = append(warns, r)
		}
	}
	return stops, warns, nil
}

// inHand says whether the settings of an app can mend a remark: what nobody can
// mend here is left to the review, and stops nobody.
func inHand(r review.Remark) bool {
	if r.Fix == nil {
		return false
	}
	mends := false
	for _, s := range r.Fix.Patch {
		mends = mends || s.App != "" && Flag(s.Name) != "" && !s.Beyond
	}
	return mends
}

// appFacts are the facts for one app. A new one has no tokens and no use; of an
// old one nothing is looked up, so that saving stays quick: tokens may live.
func (d *Desk) appFacts(ctx context.Context, id oauth.ClientID, isNew bool) (Facts, error) {
	f := d.About
	if isNew {
		f.Usage = map[oauth.ClientID]*Usage{id: {}}
	}
	var err error
	f.Waivers, err = d.waivers(ctx)
	return f, err
}

// consented lets stopped findings through if somebody answers for it: the event
// then names them. Errors: Stopped, the ErrWaiver errors of review.
func (d *Desk) consented(stops Stopped, c Consent, e audit.Event) (audit.Event, error) {
	if len(stops) == 0 {
		return e, nil
	}
	names := make([]string, len(stops))
	for i, r := range stops {
		names[i] = r.Control
	}
	switch {
	case c.Waive != nil:
		return e.With("waived", strings.Join(names, " ")), review.CheckAcceptance(d.Now(), c.Waive.Reason, c.Waive.Owner, c.Waive.Until)
	case c.Force:
		return e.With("forced", strings.Join(names, " ")), nil
	}
	return e, stops
}

// waiveStopped accepts what was let through, now that it is saved.
func (d *Desk) waiveStopped(ctx context.Context, id oauth.ClientID, stops Stopped, c Consent) error {
	if c.Waive == nil {
		return nil
	}
	for _, r := range stops {
		if _, err := d.Waive(ctx, r.Control, string(id), *c.Waive); err != nil {
			return fmt.Errorf("the app is saved, the waiver of %s is not: %w", r.Control, err)
		}
	}
	return nil
}

// heard puts what the review warns of into one sentence, the worst first.
func heard(id oauth.ClientID, warns []review.Remark) []string {
	if len(warns) == 0 {
		return nil
	}
	slices.SortStableFunc(warns, func(a, b review.Remark) int { return cmp.Compare(b.Severity.Computed, a.Severity.Computed) })
	var names []string
	for _, r := range warns[:min(3, len(warns))] {
		names = append(names, fmt.Sprintf("%s (%s %.1f)", r.Control, r.Severity.Level, r.Severity.Computed))
	}
	text := strings.Join(names, ", ")
	if more := len(warns) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return []string{fmt.Sprintf("the review would find %s; see: countersign review fix --app %s", text, id)}
}
