package review

import (
	"slices"
	"time"
)

// Step is one setting to write, or, with Ask and no value, what a person must
// supply or do.
type Step struct {
	App  string `json:"app"` // app id; "" for the server
	Name string `json:"name,omitempty"`
	From any    `json:"actual"` // the present value; null if not set or unknown
	To   any    `json:"value"`  // the value to write; null if it must be asked for
	Ask  string `json:"ask,omitempty"`
	Only string `json:"only,omitempty"` // a condition that could not be decided: "confidential apps"

	Beyond bool `json:"beyond,omitempty"` // it cannot be written here; Ask says why

	value, former Value
}

// Value is the value to write, as the snapshot holds it; it is unread if a
// person must supply it.
func (w Step) Value() Value { return w.value }

// Text prints the write as "app.pkce.required = true".
func (w Step) Text() string {
	text := w.Ask
	switch {
	case w.Name != "" && w.Ask != "":
		text = w.Name + " = <" + w.Ask + ">"
	case w.Name != "":
		text = w.Name + " = " + w.value.Text()
		if w.value.Presence == Unread {
			text = w.Name + " = " + textOf(w.To)
		}
	}
	if w.Only != "" {
		text += " (" + w.Only + ")"
	}
	return text
}

// Proposal is what would mend a finding: the patch, what the review would say
// after it, and who would break.
type Proposal struct {
	Patch    []Step    `json:"patch"`
	Preview  *Preview  `json:"preview"`
	Breaks   []Caller  `json:"breaks"`
	Whom     string    `json:"breaks_whom"` // whom to look for
	Forecast Breakage  `json:"forecast"`
	Undo     []Written `json:"undo"`
}

// Written is a former value that an undo writes back.
type Written struct {
	App  string `json:"app"`
	Name string `json:"name"`
	To   any    `json:"value"` // null if it was not set
}

// Preview is what the review would say with a patch applied, over all
// controls, so that a fix which breaks another rule is seen.
type Preview struct {
	Status  Status   `json:"status"` // of the finding itself
	Score   *float64 `json:"score"`
	Gain    float64  `json:"gain"`
	Changes []Moved  `json:"changes"`
}

// Moved is a status that changes.
type Moved struct {
	Control string `json:"control"`
	App     string `json:"app"`
	Before  Status `json:"before"`
	After   Status `json:"after"`
}

// Forecast tells from recorded use who would be refused if a patch were
// applied to an app, or to the server if app is empty.
type Forecast func(app string, patch []Step) Breakage

// Breakage is a forecast: of the requests of some days how many would have
// failed. While use is not recorded it says unknown, not nobody.
type Breakage struct {
	Known   bool     `json:"known"`
	Failed  int      `json:"failed"`
	Of      int      `json:"of"`
	Days    int      `json:"days"`
	Callers []Caller `json:"-"`
}

// Caller is somebody who would be refused.
type Caller struct {
	Who   string `json:"who"`
	App   string `json:"app,omitempty"`
	Count int    `json:"count"`
	Last  string `json:"last,omitempty"` // when, RFC 3339
	Owner string `json:"owner,omitempty"`
}

// Beyond says why a step cannot be written where it would have to be, in words
// that follow the value: "this version binds no tokens"; "" if it can. Such a
// step is shown and never counted as done.
type Beyond func(Step) string

// propose works out the fix of a control for a subject: the changes whose
// condition is met and whose value differs. It is nil if nothing is left to do.
func (r *judging) propose(c Control, app *App, forecast Forecast) *Proposal {
	p := &Proposal{Patch: []Step{}, Breaks: []Caller{}, Whom: c.Fix.Breaks, Undo: []Written{}}
	e := &Eval{run: r, app: app, log: newReads()}
	for _, change := range c.Fix.Patch {
		w, needed := e.write(change)
		if !needed {
			continue
		}
		w = r.within(w)
		p.Patch = append(p.Patch, w)
		if w.Name != "" && w.Ask == "" {
			p.Undo = append(p.Undo, Written{App: w.App, Name: w.Name, To: w.From})
		}
	}
	if len(p.Patch) == 0 {
		return nil
	}
	if forecast != nil {
		id := ""
		if app != nil {
			id = app.ID
		}
		p.Forecast = forecast(id, p.Patch)
		p.Breaks = append(p.Breaks, p.Forecast.Callers...)
	}
	return p
}

