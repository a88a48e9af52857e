package review

// Truth is the outcome of a clause in three-valued logic: it holds, it fails,
// or it is unknown because a value it needs could not be read. It carries the
// facts that made it so, from which the sentence of a verdict is written. The
// zero Truth is unknown without a fact.
type Truth struct {
	state truthState
	facts []Fact
}

type truthState int8

const (
	unknownTruth truthState = iota
	falseTruth
	trueTruth
)

// Fact is one comparison of a value with what a clause wants of it.
type Fact struct {
	Name   string // vocabulary name; of another app: "app.x of shop"
	Value  Value  // what was read
	Wanted string // what the clause asked for, in words: "true", "at most 15m"
	Says   string // the fact in words: "PKCE is not required"

	behind []Fact // of a derived value that is not as wanted: what made it so
}

// Holds reports whether the clause is true.
func (t Truth) Holds() bool { return t.state == trueTruth }

// Fails reports whether the clause is false.
func (t Truth) Fails() bool { return t.state == falseTruth }

// Unknown reports whether a value that was needed could not be read.
func (t Truth) Unknown() bool { return t.state == unknownTruth }

// Facts returns the facts that decided: of a true clause those that hold, of a
// false one those that do not, of an unknown one those that could not be read.
func (t Truth) Facts() []Fact { return t.facts }

func truthOf(holds bool, f Fact) Truth {
	if holds {
		return Truth{trueTruth, []Fact{f}}
	}
	return Truth{falseTruth, []Fact{f}}
}

// Always is a clause that holds without reading anything.
func Always(says string) Truth { return Truth{trueTruth, []Fact{{Says: says}}} }

// All is true if every part holds, false if one fails, else unknown.
func All(parts ...Truth) Truth { return fold(parts, falseTruth, trueTruth) }

// Any is true if one part holds, false if every part fails, else unknown.
func Any(parts ...Truth) Truth { return fold(parts, trueTruth, falseTruth) }

// fold combines parts: one part in the decisive state decides, all parts in
// the other state decide the other way, anything else is unknown.
func fold(parts []Truth, decisive, other truthState) Truth {
	state := other
	for _, p := range parts {
		if p.state == decisive {
			state = decisive
			break
		}
		if p.state == unknownTruth {
			state = unknownTruth
		}
	}
	var facts []Fact
	for _, p := range parts {
		if p.state == state {
			facts = append(facts, p.facts...)
		}
		if state == trueTruth && decisive == trueTruth && len(facts) > 0 {
			break // one reason is enough to say why a choice holds
		}
	}
	return Truth{state, facts}
}

// Not turns true into false and false into true; unknown stays unknown.
func Not(t Truth) Truth {
	switch t.state {
	case trueTruth:
		t.state = falseTruth
	case falseTruth:
		t.state = trueTruth
	case unknownTruth:
	}
	facts := make([]Fact, len(t.facts))
	for i, f := range t.facts {
		f.Wanted = opposite(f.Wanted)
		facts[i] = f
	}
	t.facts = facts
	return t
}

func opposite(wanted string) string {
	switch wanted {
	case "true":
		return "false"
	case "false":
		return "true"
	}
	return "not " + wanted
}

// If chooses a clause by a condition, so that the reasons given are those of
// the branch that applies. While the condition is unknown the result is known
// only if both branches agree.
func If(condition, then, otherwise Truth) Truth {
	switch condition.state {
	case trueTruth:
		return then
	case falseTruth:
		return otherwise
	case unknownTruth:
	}
	if then.state == otherwise.state && then.state != unknownTruth {
		return then
	}
	return Truth{unknownTruth, append(condition.facts[:len(condition.facts):len(condition.facts)], append(
		onlyUnknown(then), onlyUnknown(otherwise)...)...)}
}

func onlyUnknown(t Truth) []Fact {
	if t.Unknown() {
		return append([]Fact(nil), t.facts...)
	}
	return nil
}
