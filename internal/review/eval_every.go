package review

import (
	"slices"
	"strings"
)

// EveryApp asks a clause of each app; says puts into words what then holds of
// all of them ("no app authenticates with a shared secret"). The facts of a
// failure name the apps.
func (e *Eval) EveryApp(says string, clause func(*Eval) Truth) Truth {
	var parts []Truth
	for i := range e.run.snapshot.Apps {
		app := &e.run.snapshot.Apps[i]
		parts = append(parts, ofApp(clause(&Eval{run: e.run, app: app, log: newReads()}), app.ID))
	}
	t := All(parts...)
	if t.Holds() {
		t.facts = []Fact{{Says: says, Wanted: says}}
	}
	e.noteFacts(t)
	return t
}

// AnyApp asks a clause of each app and is satisfied with one; says puts into
// words what holds if none does.
func (e *Eval) AnyApp(says string, clause func(*Eval) Truth) Truth {
	return Not(e.EveryApp(says, func(a *Eval) Truth { return Not(clause(a)) }))
}

// EveryScope asks a clause of each scope of the app; says puts into words what
// then holds of all of them ("every scope is an identity scope"). An app whose
// scopes could not be read is unknown.
func (e *Eval) EveryScope(says string, clause func(*Eval) Truth) Truth {
	shown, counts := e.value("app.scopes")
	e.log.note("app.scopes", shown, "")
	if counts.Presence != Known {
		return Truth{unknownTruth, []Fact{{Name: "app.scopes", Value: shown, Says: "app.scopes is unknown"}}}
	}
	var parts []Truth
	list, _ := counts.Data.([]string)
	for _, scope := range list {
		part := clause(&Eval{run: e.run, app: e.app, scope: scope, log: newReads()})
		for i := range part.facts {
			part.facts[i].Says = strings.Replace(part.facts[i].Says, "the scope ", "the scope "+scope+" ", 1)
		}
		parts = append(parts, part)
	}
	t := All(parts...)
	if t.Holds() {
		t.facts = []Fact{{Name: "app.scopes", Value: shown, Wanted: says, Says: says}}
	}
	e.noteFacts(t)
	return t
}

// AnyScope asks a clause of each scope of the app and is satisfied with one;
// says puts into words what holds if none does ("no scope is privileged").
func (e *Eval) AnyScope(says string, clause func(*Eval) Truth) Truth {
	return Not(e.EveryScope(says, func(s *Eval) Truth { return Not(clause(s)) }))
}

// noteFacts records what a quantifier found; the values of apps and scopes
// that satisfied it are not listed one by one.
func (e *Eval) noteFacts(t Truth) {
	for _, f := range t.facts {
		if f.Name != "" {
			e.log.note(f.Name, f.Value, f.Wanted)
		}
	}
}

func ofApp(t Truth, id string) Truth {
	facts := make([]Fact, len(t.facts))
	for i, f := range t.facts {
		switch {
		case strings.HasPrefix(f.Name, "server."):
		case f.Name == "":
			f.Says = id + ": " + f.Says
		default:
			f.Name += " of app " + id
			f.Says = id + ": " + f.Says
		}
		facts[i] = f
	}
	t.facts = facts
	return t
}

// Attested asks for an attestation of a kind that is in force for the app, or
// for the server in a server control.
func (e *Eval) Attested(kind string) Truth {
	id := ""
	if e.app != nil {
		id = e.app.ID
	}
	for _, a := range e.run.snapshot.Attestations {
		if a.Kind == kind && a.App == id && a.Until.After(e.run.snapshot.Taken) {
			return truthOf(true, Fact{Says: "attested by " + a.Owner + " until " + a.Until.UTC().Format("2006-01-02") + ": " + a.Text})
		}
	}
	return truthOf(false, Fact{Says: "no attestation " + kind + " is in force"})
}

// Verdict asks that another control of the same run have one of the statuses:
// for the same app, or for the server if it is a server control. The control
// that asks must name the other in Cites. A verdict read this way is that of
// the configuration, before proofs and waivers.
func (e *Eval) Verdict(control string, statuses ...Status) Truth {
	verdict, ok := e.run.cited(e, control)
	if !ok {
		return Truth{unknownTruth, []Fact{{Says: "the verdict of " + control + " is not available"}}}
	}
	words := make([]string, len(statuses))
	for i, s := range statuses {
		words[i] = s.Words()
	}
	f := Fact{Says: control + " is " + verdict.Status.Words(), Wanted: control + ": " + strings.Join(words, " or ")}
	switch {
	case slices.Contains(statuses, verdict.Status):
		return truthOf(true, f)
	case verdict.Status == Inconclusive:
		return Truth{unknownTruth, verdict.Decisive} // they name the values
	}
	return truthOf(false, f)
}
