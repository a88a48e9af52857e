package review

import (
	"slices"
	"strings"
)

// judging is one pass of controls over one snapshot. It remembers derived values
// and verdicts, so that rules which cite rules cost nothing extra.
type judging struct {
	snapshot    Snapshot // effective
	controls    map[string]Control
	order       []string // of the controls
	proofs      proofs
	derivations map[string]func(*Eval) derivation
	facts       map[derivedKey]derivation
	verdicts    map[verdictKey]Verdict
	exposed     map[string]exposures
	mostExposed *exposures                 // over all enabled apps, for server controls
	serverReads map[string]map[string]bool // by server control: the app.* names it reads
	reading     map[string]bool            // collects for serverReads; nil while an app control is judged
	spared      func(app string) *judging  // of a variant: the judging that still holds for an app; nil for none
	beyond      Beyond
	before      *judging // of a variant: the judging it varies
	misuse      []string // mistakes in controls: names that do not exist, and the like
}

type derivedKey struct{ app, name string }

type verdictKey struct{ control, app string }

func newJudging(s Snapshot, controls []Control, made []Proof) *judging {
	r := &judging{
		snapshot:    Effective(s),
		controls:    make(map[string]Control, len(controls)),
		derivations: derivations(),
		facts:       map[derivedKey]derivation{},
		verdicts:    map[verdictKey]Verdict{},
		exposed:     map[string]exposures{},
		serverReads: map[string]map[string]bool{},
	}
	for _, c := range controls {
		r.controls[c.ID] = c
		r.order = append(r.order, c.ID)
	}
	r.proofs = arrange(s, made)
	return r
}

// verdict judges one subject by one control; app is nil for the server.
func (r *judging) verdict(c Control, app *App) Verdict {
	key := verdictKey{control: c.ID}
	if app != nil {
		key.app = app.ID
	}
	if old := r.stillHolds(key.app); old != nil && app != nil {
		return old.verdict(c, app)
	}
	v, ok := r.verdicts[key]
	if !ok {
		outer := r.reading
		if app == nil {
			r.reading = map[string]bool{}
		}
		v = r.snapshot.elsewhere(c.decide(&Eval{run: r, app: app, log: newReads()}))
		r.verdicts[key] = v
		if app == nil {
			r.serverReads[c.ID] = r.reading
		}
		r.reading = outer
	}
	return v
}

// elsewhere makes a verdict manual that only names its source can never tell
// keep open: no reader of these files could have read them.
func (s Snapshot) elsewhere(v Verdict) Verdict {
	if v.Status != Inconclusive || s.Untold == nil || len(v.Missing) == 0 {
		return v
	}
	for _, name := range v.Missing {
		if !s.Untold(name) {
			return v
		}
	}
	v.Status = Manual
	v.Reason = Manual.Words() + ": " + s.Source + " cannot tell " + strings.Join(slices.Compact(v.Missing), ", ") + "; look in the running system"
	return v
}

// stillHolds is the judging whose results for an app a variant can use.
func (r *judging) stillHolds(app string) *judging {
	if r.spared == nil {
		return nil
	}
	return r.spared(app)
}

// readsAny reports whether a server control read one of the names, or a
// verdict, which stands for any name.
func (r *judging) readsAny(control string, names map[string]bool) bool {
	read := r.serverReads[control]
	for name := range read {
		if names[name] || name == anyName {
			return true
		}
	}
	return false
}

// anyName marks a server control that reads verdicts.
const anyName = "*"

// readBy notes for a server control that it depends on a name and, for a
// derived one, on what that is computed from.
func (r *judging) readBy(app *App, name string) {
	if r.reading == nil || r.reading[name] {
		return
	}
	r.reading[name] = true
	if app == nil || terms[name].Derived == "" {
		return
	}
	d, _ := r.derive(app, name)
	for _, read := range d.reads {
		r.readBy(app, read.Name)
	}
}

// cited is the verdict of another control for the subject of e.
func (r *judging) cited(e *Eval, id string) (Verdict, bool) {
	c, ok := r.controls[id]
	if r.reading != nil {
		r.reading[anyName] = true
	}
	switch {
	case !ok:
		return Verdict{}, false // not part of this run
	case c.Scope == PerServer:
		return r.verdict(c, nil), true
	case e.app == nil:
		r.misused("the verdict of " + id + " is read outside EveryApp")
		return Verdict{}, false
	}
	return r.verdict(c, e.app), true
}

// broken reports whether the proof of a control is broken: for the app, for
// the server, or, asked by a server control of an app control, for any app.
func (r *judging) broken(id string, app *App) bool {
	c, ok := r.controls[id]
	if !ok {
		return false
	}
	if c.Scope == PerApp && app == nil {
		for i := range r.snapshot.Apps {
			if r.broken(id, &r.snapshot.Apps[i]) {
				return true
			}
		}
		return false
	}
	if c.Scope == PerServer {
		app = nil
	}
	p, ok := r.proofs.of(c, app)
	return ok && p.Result == Broken && !r.mended(c, app)
}

// mended reports of a variant whether its patch took away what a broken probe
// demonstrated: the settings failed, and now pass. A probe that broke although
// the settings were right stays broken.
func (r *judging) mended(c Control, app *App) bool {
	return r.before != nil && r.before.verdict(c, app).Status == Fail && c.Pass(&Eval{run: r, app: app, log: newReads()}).Holds()
}

// derive computes a derived value of an app once.
func (r *judging) derive(app *App, name string) (d derivation, ok bool) {
	compute, ok := r.derivations[name]
	if !ok {
		return derivation{}, false
	}
	if old := r.stillHolds(app.ID); old != nil {
		return old.derive(app, name)
	}
	key := derivedKey{app.ID, name}
	d, known := r.facts[key]
	if !known {
		e := &Eval{run: r, app: app, log: newReads()}
		d = compute(e)
		d.reads = e.readings()
		r.facts[key] = d
	}
	return d, true
}

var identityScopes = []string{"openid", "profile", "email", "address", "phone"}

// scopeValue reads a value of a scope. The identity scopes of OpenID Connect
// mean the same everywhere, so they are known even if the catalogue of scopes
// does not list them.
func (r *judging) scopeValue(scope, name string) Value {
	if v, ok := r.snapshot.Scopes[scope][name]; ok {
		return v
	}
	if slices.Contains(identityScopes, scope) {
		switch name {
		case "scope.identity":
			return Of(true, "OpenID Connect")
		case "scope.privileged", "scope.wildcard":
			return Of(false, "OpenID Connect")
		}
	}
	return Value{}
}

func (r *judging) misused(how string) {
	if !slices.Contains(r.misuse, how) {
		r.misuse = append(r.misuse, how)
	}
}
