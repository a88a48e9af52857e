package review

import (
	"slices"
	"strings"
	"time"
)

// Result is what a probe found.
type Result string

// Held: every attack was refused. Broken: one worked. A probe that does not
// apply was not run on purpose; one whose honest flow failed is inconclusive.
const (
	Held             Result = "held"
	Broken           Result = "broken"
	ResultNone       Result = "not_applicable"
	ResultUnresolved Result = "inconclusive"
)

// Proof is what one probe found for one app, or for the server.
type Proof struct {
	Probe         string         `json:"id"`
	App           string         `json:"-"` // app id; "" for a probe of the server as such
	Result        Result         `json:"result"`
	Cases         map[int]Result `json:"cases,omitempty"`       // by number; 0 is the positive control
	Why           string         `json:"why,omitempty"`         // of a result that is not held
	AnsweredBy    []string       `json:"answered_by,omitempty"` // refusals met, by name
	Inferred      bool           `json:"inferred,omitempty"`    // AnsweredBy was concluded from status and error code
	RanAt         time.Time      `json:"ran_at,omitzero"`
	Transcript    string         `json:"transcript,omitempty"`
	Configuration string         `json:"configuration,omitempty"` // hash of what the subject's settings were, see [ConfigurationHash]
	ServerVersion string         `json:"server_version,omitempty"`
	Stale         bool           `json:"stale,omitempty"` // made for an earlier configuration or server version
}

// ForCases narrows a proof to the cases that concern a control: broken if one
// is broken, held if all hold, inconclusive if the positive control failed or
// one of the cases could not be made. Without numbered results the overall
// result stands.
func (p Proof) ForCases(cases []int) Proof {
	if len(p.Cases) == 0 {
		return p
	}
	picked := map[int]Result{}
	for n, r := range p.Cases {
		if n == 0 || cases == nil || slices.Contains(cases, n) {
			picked[n] = r
		}
	}
	for _, n := range cases {
		if _, ran := picked[n]; !ran {
			picked[n] = ResultUnresolved
		}
	}
	p.Cases, p.Result = picked, overall(picked)
	return p
}

// overall is one result for several cases. A broken case outweighs everything
// but a failed positive control, without which no case says anything.
func overall(cases map[int]Result) Result {
	counts := map[Result]int{}
	for n, r := range cases {
		switch {
		case n == 0 && r == ResultNone:
			return ResultNone
		case n == 0 && r != Held:
			return ResultUnresolved
		}
		if n != 0 {
			counts[r]++
		}
	}
	switch {
	case counts[Broken] > 0:
		return Broken
	case counts[ResultUnresolved] > 0:
		return ResultUnresolved
	case counts[Held] > 0:
		return Held
	case counts[ResultNone] > 0:
		return ResultNone
	}
	return ResultUnresolved
}

// namedDefence reports whether one of the refusals met is among those the
// control names. A name that ends in a dot stands for its whole area.
func (p Proof) namedDefence(defences []string) bool {
	return slices.ContainsFunc(p.AnsweredBy, func(met string) bool {
		return slices.ContainsFunc(defences, func(d string) bool {
			return met == d || strings.HasSuffix(d, ".") && strings.HasPrefix(met, d)
		})
	})
}

type proofKey struct{ probe, app string }

type proofs map[proofKey]Proof

// arrange orders proofs by probe and subject; of two for the same the later
// one counts. A proof made under another configuration or server version is
// stale.
func arrange(s Snapshot, made []Proof) proofs {
	m := proofs{}
	hashes := map[string]string{}
	for _, p := range made {
		if _, known := hashes[p.App]; !known {
			hashes[p.App] = ConfigurationHash(s, p.App)
		}
		p.Stale = p.Stale || p.Configuration != "" && p.Configuration != hashes[p.App] ||
			p.ServerVersion != "" && p.ServerVersion != s.ServerVersion
		key := proofKey{p.Probe, p.App}
		if old, ok := m[key]; !ok || !p.RanAt.Before(old.RanAt) {
			m[key] = p
		}
	}
	return m
}

// of is the proof of a control for a subject, narrowed to its cases.
func (m proofs) of(c Control, app *App) (Proof, bool) {
	key := proofKey{probe: c.Probe.ID}
	if app != nil {
		key.app = app.ID
	}
	p, ok := m[key]
	if !ok || p.Stale {
		return p, false
	}
	return p.ForCases(c.Probe.Cases), true
}
