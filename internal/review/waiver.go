package review

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Waiver accepts one finding for a time. It changes counting and the exit
// code, never the status.
type Waiver struct {
	Control   string    `json:"control"`
	App       string    `json:"app"` // app id; "" for a server control
	Reason    string    `json:"reason"`
	Owner     string    `json:"owner"` // a principal who can be asked
	Until     time.Time `json:"until"`
	Since     time.Time `json:"since,omitzero"`
	ValueHash string    `json:"value_hash"`       // of the values the control read when it was waived
	Scopes    []string  `json:"scopes,omitempty"` // the app's scopes at that time
	Ended     time.Time `json:"ended,omitzero"`   // when somebody ended it early
}

// Waived is a waiver as a finding shows it, with the reason why it no longer
// counts, if so.
type Waived struct {
	By        string    `json:"by"`
	Reason    string    `json:"reason"`
	Until     time.Time `json:"until"`
	ValueHash string    `json:"value_hash"`
	Lapsed    string    `json:"lapsed,omitempty"` // why it no longer counts; "" while it does
}

// LongestWaiver is how far ahead a waiver may end.
const LongestWaiver = 180 * Day

// A waiver is refused for one of these reasons.
var (
	ErrWaiverPattern   = errors.New("a waiver names exactly one control and one app, no patterns")
	ErrWaiverReason    = errors.New("a waiver needs a reason")
	ErrWaiverOwner     = errors.New("a waiver needs an owner who can be asked")
	ErrWaiverUntil     = errors.New("a waiver ends in the future, at most 180 days ahead")
	ErrWaiverNothing   = errors.New("there is no failed finding to waive")
	ErrWaiverConfirmed = errors.New("a finding whose attack was demonstrated cannot be waived for an app with a confidential scope")
)

// Waive makes the waiver of one finding of a run, tied to the values the
// control read. It fails with one of the ErrWaiver errors.
func (r *Run) Waive(control, app, reason, owner string, until time.Time) (Waiver, error) {
	now := r.Header.Snapshot
	if strings.ContainsAny(control+app, "*?") || control == "" {
		return Waiver{}, ErrWaiverPattern
	}
	if err := CheckAcceptance(now, reason, owner, until); err != nil {
		return Waiver{}, err
	}
	if !r.knows(owner) {
		return Waiver{}, ErrWaiverOwner
	}
	f, ok := r.Find(control, app)
	if !ok || !waivable(f.Status) {
		return Waiver{}, fmt.Errorf("%w: %s on %s", ErrWaiverNothing, control, subjectOf(app))
	}
	if f.attackWorked() && r.confidential(app) {
		return Waiver{}, ErrWaiverConfirmed
	}
	return Waiver{
		Control: control, App: app, Reason: reason, Owner: owner, Until: until, Since: now,
		ValueHash: f.ValueHash, Scopes: r.scopesOf(app),
	}, nil
}

// CheckAcceptance says whether a waiver could be made at a time with these
// words. It fails with one of the ErrWaiver errors.
func CheckAcceptance(now time.Time, reason, owner string, until time.Time) error {
	switch {
	case strings.TrimSpace(reason) == "":
		return ErrWaiverReason
	case strings.TrimSpace(owner) == "":
		return ErrWaiverOwner
	case !until.After(now) || until.After(now.Add(LongestWaiver)):
		return ErrWaiverUntil
	}
	return nil
}

// InForce is what [Run.WaiverState] says of a waiver that counts.
const InForce = "in force"

// WaiverState says whether a waiver counts in this run: [InForce], or why it
// does not. It needs a run made by [Judge].
func (r *Run) WaiverState(w Waiver) string {
	f, ok := r.Find(w.Control, w.App)
	if !ok {
		return "it matches no finding"
	}
	if why := r.judged.lapsed(w, f); why != "" {
		return why
	}
	return InForce
}

// waivable statuses are those that somebody could have to accept.
func waivable(s Status) bool { return s == Fail || s == Inconclusive || s == Manual }

// waivedBy finds the waiver of a finding and says whether it still counts. Of
// several the last one that counts is shown, else the last one.
func (r *judging) waivedBy(f Finding) *Waived {
	var shown *Waived
	for _, w := range r.snapshot.Waivers {
		if w.Control != f.Control || w.App != f.App {
			continue
		}
		lapsed := r.lapsed(w, f)
		if shown == nil || lapsed == "" || shown.Lapsed != "" {
			shown = &Waived{By: w.Owner, Reason: w.Reason, Until: w.Until, ValueHash: w.ValueHash, Lapsed: lapsed}
		}
	}
	return shown
}

// lapsed says why a waiver no longer counts for a finding, or "" if it does.
func (r *judging) lapsed(w Waiver, f Finding) string {
	now := r.snapshot.Taken
	switch {
	case !w.Ended.IsZero() && !w.Ended.After(now):
		return "it was ended on " + w.Ended.UTC().Format(time.DateOnly)
	case !w.Until.After(now):
		return "it ended on " + w.Until.UTC().Format(time.DateOnly)
	case w.Until.After(now.Add(LongestWaiver)):
		return "it ends more than 180 days ahead"
	case strings.TrimSpace(w.Reason) == "":
		return "it has no reason"
	case strings.TrimSpace(w.Owner) == "":
		return "it has no owner"
	case r.snapshot.Principals != nil && !slices.Contains(r.snapshot.Principals, w.Owner):
		return "its owner " + w.Owner + " is no longer known"
	case w.ValueHash != f.ValueHash:
		return "a value behind it changed"
	case !waivable(f.Status):
		return "the finding no longer fails"
	}
	if grown := r.grownScopes(w); len(grown) > 0 {
		return "the app gained the scopes " + strings.Join(grown, ", ")
	}
	if f.attackWorked() && r.holdsConfidential(w.App) {
		return "the attack was demonstrated and the app holds a confidential scope"
	}
	return ""
}

func (r *judging) grownScopes(w Waiver) []string {
	var grown []string
	for _, s := range r.appScopes(w.App) {
		if !slices.Contains(w.Scopes, s) {
			grown = append(grown, s)
		}
	}
	return grown
}

func (r *judging) appScopes(id string) []string {
	app, ok := r.snapshot.app(id)
	if !ok {
		return nil
	}
	scopes, _ := app.Values["app.scopes"].Data.([]string)
	return scopes
}

func (r *judging) holdsConfidential(id string) bool {
	return slices.ContainsFunc(r.appScopes(id), func(s string) bool {
		return r.scopeValue(s, "scope.confidential").is(true)
	})
}
