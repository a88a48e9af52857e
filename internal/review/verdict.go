package review

import (
	"slices"
	"strconv"
	"strings"
)

// Status is the outcome of a control for one subject.
type Status string

// The six statuses. A waiver is an overlay and no status.
const (
	NotApplicable Status = "not_applicable" // the threat cannot arise
	Pass          Status = "pass"           // as recommended, or at least as good
	Mitigated     Status = "mitigated"      // another defence that we can see closes the same hole
	Manual        Status = "manual"         // only evidence from outside can tell
	Fail          Status = "fail"           // everything else
	Inconclusive  Status = "inconclusive"   // a value that decides is unknown, or a proof could not be made
)

// Statuses lists the six in the order in which the clauses are tried, then
// fail and inconclusive.
func Statuses() []Status {
	return []Status{NotApplicable, Pass, Mitigated, Manual, Fail, Inconclusive}
}

// Words is the status as people write it: "not applicable".
func (s Status) Words() string { return strings.ReplaceAll(string(s), "_", " ") }

// Verdict is what the clauses of a control say about one subject, before
// proofs and waivers.
type Verdict struct {
	Status   Status
	Reason   string   // one sentence: which clause fired, on which values
	Actual   string   // the deciding values as they are
	Expected string   // the same values as the pass clause wants them
	Decisive []Fact   // the facts behind the sentence
	Reads    []Read   // every value the clauses looked at, in order of first sight
	Missing  []string // names of the unknown values that kept it inconclusive
	Minor    bool     // a fail of low severity
}

// question is one clause with the status it gives.
type question struct {
	status Status
	ask    Clause
}

// decide tries the clauses in order. A clause that is unknown keeps its status
// possible; if more than one status is possible in the end, the verdict is
// inconclusive, so that a value nobody can read is never a pass.
func (c Control) decide(e *Eval) Verdict {
	var passed, closed Truth
	var doubts []Truth
	for _, q := range []question{{NotApplicable, c.NotApplicable}, {Pass, c.Pass}, {Mitigated, c.mitigated()}, {Manual, c.Manual}} {
		if q.ask == nil {
			continue
		}
		e.log.wishing = q.status == Pass
		t := q.ask(e)
		e.log.wishing = false
		switch q.status {
		case Pass:
			passed = t
		case Mitigated:
			closed = t
		default:
		}
		if t.Unknown() {
			doubts = append(doubts, t)
		}
		if !t.Holds() {
			continue
		}
		if len(doubts) > 0 {
			break
		}
		return e.verdict(q.status, t, passed)
	}
	if len(doubts) > 0 {
		return e.inconclusive(All(doubts...))
	}
	v := e.verdict(Fail, passed, passed)
	if extra := without(closed.facts, passed.facts); len(extra) > 0 {
		v.Reason += "; not mitigated: " + sentence(extra)
		v.Decisive = append(v.Decisive[:len(v.Decisive):len(v.Decisive)], extra...)
	}
	v.Minor = c.Minor != nil && c.Minor(e).Holds()
	return v
}

// mitigated is the mitigated clause, which does not hold while the probe of a
// control it leans on is broken for the same subject.
func (c Control) mitigated() Clause {
	if c.Mitigated == nil {
		return nil
	}
	return func(e *Eval) Truth {
		t := c.Mitigated(e)
		for _, id := range c.MitigatedBy {
			if e.run.broken(id, e.app) {
				return All(t, truthOf(false, Fact{Says: "the probe of " + id + " is broken"}))
			}
		}
		return t
	}
}

// verdict words an outcome: decided is the clause behind it, passed the pass
// clause's outcome, which says what was expected.
func (e *Eval) verdict(s Status, decided, passed Truth) Verdict {
	v := Verdict{Status: s, Decisive: decided.facts, Reads: e.readings()}
	shown := passed.facts
	if s == Pass || s == NotApplicable || len(shown) == 0 {
		shown = decided.facts
	}
	v.Reason = s.Words() + ": " + sentence(decided.facts)
	v.Actual = joined(shown, func(f Fact) string { return f.Name + " = " + f.Value.Text() }, func(f Fact) string { return f.Says })
	v.Expected = joined(shown, wish, wish)
	if s == NotApplicable {
		v.Expected = "nothing: the control does not apply"
	}
	return v
}

func (e *Eval) inconclusive(t Truth) Verdict {
	v := Verdict{Status: Inconclusive, Decisive: t.facts, Reads: e.readings()}
	for _, f := range t.facts {
		if f.Name != "" {
			v.Missing = append(v.Missing, f.Name)
		}
	}
	v.Reason = "inconclusive: " + sentence(t.facts)
	v.Actual = joined(t.facts, func(f Fact) string { return f.Name + " = " + f.Value.Text() }, func(f Fact) string { return f.Says })
	v.Expected = joined(t.facts, wish, wish)
	if v.Expected == "" {
		v.Expected = "a value that can be read"
	}
	return v
}

// without leaves out the facts that were already given.
func without(facts, given []Fact) []Fact {
	var rest []Fact
	for _, f := range facts {
		if !slices.ContainsFunc(given, func(g Fact) bool { return g.Name == f.Name && g.Says == f.Says }) {
			rest = append(rest, f)
		}
	}
	return rest
}

// readings lists what was read.
func (e *Eval) readings() []Read {
	reads := make([]Read, 0, len(e.log.order))
	for _, name := range e.log.order {
		reads = append(reads, e.log.seen[name])
	}
	return reads
}

// mostFacts bounds what a sentence lists; a server control may fail for
// hundreds of apps.
const mostFacts = 6

// sentence joins facts; what is behind a derived value follows in brackets,
// one level deep.
func sentence(facts []Fact) string {
	var parts []string
	for _, f := range facts {
		says := f.Says
		var behind []string
		for _, b := range f.behind {
			behind = append(behind, b.Says)
		}
		if len(behind) > 0 {
			says += " (" + listed(behind, " and ") + ")"
		}
		parts = append(parts, says)
	}
	return listed(parts, " and ")
}

func joined(facts []Fact, named, unnamed func(Fact) string) string {
	var parts []string
	for _, f := range facts {
		if f.Name == "" {
			parts = append(parts, unnamed(f))
			continue
		}
		parts = append(parts, named(f))
	}
	return listed(parts, "; ")
}

// wish is what a clause wants of a fact: "app.x = true", "app.y: at most 1h".
func wish(f Fact) string {
	switch {
	case f.Name == "" || f.Wanted == "":
		return f.Wanted
	case f.Wanted == "true" || f.Wanted == "false":
		return f.Name + " = " + f.Wanted
	}
	return f.Name + ": " + f.Wanted
}

// listed joins distinct non-empty parts, at most mostFacts of them.
func listed(parts []string, last string) string {
	var kept []string
	seen := map[string]bool{"": true}
	for _, p := range parts {
		if !seen[p] {
			seen[p] = true
			kept = append(kept, p)
		}
	}
	if more := len(kept) - mostFacts; more > 1 {
		kept = append(kept[:mostFacts:mostFacts], plural(more, "more"))
	}
	if len(kept) < 2 {
		return strings.Join(kept, "")
	}
	separator := ", "
	if last == "; " {
		separator = last
	}
	return strings.Join(kept[:len(kept)-1], separator) + last + kept[len(kept)-1]
}

func plural(n int, word string) string { return strconv.Itoa(n) + " " + word }
