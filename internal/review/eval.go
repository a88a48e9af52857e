package review

import (
	"slices"
	"strings"
)

// Eval is what a clause sees: the effective values of one subject. Its methods
// compare a value with what the clause wants and record that it was read, so
// that a finding can show it. Names are those of the vocabulary; app.* names
// can be read by app controls and inside [Eval.EveryApp], scope.* names inside
// [Eval.EveryScope].
type Eval struct {
	run   *judging
	app   *App
	scope string
	log   *reads
}

// reads remembers which values a control looked at, in order of first sight.
type reads struct {
	order   []string
	seen    map[string]Read
	wishing bool // whether the pass clause is being evaluated
}

// Read is one value a control looked at.
type Read struct {
	Name        string
	Value       Value
	Recommended string // what the pass clause wants of it; empty if it asks nothing
}

func newReads() *reads { return &reads{seen: map[string]Read{}} }

// note records a read. While the pass clause is evaluated the first wish for
// the value is kept as what is recommended.
func (r *reads) note(name string, v Value, wanted string) {
	old, known := r.seen[name]
	if !known {
		r.order = append(r.order, name)
		old = Read{Name: name, Value: v}
	}
	if r.wishing && old.Recommended == "" {
		old.Recommended = wanted
	}
	r.seen[name] = old
}

// value reads a name and what it counts as: an unset value counts as the worse.
func (e *Eval) value(name string) (shown, counts Value) {
	t, ok := terms[name]
	if !ok {
		e.run.misused("no value is named " + name)
		return Value{}, Value{}
	}
	v := e.raw(name)
	if v.Presence == Known && !t.fits(v.Data) {
		e.run.misused(name + " has data of another kind")
		return Unreadable("of another kind"), Value{}
	}
	if v.Presence == Unset {
		return v, t.missing(v)
	}
	return v, v
}

// raw finds a value where it lies; derived values are computed.
func (e *Eval) raw(name string) Value {
	e.run.readBy(e.app, name)
	if e.app != nil {
		if d, ok := e.run.derive(e.app, name); ok {
			return d.value
		}
	}
	switch {
	case strings.HasPrefix(name, "server."):
		return e.run.snapshot.Server[name]
	case strings.HasPrefix(name, "scope."):
		if e.scope == "" {
			e.run.misused(name + " is read outside EveryScope and AnyScope")
			return Value{}
		}
		return e.run.scopeValue(e.scope, name)
	case e.app == nil:
		e.run.misused(name + " is read by a server control outside EveryApp and AnyApp")
		return Value{}
	}
	return e.app.Values[name]
}

// qualified is the name under which a read is recorded; values of a scope say
// of which scope, as one control may read several.
func (e *Eval) qualified(name string) string {
	if e.scope != "" && strings.HasPrefix(name, "scope.") {
		return name + " of " + e.scope
	}
	return name
}

// compare reads a value and applies a test to its data. It is unknown if the
// value is.
func (e *Eval) compare(name, wanted string, test func(data any) bool) Truth {
	shown, counts := e.value(name)
	e.log.note(e.qualified(name), shown, wanted)
	f := Fact{Name: e.qualified(name), Value: shown, Wanted: wanted, Says: terms[name].says(counts)}
	if shown.Presence == Unset && terms[name].Kind != Bool {
		f.Says = name + " is not set"
	}
	behind := e.behind(name)
	if counts.Presence != Known {
		if len(behind) > 0 {
			return Truth{unknownTruth, behind}
		}
		f.Says = name + " is unknown"
		return Truth{unknownTruth, []Fact{f}}
	}
	t := truthOf(test(counts.Data), f)
	if t.Fails() {
		t.facts[0].behind = behind
	}
	return t
}

// behind lists the facts that made a derived value what it is.
func (e *Eval) behind(name string) []Fact {
	if e.app == nil || terms[name].Derived == "" {
		return nil
	}
	d, _ := e.run.derive(e.app, name)
	return d.facts
}

// True asks for a bool that is on.
func (e *Eval) True(name string) Truth {
	return e.compare(name, "true", func(d any) bool { return d == true })
}

// False asks for a bool that is off.
func (e *Eval) False(name string) Truth {
	return e.compare(name, "false", func(d any) bool { return d == false })
}

// Is asks for one word.
func (e *Eval) Is(name, word string) Truth {
	return e.compare(name, word, func(d any) bool { return d == word })
}

// IsNot asks for any word but one.
func (e *Eval) IsNot(name, word string) Truth {
	return e.compare(name, "not "+word, func(d any) bool { return d != word })
}

// In asks for one of several words.
func (e *Eval) In(name string, words ...string) Truth {
	return e.compare(name, "one of "+textOf(words), func(d any) bool {
		s, ok := d.(string)
		return ok && slices.Contains(words, s)
	})
}

// Set asks for a value that was given; an empty word counts as not given.
func (e *Eval) Set(name string) Truth {
	shown, _ := e.value(name)
	e.log.note(e.qualified(name), shown, "set")
	t := terms[name]
	f := Fact{Name: e.qualified(name), Value: shown, Wanted: "set", Says: t.says(shown)}
	if shown.Presence == Unread {
		f.Says = name + " is unknown"
		return Truth{unknownTruth, []Fact{f}}
	}
	return truthOf(shown.Presence == Known && shown.Data != "", f)
}

// Undecided is unknown on purpose: a value was read, but it says that nobody
// has looked yet. The sentence of the verdict is why.
func (e *Eval) Undecided(name, why string) Truth {
	shown, _ := e.value(name)
	e.log.note(e.qualified(name), shown, "")
	return Truth{unknownTruth, []Fact{{Name: e.qualified(name), Value: shown, Says: why}}}
}
