package blackbox

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"countersign/internal/evidence"
	"countersign/internal/probe"
)

// ErrScenario says that there is no scenario of a name.
type ErrScenario string

// Error names the scenario.
func (e ErrScenario) Error() string { return fmt.Sprintf("there is no scenario %q", string(e)) }

// judged are the scenarios whose outcome means the same on every server. The
// others ask whether a server keeps what its settings promise, which nobody
// outside knows: they are made when somebody names them, and then somebody who
// knows the server reads the outcome.
var judged = []string{
	"probe.stolen-code", "probe.pkce", "probe.refresh-reuse", "probe.stolen-refresh-token", "probe.foreign-introspection",
	"probe.id-token-misuse", "probe.client-credentials-refused", "probe.no-static-credentials", "probe.weak-flows",
}

// Scenarios finds scenarios by id, with or without "probe."; for none those that
// can be judged from outside.
func Scenarios(ids []string) ([]probe.Scenario, error) {
	if len(ids) == 0 {
		ids = judged
	}
	var out []probe.Scenario
	for _, id := range ids {
		s, ok := probe.ByID("probe." + strings.TrimPrefix(id, "probe."))
		if !ok {
			return nil, ErrScenario(id)
		}
		out = append(out, s)
	}
	return out, nil
}

// outOfReach are the pieces that nobody has who only sees a server from outside.
var outOfReach = []probe.Piece{probe.NeedClock, probe.NeedOperator, probe.NeedTraces, probe.NeedLogin}

// advice says what would bring a missing piece.
var advice = map[probe.Piece]string{
	probe.NeedAppB:     "give --other-client-id",
	probe.NeedPersonB:  "give --other-user",
	probe.NeedCodes:    "give --user, and a redirect URI of the app",
	probe.NeedRefresh:  "give --scope offline_access, if the app may have it",
	probe.NeedNetworkB: "only a server on 127.0.0.0/8 is seen from two addresses",
}

// Run makes a scenario and says what it found as far as it can be seen from
// outside: cases whose piece nobody outside has do not apply; refusals are known
// by their error code, so the defence that answered is inferred.
func Run(ctx context.Context, t *probe.Target, s probe.Scenario, o probe.Options) *evidence.Transcript {
	tr := probe.Run(ctx, t, s, o)
	for i := range tr.Cases {
		c := &tr.Cases[i]
		name, missing := strings.CutPrefix(c.Why, "a piece is missing: ")
		if !missing {
			continue
		}
		piece := probe.Piece(name)
		if slices.Contains(outOfReach, piece) && c.Number > 0 {
			c.Result, c.Why = evidence.NotApplicable, "out of reach from outside: "+name
		} else if what := advice[piece]; what != "" {
			c.Why += "; " + what
		}
	}
	tr.Conclude()
	tr.Inferred = !named(tr)
	return tr
}

// named says whether the server told the names of its refusals.
func named(t *evidence.Transcript) bool {
	for _, rule := range t.AnsweredBy {
		if strings.Contains(rule, ".") {
			return true
		}
	}
	return false
}
