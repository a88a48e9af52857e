package review

import "testing"

var three = []Truth{{state: falseTruth}, {state: unknownTruth}, {state: trueTruth}}

// Kleene's tables: And is the least, Or the greatest, Not turns around.
func TestKleene(t *testing.T) {
	for _, a := range three {
		if got := Not(a).state; got != opposed(a.state) {
			t.Errorf("Not(%d) = %d", a.state, got)
		}
		for _, b := range three {
			if got, want := All(a, b).state, least(a, b); got != want {
				t.Errorf("All(%d, %d) = %d, want %d", a.state, b.state, got, want)
			}
			if got, want := Any(a, b).state, opposed(least(Not(a), Not(b))); got != want {
				t.Errorf("Any(%d, %d) = %d, want %d", a.state, b.state, got, want)
			}
		}
	}
}

func opposed(s truthState) truthState {
	return map[truthState]truthState{trueTruth: falseTruth, falseTruth: trueTruth}[s]
}

func least(a, b Truth) truthState {
	switch {
	case a.Fails() || b.Fails():
		return falseTruth
	case a.Unknown() || b.Unknown():
		return unknownTruth
	}
	return trueTruth
}

func TestIf(t *testing.T) {
	yes, no, unknown := three[2], three[0], three[1]
	for _, c := range []struct {
		name                       string
		condition, then, otherwise Truth
		want                       truthState
	}{
		{"condition holds", yes, yes, no, trueTruth},
		{"condition fails", no, yes, no, falseTruth},
		{"unknown, branches agree", unknown, yes, yes, trueTruth},
		{"unknown, branches differ", unknown, yes, no, unknownTruth},
		{"unknown, one branch unknown", unknown, yes, unknown, unknownTruth},
	} {
		if got := If(c.condition, c.then, c.otherwise).state; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// The facts of a clause are those that decided it.
func TestFactsDecide(t *testing.T) {
	good, bad := truthOf(true, Fact{Says: "good"}), truthOf(false, Fact{Says: "bad"})
	doubt := Truth{unknownTruth, []Fact{{Says: "doubt"}}}
	for _, c := range []struct {
		name string
		got  Truth
		want string
	}{
		{"a failed part", All(good, doubt, bad), "bad"},
		{"an unknown part", All(good, doubt), "doubt"},
		{"all parts", All(good, good), "good"},
		{"one way that holds", Any(bad, good), "good"},
		{"no way", Any(bad, bad), "bad"},
	} {
		if got := sentence(c.got.Facts()); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