// within turns a step that cannot be written into one for people.
func (r *judging) within(w Step) Step {
	if r.beyond == nil || w.Name == "" || w.value.Presence != Known {
		return w
	}
	if why := r.beyond(w); why != "" {
		w.Ask, w.Beyond = w.value.Text()+": "+why, true
		w.To, w.value = nil, Value{}
	}
	return w
}

// write turns a declared change into a write for the subject; needed is false
// if its condition is not met or the value is there already.
func (e *Eval) write(c Change) (w Step, needed bool) {
	w = Step{Name: c.Name, Ask: c.Ask}
	if c.Only.Clause != nil {
		switch met := c.Only.Clause(e); {
		case met.Fails():
			return w, false
		case met.Unknown():
			w.Only = c.Only.Says
		}
	}
	if c.Name == "" {
		if e.app != nil {
			w.App = e.app.ID
		}
		return w, true
	}
	present, _ := e.value(c.Name)
	w.From, w.former = plain(present), present
	if e.app != nil && terms[c.Name].perApp() {
		w.App = e.app.ID
	}
	switch {
	case c.Ask != "":
		return w, true
	case c.Copy != "":
		w.value, _ = e.value(c.Copy)
		if w.value.Presence != Known {
			w.Ask = "the value of " + c.Copy + ", which is not known"
			w.value = Value{}
			return w, true
		}
		w.value.Layer = "proposed"
	default:
		w.value = Of(c.To, "proposed")
	}
	w.To = plain(w.value)
	return w, !present.same(w.value)
}

// Apply is the snapshot with the writes of a patch applied. Writes that ask
// for a value are left out.
func Apply(s Snapshot, writes []Step) Snapshot {
	s = s.Clone()
	for _, w := range writes {
		if w.Name == "" || w.value.Presence != Known {
			continue
		}
		if !terms[w.Name].perApp() {
			s.Server[w.Name] = w.value
		} else if app, ok := s.app(w.App); ok {
			app.Values[w.Name] = w.value
		}
	}
	return s
}

// Merge joins patches, leaving out what several of them write alike. Two
// different values for one setting are a conflict, shown and never resolved
// silently; the first stays in the merged patch.
func Merge(patches ...[]Step) (merged, conflicts []Step) {
	for _, patch := range patches {
		for _, w := range patch {
			i := slices.IndexFunc(merged, func(m Step) bool {
				return m.App == w.App && m.Name == w.Name && (w.Name != "" || m.Ask == w.Ask)
			})
			switch {
			case i < 0:
				merged = append(merged, w)
			case w.Name != "" && w.value.Presence == Known && merged[i].value.Presence != Known:
				merged[i] = w // a value settles what was only asked for
			case w.value.Presence == Known && !merged[i].value.same(w.value):
				conflicts = append(conflicts, w)
			}
		}
	}
	return merged, conflicts
}

// Stricter is the one of two steps for one setting that serves both, because it
// is better for the app; ok is false if neither side of the setting is.
func Stricter(a, b Step) (strict Step, ok bool) {
	first := func(less bool) (Step, bool) {
		if less {
			return a, true
		}
		return b, true
	}
	t := terms[a.Name]
	if a.value.Presence != Known || b.value.Presence != Known {
		return Step{}, false
	}
	switch x := a.value.Data.(type) {
	case time.Duration:
		y, _ := b.value.Data.(time.Duration)
		switch t.Worse {
		case IfMore:
			return first(x <= y)
		case IfLess:
			return first(x >= y)
		default:
		}
	case bool:
		switch t.Worse {
		case IfTrue:
			return first(!x)
		case IfFalse:
			return first(x)
		default:
		}
	case string:
		if y, _ := b.value.Data.(string); t.Worse == IfLater {
			return first(slices.Index(t.Words, x) <= slices.Index(t.Words, y))
		}
	}
	return Step{}, false
}
