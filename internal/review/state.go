package review

// State is what became of a finding since the run before. Nobody sets it by
// hand.
type State string

// The states. A finding that never failed has none.
const (
	New      State = "new"      // fails, and did not before
	Open     State = "open"     // fails, as before
	Resolved State = "resolved" // failed once, and does not
	Reopened State = "reopened" // was resolved or waived, and fails again
)

// compareWith sets states and dates by the run before.
func (r *Run) compareWith(previous *Run) {
	before := map[string]Finding{}
	if previous != nil {
		for _, f := range previous.Findings {
			before[f.Fingerprint] = f
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		old, known := before[f.Fingerprint]
		f.State = stateOf(*f, old, known)
		f.FirstSeen, f.LastChanged = r.Header.Snapshot, r.Header.Snapshot
		if known {
			f.FirstSeen = old.FirstSeen
			if f.Status == old.Status && f.ValueHash == old.ValueHash && f.Waived() == old.Waived() {
				f.LastChanged = old.LastChanged
			}
		}
	}
}

func stateOf(f, old Finding, known bool) State {
	if f.Status != Fail {
		if known && (old.Status == Fail || old.State == Resolved) {
			return Resolved
		}
		return ""
	}
	switch {
	case !known || old.Status != Fail && old.State != Resolved:
		return New
	case old.State == Resolved, old.Waived() && !f.Waived():
		return Reopened
	}
	return Open
}
