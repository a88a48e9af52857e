package review

import (
	"math"
	"slices"
)

// Severity is how bad a finding is, on the CVSS scale, with the sum behind it.
type Severity struct {
	Band     string   `json:"band"`     // what the catalogue prints
	Base     float64  `json:"base"`     // where the sum starts
	Computed float64  `json:"computed"` // after the factors; what counts in the score
	Residual float64  `json:"residual"` // what mitigation leaves; 0 unless mitigated
	Level    string   `json:"level"`    // Critical, High, Medium, Low; None if nothing is at risk
	Factors  []string `json:"factors"`  // "third-party app +0.5"
}

// The words for severities, and where each begins.
const (
	Critical = "Critical" // from 9.0
	High     = "High"     // from 7.0
	Medium   = "Medium"   // from 4.0
	Low      = "Low"      // above 0
	None     = "None"
)

// Level is the word for a severity.
func Level(severity float64) string {
	switch {
	case severity >= 9:
		return Critical
	case severity >= 7:
		return High
	case severity >= 4:
		return Medium
	case severity > 0:
		return Low
	}
	return None
}

const (
	minorBase    = 2.5 // of a fail of low severity
	liesAtLeast  = 9.5 // of a configuration that a probe contradicted
	raise, lower = 0.5, -1.0
	mostLowering = 2
)

// base is where a severity starts: a fixed point for each of the four bands,
// the middle of a mixed one.
func (b Band) base() float64 {
	switch b.Label {
	case Critical:
		return 9.5
	case High:
		return 8.0
	case Medium:
		return 5.5
	case Low:
		return 2.5
	}
	return math.Round((b.Low+b.High)/2*10) / 10
}

// factor is one circumstance that raises or lowers a severity.
type factor struct {
	says   string
	points float64
	lasts  bool // what the app is, not how it is set; counts even where nothing is wrong
	holds  func(*Eval) Truth
}

// factors lists the circumstances. Whether one that raises cannot be read, it
// counts, since unknown is never safe; one that lowers does not.
func factors() []factor {
	return []factor{
		{"privileged or wildcard scope", raise, false, func(e *Eval) Truth { return e.True("app.scopes.any_privileged") }},
		{"public client", raise, true, func(e *Eval) Truth { return e.Is("app.client_type", "public") }},
		{"refresh token without expiry", raise, false, func(e *Eval) Truth {
			return All(e.True("app.flows.refresh_token"), e.Is("app.refresh.policy", "infinite"))
		}},
		{"third-party app", raise, true, func(e *Eval) Truth { return e.False("app.first_party") }},
		{"users authorize themselves", raise, false, func(e *Eval) Truth { return e.Is("app.policy.permitted_users", "self_authorize") }},
		{"no address fence", raise, false, func(e *Eval) Truth { return e.False("app.policy.ip_fenced") }},
		{"sender-constrained tokens", lower, false, func(e *Eval) Truth { return e.In("app.access_token.binding", "dpop", "mtls") }},
		{"first-party and assigned users only", lower, false, func(e *Eval) Truth {
			return All(e.True("app.first_party"), e.Is("app.policy.permitted_users", "admin_preauthorized"), e.NotEmpty("app.policy.groups"))
		}},
		{"no live tokens", lower, false, func(e *Eval) Truth { return e.Count("app.usage.live_tokens", 0, 0) }},
	}
}

// exposure is the sum of the factors of one app.
type exposure struct {
	points float64
	says   []string
}

// exposures are the sums of one app for its findings: settled counts only what
// the app is, raised adds what its settings raise, full lowers too.
type exposures struct{ settled, raised, full exposure }

func (r *judging) exposuresOf(app *App) exposures {
	if old := r.stillHolds(app.ID); old != nil {
		return old.exposuresOf(app)
	}
	if x, ok := r.exposed[app.ID]; ok {
		return x
	}
	e := &Eval{run: r, app: app, log: newReads()}
	var x exposures
	lowered := 0
	for _, f := range factors() {
		t := f.holds(e)
		if f.points > 0 && !t.Fails() {
			if f.lasts {
				x.settled.add(f, t)
			}
			x.raised.add(f, t)
			x.full.add(f, t)
		}
		if f.points < 0 && t.Holds() && lowered < mostLowering {
			lowered++
			x.full.add(f, t)
		}
	}
	r.exposed[app.ID] = x
	return x
}

func (x *exposure) add(f factor, t Truth) {
	says := f.says + map[bool]string{true: " +0.5", false: " -1.0"}[f.points > 0]
	if t.Unknown() {
		says += " (unknown)"
	}
	x.points += f.points
	x.says = append(x.says, says)
}

// exposuresFor are the sums that a finding takes: those of its app, or for a
// server control those of the most exposed enabled app.
func (r *judging) exposuresFor(app *App) exposures {
	if app != nil {
		return r.exposuresOf(app)
	}
	if r.mostExposed != nil {
		return *r.mostExposed
	}
	var most exposures
	first := true
	for i := range r.snapshot.Apps {
		if a := &r.snapshot.Apps[i]; !a.Values["app.enabled"].is(false) {
			x := r.exposuresOf(a)
			if first || x.settled.points > most.settled.points {
				most.settled = x.settled
			}
			if first || x.raised.points > most.raised.points {
				most.raised = x.raised
			}
			if first || x.full.points > most.full.points {
				most.full = x.full
			}
			first = false
		}
	}
	r.mostExposed = &most
	return most
}

// severity computes how bad a finding is.
//
// Only what is open is raised or lowered by the app's settings. A control that
// is met or mitigated weighs what it is worth for this kind of app, whatever
// the settings are: otherwise a setting that weakens the app would make its
// passed controls weigh more and so raise the score. For the same reason a
// small fail weighs at least what mitigation takes off.
func (r *judging) severity(c Control, app *App, status Status, minor, lies bool) Severity {
	x := r.exposuresFor(app)
	s := Severity{Band: c.CVSS.Label, Base: c.CVSS.base()}
	worth := clamp(s.Base + x.settled.points)
	sum := x.full
	switch status {
	case NotApplicable:
		sum = exposure{}
	case Pass, Mitigated:
		sum = x.settled
	case Fail, Inconclusive, Manual:
		if minor {
			s.Base, sum = minorBase, x.raised
		}
	}
	s.Factors = slices.Clone(sum.says)
	s.Computed = clamp(s.Base + sum.points)
	if least := clamp(worth * (1 - mitigatedShare)); minor && s.Computed < least {
		s.Computed = least
		s.Factors = append(s.Factors, "no less than mitigation takes off")
	}
	if lies && s.Computed < liesAtLeast {
		s.Computed = liesAtLeast
		s.Factors = append(s.Factors, "the configuration lies: at least 9.5")
	}
	s.Level = Level(s.Computed)
	switch status {
	case Pass, NotApplicable:
		s.Level = None
	case Mitigated:
		s.Residual = residual(s.Computed)
		s.Level = Level(s.Residual)
	default:
	}
	if s.Factors == nil {
		s.Factors = []string{}
	}
	return s
}

// residual is what mitigation leaves, one band lower.
func residual(severity float64) float64 {
	switch Level(severity) {
	case Critical:
		return 8.0
	case High:
		return 5.5
	case Medium:
		return 2.5
	}
	return 1.0
}

// clamp keeps a severity on the scale, with one decimal.
func clamp(x float64) float64 { return math.Round(min(max(x, 0), 10)*10) / 10 }
