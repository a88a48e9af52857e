package review

import "slices"

// run is one pass of controls over one snapshot. It remembers derived values
// and verdicts, so that rules which cite rules cost nothing extra.
type run struct {
	snapshot    Snapshot // effective
	controls    map[string]Control
	proofs      proofs
	derivations map[string]func(*Eval) Value
	facts       map[derivedKey]Value
	verdicts    map[verdictKey]Verdict
	misuse      []string // mistakes in controls: names that do not exist, and the like
}

type derivedKey struct{ app, name string }

type verdictKey struct{ control, app string }

func newRun(s Snapshot, controls []Control, made []Proof) *run {
	r := &run{
		snapshot:    Effective(s),
		controls:    make(map[string]Control, len(controls)),
		derivations: derivations(),
		facts:       map[derivedKey]Value{},
		verdicts:    map[verdictKey]Verdict{},
	}
	for _, c := range controls {
		r.controls[c.ID] = c
	}
	r.proofs = arrange(made)
	return r
}

// verdict judges one subject by one control; app is nil for the server.
func (r *run) verdict(c Control, app *App) Verdict {
	key := verdictKey{control: c.ID}
	if app != nil {
		key.app = app.ID
	}
	v, ok := r.verdicts[key]
	if !ok {
		v = c.decide(&Eval{run: r, app: app, log: newReads()})
		r.verdicts[key] = v
	}
	return v
}

// cited is the status of another control for the subject of e.
func (r *run) cited(e *Eval, id string) (Status, bool) {
	c, ok := r.controls[id]
	switch {
	case !ok:
		return "", false // not part of this run
	case c.Scope == PerServer:
		return r.verdict(c, nil).Status, true
	case e.app == nil:
		r.misused("the verdict of " + id + " is read outside EveryApp")
		return "", false
	}
	return r.verdict(c, e.app).Status, true
}

// broken reports whether the proof of a control is broken: for the app, for
// the server, or, asked by a server control of an app control, for any app.
func (r *run) broken(id string, app *App) bool {
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
	return ok && p.Result == Broken
}

// derive computes a derived value of an app once.
func (r *run) derive(app *App, name string, compute func(*Eval) Value) Value {
	key := derivedKey{app.ID, name}
	v, ok := r.facts[key]
	if !ok {
		v = compute(&Eval{run: r, app: app, log: newReads()})
		r.facts[key] = v
	}
	return v
}

var identityScopes = []string{"openid", "profile", "email", "address", "phone"}

// scopeValue reads a value of a scope. The identity scopes of OpenID Connect
// mean the same everywhere, so they are known even if the catalogue of scopes
// does not list them.
func (r *run) scopeValue(scope, name string) Value {
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

func (r *run) misused(how string) {
	if !slices.Contains(r.misuse, how) {
		r.misuse = append(r.misuse, how)
	}
}
