package review

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Improvement is a fix with what it gains.
type Improvement struct {
	Control string   `json:"control"`
	App     string   `json:"app"`
	Title   string   `json:"title"`
	Gain    float64  `json:"gain"`
	Score   *float64 `json:"score"` // after this fix alone
	Patch   []Step   `json:"patch"`
	Fixes   int      `json:"fixes"` // findings that get better
}

// mostPreviews bounds how many fixes are judged again, and previewedApps how
// many apps that means over all of them, since controls of the server look at
// every app again. Of more than that, the weightiest findings are taken.
const (
	mostPreviews  = 300
	previewedApps = 30_000
)

// fewCallers is below how many broken callers a fix counts as harmless.
const fewCallers = 10

// Preview judges the run's snapshot again with a patch applied. Control and
// app say which finding's new status to report. It needs a run made by [Judge].
func (r *Run) Preview(control, app string, patch []Step) Preview {
	after := r.judged.with(r.input.Snapshot, patch)
	p := Preview{Changes: []Moved{}}
	total := r.total
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Extra || !after.touches(f.App) {
			if f.Control == control && f.App == app {
				p.Status = f.Status
			}
			continue
		}
		status, severity := after.again(*f)
		var old, now tally
		old.count(f.Status, f.Severity.Computed)
		now.count(status, severity.Computed)
		total = total.minus(old).plus(now)
		if status != f.Status {
			p.Changes = append(p.Changes, Moved{Control: f.Control, App: f.App, Before: f.Status, After: status})
		}
		if f.Control == control && f.App == app {
			p.Status = status
		}
	}
	p.Score = total.score()
	if p.Score != nil && r.Score.Score != nil {
		p.Gain = math.Round((*p.Score-*r.Score.Score)*10) / 10
	}
	return p
}

func tallyOf(findings []Finding) tally {
	var t tally
	for _, f := range findings {
		if !f.Extra {
			t.count(f.Status, f.Severity.Computed)
		}
	}
	return t
}

// rankImprovements previews the fixes of what is not passed and orders them by
// what they gain.
func (r *Run) rankImprovements() {
	candidates := r.fixable()
	limit := min(mostPreviews, previewedApps/max(1, len(r.judged.snapshot.Apps)))
	if len(candidates) > limit {
		candidates = candidates[:limit]
	}
	var harmless [][]Step
	for _, i := range candidates {
		f := &r.Findings[i]
		p := r.Preview(f.Control, f.App, f.Fix.Patch)
		f.Fix.Preview = &p
		if p.Gain > 0 {
			r.Improvements = append(r.Improvements, Improvement{
				Control: f.Control, App: f.App, Title: f.Title, Gain: p.Gain, Score: p.Score, Patch: f.Fix.Patch, Fixes: better(p.Changes),
			})
		}
		if c := f.Fix.Forecast; c.Known && c.Failed < fewCallers {
			harmless = append(harmless, f.Fix.Patch)
		}
	}
	slices.SortStableFunc(r.Improvements, func(a, b Improvement) int { return cmp.Compare(b.Gain, a.Gain) })
	if merged, _ := Merge(harmless...); len(merged) > 0 {
		p := r.Preview("", "", merged)
		r.Together = &Improvement{Title: "all fixes with fewer than ten broken callers", Gain: p.Gain, Score: p.Score, Patch: merged, Fixes: better(p.Changes)}
	}
}

// fixable lists the findings that have a fix and are not passed, weightiest
// first.
func (r *Run) fixable() []int {
	var list []int
	loses := func(f Finding) float64 {
		var t tally
		t.count(f.Status, f.Severity.Computed)
		return t.counted - t.earned
	}
	for i, f := range r.Findings {
		if f.Fix != nil {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(loses(r.Findings[b]), loses(r.Findings[a])) })
	return list
}

// better counts the changes to a better status.
func better(moves []Moved) int {
	n := 0
	for _, m := range moves {
		if rank(m.After) < rank(m.Before) {
			n++
		}
	}
	return n
}

// rank orders statuses from best to worst.
func rank(s Status) int {
	return slices.Index([]Status{NotApplicable, Pass, Mitigated, Manual, Inconclusive, Fail}, s)
}

// variant is a judging of a patched snapshot that falls back on the judging it
// varies for whatever the patch cannot have changed.
type variant struct {
	*judging
	base    *judging
	apps    map[string]bool // apps with changed values
	server  bool            // a server value changed: everything may have
	changed map[string]bool // names that changed
}

// with prepares a judging of the snapshot with a patch applied. Only what the
// patch can reach is computed again.
func (r *judging) with(raw Snapshot, patch []Step) *variant {
	v := &variant{base: r, apps: map[string]bool{}, changed: map[string]bool{}}
	for _, w := range patch {
		if w.Name == "" || w.value.Presence != Known {
			continue
		}
		if terms[w.Name].perApp() {
			v.apps[w.App] = true
		} else {
			v.server = true
		}
	}
	v.judging = &judging{
		controls: r.controls, order: r.order, proofs: r.proofs, derivations: r.derivations, serverReads: r.serverReads,
		before: r, facts: map[derivedKey]derivation{}, verdicts: map[verdictKey]Verdict{}, exposed: map[string]exposures{},
	}
	if v.server {
		v.snapshot = Effective(Apply(raw, patch))
		return v
	}
	v.snapshot = r.snapshot
	v.snapshot.Apps = slices.Clone(r.snapshot.Apps)
	v.spared = func(app string) *judging {
		if v.apps[app] {
			return nil
		}
		return r
	}
	for id := range v.apps {
		v.patchApp(raw, id, patch)
	}
	return v
}

// patchApp replaces one app by its patched self.
func (v *variant) patchApp(raw Snapshot, id string, patch []Step) {
	before, ok := raw.app(id)
	if !ok {
		return
	}
	one := Snapshot{Apps: []App{*before}, Server: raw.Server}
	one = Effective(Apply(one, patch))
	app, _ := v.snapshot.app(id)
	old := app.Values
	*app = one.Apps[0]
	for name := range maps.Keys(app.Values) {
		if !old[name].same(app.Values[name]) {
			v.changed[name] = true
		}
	}
}

// touches reports whether the patch can change a finding of an app or, if app
// is empty, of the server.
func (v *variant) touches(app string) bool {
	if v.server || app != "" && v.apps[app] {
		return true
	}
	if app != "" {
		return false
	}
	return len(v.apps) > 0 // exposure of the most exposed app, and what the control reads of apps
}

// again is the status and severity of a finding after the patch. A proof was
// made for the old configuration: it still speaks where the verdict of the
// configuration is as before.
func (v *variant) again(f Finding) (Status, Severity) {
	c := v.controls[f.Control]
	var app *App
	if f.App != "" {
		app, _ = v.snapshot.app(f.App)
	}
	verdict := v.verdictAgain(c, app)
	if verdict.Status == f.Configured && f.Status != f.Configured {
		return f.Status, v.severity(c, app, f.Status, verdict.Minor && !f.Contradicted, f.Contradicted)
	}
	return verdict.Status, v.severity(c, app, verdict.Status, verdict.Minor, false)
}

// verdictAgain takes the old verdict of a server control that reads nothing
// which changed.
func (v *variant) verdictAgain(c Control, app *App) Verdict {
	if app == nil && !v.server && !v.base.readsAny(c.ID, v.changed) {
		return v.base.verdict(c, nil)
	}
	return v.verdict(c, app)
}
