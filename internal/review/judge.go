package review

// Verdicts judges every subject of a snapshot by the configuration alone: each
// app by each app control, the server by each server control. It is the core
// of [Judge], for callers that want no scores, proofs or waivers. Mistakes
// lists names a clause used that do not exist; it is empty for a sound
// catalogue.
func Verdicts(s Snapshot, controls []Control, made []Proof) (verdicts []SubjectVerdict, mistakes []string) {
	r := newJudging(s, controls, made)
	for _, c := range controls {
		if c.Scope == PerServer {
			verdicts = append(verdicts, SubjectVerdict{Control: c.ID, Verdict: r.verdict(c, nil)})
			continue
		}
		for i := range r.snapshot.Apps {
			app := &r.snapshot.Apps[i]
			verdicts = append(verdicts, SubjectVerdict{Control: c.ID, App: app.ID, Verdict: r.verdict(c, app)})
		}
	}
	return verdicts, r.misuse
}

// SubjectVerdict is the verdict of a control on an app, or on the server if
// App is empty.
type SubjectVerdict struct {
	Control, App string
	Verdict
}
