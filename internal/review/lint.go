package review

// Remark is what the review says about a draft before it is saved.
type Remark struct {
	Finding
	Was    Status `json:"was,omitempty"` // the status of what is saved; "" for a new app
	Blocks bool   `json:"blocks"`        // saving needs a waiver in the same step
}

// neverBlocks lists the controls that judge the console's own access: lint must
// not be able to lock administrators out.
var neverBlocks = map[string]bool{"admin-plane": true}

// Lint judges a draft against what is saved, by the same controls. It remarks
// only what the change makes new or worse, so that an old weakness never stops
// an unrelated edit; a critical fail blocks, any other warns. Saved may lack
// the app that the draft adds.
func Lint(saved, draft Snapshot, controls []Control) []Remark {
	before := Judge(Input{Snapshot: saved, Controls: controls})
	after := Judge(Input{Snapshot: draft, Controls: controls})
	old := map[string]Finding{}
	for _, f := range before.Findings {
		old[f.Fingerprint] = f
	}
	remarks := []Remark{}
	for _, f := range after.Findings {
		was, known := old[f.Fingerprint]
		if f.Status != Fail || known && was.Status == Fail && was.Severity.Computed >= f.Severity.Computed {
			continue
		}
		remarks = append(remarks, Remark{Finding: f, Was: was.Status, Blocks: f.Severity.Computed >= 9 && !f.Waived() && !neverBlocks[f.Control]})
	}
	return remarks
}
