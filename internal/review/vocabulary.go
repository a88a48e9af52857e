package review

import (
	"slices"
	"strings"
	"time"
)

// Kind is the type of a term's values.
type Kind int8

// The kinds and the Go type of their data: bool, string, int, time.Duration,
// time.Time, []string, []Key.
const (
	Bool Kind = iota + 1
	Word
	Int
	Duration
	Time
	List
	Keys
)

// Worse says which side of a term's values is worse for the app. It answers
// two questions: what does a missing value count as, and which change of a
// setting weakens an app.
type Worse int8

// NoSide means that neither side is worse by itself; a missing value of such
// a term counts as unknown.
const (
	NoSide    Worse = iota
	IfTrue          // on is worse
	IfFalse         // off is worse
	IfMore          // longer or larger is worse; missing is without end
	IfLess          // shorter or smaller is worse; missing is zero
	IfFuller        // more entries are worse; missing counts as unknown
	IfEmptier       // no entry is worse; missing is empty
	IfLater         // Words are ordered from best to worst; missing is the last
)

// Term is one name of the vocabulary in which controls are written.
type Term struct {
	Name    string
	Kind    Kind
	Words   []string // the values a Word or List may have; nil if free
	Worse   Worse
	Yes, No string // what a Bool says: "PKCE is required", "PKCE is not required"
	Label   string // how a sentence about another kind begins: "access tokens live"
	Means   string // what the value means; empty for derived terms
	Derived string // the expression a derived term stands for; empty for others
	Drifts  bool   // changes without anybody's doing, such as an age; waivers are not tied to it
}

// Vocabulary lists every term: server, app, scope and derived ones, in the
// order of the catalogue.
func Vocabulary() []Term {
	return slices.Concat(serverTerms, appTerms, tokenTerms, policyTerms, derivedTerms)
}

var terms = func() map[string]Term {
	m := map[string]Term{}
	for _, t := range Vocabulary() {
		m[t.Name] = t
	}
	return m
}()

// TermOf looks a name up; ok is false if the vocabulary does not have it.
func TermOf(name string) (t Term, ok bool) {
	t, ok = terms[name]
	return t, ok
}

// missing is what an unset value of the term counts as: the worse for the app,
// or unread where no side is worse.
func (t Term) missing(v Value) Value {
	worst := func(data any) Value {
		v.Presence, v.Data = Known, data
		return v
	}
	switch {
	case t.Kind == Bool && t.Worse == IfTrue:
		return worst(true)
	case t.Kind == Bool && t.Worse == IfFalse:
		return worst(false)
	case t.Kind == Duration && t.Worse == IfMore:
		return worst(Forever)
	case t.Kind == Duration && t.Worse == IfLess:
		return worst(time.Duration(0))
	case t.Kind == Int && t.Worse == IfMore:
		return worst(int(^uint(0) >> 1))
	case t.Kind == Int && t.Worse == IfLess:
		return worst(0)
	case t.Kind == List && t.Worse == IfEmptier:
		return worst([]string(nil))
	case t.Kind == Word && t.Worse == IfLater:
		return worst(t.Words[len(t.Words)-1])
	case t.Kind == Word && len(t.Words) == 0:
		return worst("")
	}
	v.Presence = Unread
	return v
}

// fits reports whether the data has the Go type of the term's kind.
func (t Term) fits(data any) bool {
	ok := false
	switch t.Kind {
	case Bool:
		_, ok = data.(bool)
	case Word:
		_, ok = data.(string)
	case Int:
		_, ok = data.(int)
	case Duration:
		_, ok = data.(time.Duration)
	case Time:
		_, ok = data.(time.Time)
	case List:
		_, ok = data.([]string)
	case Keys:
		_, ok = data.([]Key)
	}
	return ok
}

// says puts a value of the term into words.
func (t Term) says(v Value) string {
	if v.Presence == Unread {
		return t.Name + " is unknown"
	}
	if b, ok := v.Data.(bool); ok && t.Kind == Bool {
		if b {
			return t.Yes
		}
		return t.No
	}
	text := v.Text()
	if list, ok := v.Data.([]string); ok {
		text = "none"
		if len(list) > 0 {
			text = strings.Join(list, ", ")
		}
	}
	if keys, ok := v.Data.([]Key); ok && len(keys) == 0 {
		text = "none"
	}
	if text == "" {
		text = "not set"
	}
	return t.Label + " " + text
}
