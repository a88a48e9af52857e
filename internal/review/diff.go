package review

import (
	"cmp"
	"fmt"
	"slices"
)

// Difference lists what moved between two runs; each list is ordered by app
// and control.
type Difference struct {
	Notes        []string     `json:"notes"`        // why the runs may differ although no setting did
	Broken       []Transition `json:"pass_to_fail"` // new and reopened fails
	Fixed        []Transition `json:"fail_to_pass"` // no longer fail
	Changed      []Transition `json:"changed"`      // other changes of status or severity
	Waived       []Transition `json:"newly_waived"` // a waiver came into force
	Lapsed       []Transition `json:"lapsed"`       // a waiver ended
	Proven       []Transition `json:"newly_proven"` // a probe now holds
	Contradicted []Transition `json:"contradicted"` // a probe now contradicts the configuration
	Gone         []Transition `json:"gone"`         // the subject or control is no longer judged
	ScoreBefore  *float64     `json:"score_before"`
	ScoreAfter   *float64     `json:"score_after"`
}

// Transition is one finding before and after.
type Transition struct {
	Control     string `json:"control"`
	App         string `json:"app"`
	Fingerprint string `json:"fingerprint"`
	Before      Status `json:"before,omitempty"` // "" if it was not judged
	After       Status `json:"after,omitempty"`
	State       State  `json:"state,omitempty"`
	Reason      string `json:"reason"`
}

// Empty reports whether nothing moved.
func (d Difference) Empty() bool {
	return len(d.Broken)+len(d.Fixed)+len(d.Changed)+len(d.Waived)+len(d.Lapsed)+len(d.Proven)+len(d.Contradicted)+len(d.Gone) == 0
}

// Compare lists what moved from one run to a later one. Both may have been
// read from files.
func Compare(before, after *Run) Difference {
	none := []Transition{} // an empty list is [] in JSON, not null
	d := Difference{
		Notes: []string{}, Broken: none, Fixed: none, Changed: none, Waived: none, Lapsed: none,
		Proven: none, Contradicted: none, Gone: none,
		ScoreBefore: before.Score.Score, ScoreAfter: after.Score.Score,
	}
	if a, b := before.Header.Catalogue, after.Header.Catalogue; a != b {
		d.Notes = append(d.Notes, fmt.Sprintf("the catalogue changed from version %d to %d; controls may judge differently", a, b))
	}
	if a, b := before.Header.Server, after.Header.Server; a != b {
		d.Notes = append(d.Notes, fmt.Sprintf("the server changed from version %s to %s", a, b))
	}
	old := map[string]Finding{}
	for _, f := range before.Findings {
		old[f.Fingerprint] = f
	}
	for _, f := range after.Findings {
		was, known := old[f.Fingerprint]
		delete(old, f.Fingerprint)
		d.place(was, f, known)
	}
	for _, f := range old {
		d.Gone = append(d.Gone, Transition{Control: f.Control, App: f.App, Fingerprint: f.Fingerprint, Before: f.Status, Reason: "no longer judged"})
	}
	d.sort()
	return d
}

// place puts a finding into the lists it belongs to.
func (d *Difference) place(was, f Finding, known bool) {
	t := Transition{Control: f.Control, App: f.App, Fingerprint: f.Fingerprint, Before: was.Status, After: f.Status, State: stateOf(f, was, known), Reason: f.Reason}
	switch {
	case f.Status == Fail && was.Status != Fail:
		d.Broken = append(d.Broken, t)
	case was.Status == Fail && f.Status != Fail:
		d.Fixed = append(d.Fixed, t)
	case known && (was.Status != f.Status || was.Severity.Computed != f.Severity.Computed):
		d.Changed = append(d.Changed, t)
	}
	d.placeWaiver(was, f, t)
	if f.Proof == proven && was.Proof != proven {
		d.Proven = append(d.Proven, t)
	}
	if f.Contradicted && !was.Contradicted {
		d.Contradicted = append(d.Contradicted, t)
	}
}

func (d *Difference) placeWaiver(was, f Finding, t Transition) {
	switch {
	case f.Waived() == was.Waived():
	case f.Waived():
		d.Waived = append(d.Waived, t)
	case f.Waiver != nil:
		t.Reason = "the waiver lapsed: " + f.Waiver.Lapsed
		d.Lapsed = append(d.Lapsed, t)
	default:
		t.Reason = "the waiver was removed"
		d.Lapsed = append(d.Lapsed, t)
	}
}

func (d *Difference) sort() {
	for _, list := range [][]Transition{d.Broken, d.Fixed, d.Changed, d.Waived, d.Lapsed, d.Proven, d.Contradicted, d.Gone} {
		slices.SortFunc(list, func(a, b Transition) int {
			return cmp.Or(serverLast(a.App, b.App), cmp.Compare(a.Control, b.Control), cmp.Compare(a.Fingerprint, b.Fingerprint))
		})
	}
}
