package review

import (
	"errors"
	"fmt"
	"slices"
)

// Scope says what a control judges.
type Scope string

// A control judges each app, or the server once.
const (
	PerApp    Scope = "app"
	PerServer Scope = "server"
)

// Source says where a control comes from.
type Source string

// Controls come from the vendor's published catalogue or are our own.
const (
	FromSalesforce Source = "salesforce"
	Ours           Source = "ours"
)

// Clause decides one question about one subject from the values it reads
// through the Eval. It must be pure, and read values through the Eval only.
type Clause func(*Eval) Truth

// Control is one rule of the Security Health Review: a declaration and its
// clauses. The clauses are tried in the order not applicable, pass, mitigated,
// manual; the first that holds decides, and if none does the verdict is fail.
type Control struct {
	ID     string // stable for ever, never renamed or reused; the name of its files
	Scope  Scope
	Source Source
	CVSS   Band  // the estimated band: provenance and base of the severity
	Twin   *Band // the band of the connected-app page on the same setting; shown, not used

	NotApplicable Clause // the threat cannot arise; nil for never
	Pass          Clause // the recommended state, or one at least as good; never nil
	Mitigated     Clause // another defence closes the hole; nil for cannot be mitigated
	Manual        Clause // only evidence from outside can tell; nil for never
	Minor         Clause // a fail of low severity; nil for never

	MitigatedBy []string // controls whose defence the mitigated clause leans on
	Cites       []string // controls whose verdicts the clauses read through Eval.Verdict
	Defences    []string // refusals that confirm the mitigated clause when its probe meets them; "pkce." stands for all of that area
	Relieves    []string // refusals that make a fail mitigated when the probe did not demonstrate it; nil for almost every control
	Probe       Probe
	Fix         Fix

	Text Text // the administrator's text, read from the Markdown file beside the control
}

// Band is an estimated CVSS band with its printed name.
type Band struct {
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Label string  `json:"label"` // "High"; or words for a mixed band
}

// The bands that CVSS names.
var (
	BandCritical = Band{9.0, 10.0, "Critical"}
	BandHigh     = Band{7.0, 8.9, "High"}
	BandMedium   = Band{4.0, 6.9, "Medium"}
	BandLow      = Band{0.1, 3.9, "Low"}
)

// Probe names the threat scenario that proves a control.
type Probe struct {
	ID    string `json:"id"`
	Cases []int  `json:"cases,omitempty"` // the numbered cases that concern this control; nil for all
}

// ErrControl says that the catalogue is not sound.
var ErrControl = errors.New("unsound control")

// Check reports what is wrong with a catalogue: double or missing ids, missing
// clauses or texts, references to controls that do not exist, fixes that name
// no setting, and rules that cite each other in a circle.
func Check(controls []Control) error {
	var problems []error
	byID := map[string]Control{}
	for _, c := range controls {
		if _, double := byID[c.ID]; double {
			problems = append(problems, fmt.Errorf("%w %s: declared twice", ErrControl, c.ID))
		}
		byID[c.ID] = c
	}
	for _, c := range controls {
		for _, p := range c.problems(byID) {
			problems = append(problems, fmt.Errorf("%w %s: %s", ErrControl, c.ID, p))
		}
		if circle := circleFrom(c.ID, byID, nil); circle != nil {
			problems = append(problems, fmt.Errorf("%w %s: cites itself through %v", ErrControl, c.ID, circle))
		}
	}
	return errors.Join(problems...)
}

func (c Control) problems(byID map[string]Control) []string {
	var p []string
	if c.Pass == nil {
		p = append(p, "has no pass clause")
	}
	if c.Scope != PerApp && c.Scope != PerServer {
		p = append(p, "has no scope")
	}
	if c.Probe.ID == "" {
		p = append(p, "names no probe")
	}
	if c.CVSS.Label == "" {
		p = append(p, "has no band")
	}
	for _, id := range slices.Concat(c.MitigatedBy, c.Cites) {
		if _, ok := byID[id]; !ok {
			p = append(p, "refers to "+id+", which does not exist")
		}
	}
	if c.Mitigated == nil && len(c.MitigatedBy) > 0 {
		p = append(p, "is mitigated by others but has no mitigated clause")
	}
	p = append(p, c.Fix.problems()...)
	return append(p, c.Text.problems()...)
}

// circleFrom follows citations from a control and returns the path if it leads
// back to its beginning.
func circleFrom(id string, byID map[string]Control, path []string) []string {
	if slices.Contains(path, id) {
		if path[0] == id {
			return append(path, id)
		}
		return nil
	}
	path = append(path[:len(path):len(path)], id)
	for _, next := range byID[id].Cites {
		if circle := circleFrom(next, byID, path); circle != nil {
			return circle
		}
	}
	return nil
}
