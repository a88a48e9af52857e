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
// an unrelated edit. A fail of a control that is critical by itself blocks; any
// other warns, also one that only the app's exposure lifts to critical: an
// ordinary new app must not need a waiver. Saved may lack the app that the draft
// adds.
//
// A fail that was there before and reads nothing that changed blocks nothing,
// though the change may expose the app more. Nor does switching on again an app
// that was off: an emergency switch must go back.
func Lint(saved, draft Snapshot, controls []Control, beyond Beyond) []Remark {
	before := Judge(Input{Snapshot: saved, Controls: controls, Beyond: beyond})
	after := Judge(Input{Snapshot: draft, Controls: controls, Beyond: beyond})
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
		unrelated := known && (was.Status == Fail && was.ValueHash == f.ValueHash || onlyOn(saved, draft, f))
		remarks = append(remarks, Remark{
			Finding: f, Was: was.Status,
			Blocks: f.Severity.Base >= 9 && f.Severity.Computed >= 9 && !unrelated && !f.Waived() && !neverBlocks[f.Control],
		})
	}
	return remarks
}

// onlyOn reports whether of everything a finding of an app rests on only this
// changed: that the app is on.
func onlyOn(saved, draft Snapshot, f Finding) bool {
	before, ok := saved.app(f.App)
	after, there := draft.app(f.App)
	if !ok || !there || before.Values["app.enabled"].same(after.Values["app.enabled"]) {
		return false
	}
	for _, v := range f.Values {
		t := terms[v.Name]
		if t.Derived == "" && t.perApp() && v.Name != "app.enabled" && v.Name != "app.blocked" && !before.Values[v.Name].same(after.Values[v.Name]) {
			return false
		}
	}
	return true
}
