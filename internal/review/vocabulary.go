package review

import (
	"math"
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

// perApp reports whether the term belongs to an app rather than to the server.
func (t Term) perApp() bool { return strings.HasPrefix(t.Name, "app.") }

// missing is what an unset value of the term counts as: the worse for the app,
// or unread where no side is worse.
func (t Term) missing(v Value) Value {
	if worst, ok := t.worst(); ok {
		v.Presence, v.Data = Known, worst
		return v
	}
	v.Presence = Unread
	return v
}

// worst is the value of the term that is worst for the app.
func (t Term) worst() (data any, ok bool) {
	switch t.Worse {
	case IfTrue:
		return true, true
	case IfFalse:
		return false, true
	case IfMore:
		if t.Kind == Int {
			return math.MaxInt, true
		}
		return Forever, true
	case IfLess:
		if t.Kind == Int {
			return 0, true
		}
		return time.Duration(0), true
	case IfEmptier:
		return []string(nil), true
	case IfLater:
		return t.Words[len(t.Words)-1], true
	case NoSide, IfFuller:
	}
	return "", t.Kind == Word && len(t.Words) == 0 // free text that is not set is empty
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
	if v.Presence == Unset {
		return t.Name + " is not set"
	}
	if v.Data == Forever {
		text = "for ever"
	}
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
