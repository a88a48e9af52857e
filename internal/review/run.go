package review

import (
	"cmp"
	"slices"
	"time"

	"countersign/internal/evidence"
)

// Input is what a review needs.
type Input struct {
	Snapshot  Snapshot
	Controls  []Control
	Catalogue int      // version of the controls
	Proofs    []Proof  // nil if no probes were run
	Previous  *Run     // the run before, for the states of findings; nil if there is none
	Apps      []string // report these apps only, and the server; nil for all
	Only      []string // report these controls only; nil for all
	Forecast  Forecast // who would break; nil if use is not recorded
	Beyond    Beyond   // what cannot be written here; nil: everything can
	WhatIf    bool     // judge again with each fix applied, for previews and ranked improvements
}

// Run is the outcome of a review, and the JSON that is kept and compared.
type Run struct {
	Schema string `json:"schema"`
	Score
	Header       Header                 `json:"header"`
	Counts       Counts                 `json:"counts"`
	Apps         []AppScore             `json:"apps"`
	Findings     []Finding              `json:"findings"`
	Improvements []Improvement          `json:"improvements,omitempty"`
	Together     *Improvement           `json:"together,omitempty"` // all fixes with fewer than ten broken callers at once
	Unmatched    []Waiver               `json:"unmatched_waivers,omitempty"`
	Transcripts  []*evidence.Transcript `json:"transcripts,omitempty"` // of the proofs that were made for this run
	Rules        map[string]Text        `json:"-"`                     // texts of the controls, for reports
	Bands        map[string]Band        `json:"-"`

	judged *judging // nil in a run read from a file
	input  Input
	total  tally // of the findings that count, for previews
}

// SchemaName is the version of the run's JSON form.
const SchemaName = "countersign-review-1"

// Header says what was judged, when and by which rules.
type Header struct {
	Server      string     `json:"server_version"`
	Source      string     `json:"source"`
	Hash        string     `json:"configuration_hash"`
	Snapshot    time.Time  `json:"snapshot_time"`
	Catalogue   int        `json:"catalogue_version"`
	Proofs      bool       `json:"proofs_run"`
	OldestProof *time.Time `json:"oldest_proof,omitempty"`
}

// Counts says how many findings have which status, and how many are waived.
type Counts struct {
	Pass          int `json:"pass"`
	Mitigated     int `json:"mitigated"`
	Fail          int `json:"fail"`
	NotApplicable int `json:"not_applicable"`
	Manual        int `json:"manual"`
	Inconclusive  int `json:"inconclusive"`
	Waived        int `json:"waived"`
}

// AppScore is the score of one app over its own findings.
type AppScore struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Score
	Counts Counts `json:"counts"`
}

// Judge reviews a snapshot: every control on every subject, contrasted with
// proofs, weighed, waived, scored and compared with the run before. Findings
// are ordered by app, the server last, and within a subject by the catalogue.
func Judge(in Input) *Run {
	j := newJudging(in.Snapshot, in.Controls, in.Proofs)
	j.beyond = in.Beyond
	run := &Run{
		Schema: SchemaName, Header: headerOf(in), judged: j, input: in,
		Findings: []Finding{}, Apps: []AppScore{}, Rules: map[string]Text{}, Bands: map[string]Band{},
	}
	for _, c := range in.Controls {
		run.Rules[c.ID], run.Bands[c.ID] = c.Text, c.CVSS
	}
	order := map[string]int{}
	for i, c := range in.Controls {
		order[c.ID] = i
		run.judgeControl(c)
	}
	for _, p := range in.Snapshot.Problems {
		run.Findings = append(run.Findings, j.extra(p))
	}
	slices.SortStableFunc(run.Findings, func(a, b Finding) int {
		return cmp.Or(serverLast(a.App, b.App), cmp.Compare(order[a.Control], order[b.Control]))
	})
	run.compareWith(in.Previous)
	run.finish()
	if in.WhatIf {
		run.rankImprovements()
	}
	return run
}

func serverLast(a, b string) int {
	if (a == "") != (b == "") {
		return cmp.Compare(len(b), len(a))
	}
	return cmp.Compare(a, b)
}

// judgeControl adds the findings of one control, as far as they are asked for.
func (r *Run) judgeControl(c Control) {
	if r.input.Only != nil && !slices.Contains(r.input.Only, c.ID) {
		return
	}
	if c.Scope == PerServer {
		r.Findings = append(r.Findings, r.judged.finding(c, nil, r.input.Forecast))
		return
	}
	for i := range r.judged.snapshot.Apps {
		app := &r.judged.snapshot.Apps[i]
		if r.input.Apps == nil || slices.Contains(r.input.Apps, app.ID) {
			f := r.judged.finding(c, app, r.input.Forecast)
			if f.Status == NotApplicable && r.input.Only != nil && c.Fix.switchesOn() { // whoever asks for it by name may want it on
				f.Fix = r.judged.propose(c, app, r.input.Forecast)
			}
			r.Findings = append(r.Findings, f)
		}
	}
}

// finding is the verdict of a control on a subject with everything a report
// shows about it.
func (r *judging) finding(c Control, app *App, forecast Forecast) Finding {
	v := r.verdict(c, app)
	proof, ran := r.proofs.of(c, app)
	o := c.against(v.Status, proof, ran)
	f := Finding{
		Control: c.ID, Title: c.Text.Title, Status: o.status, Configured: v.Status, Proof: o.proof, Contradicted: o.lies,
		Actual: v.Actual, Expected: v.Expected, Reason: v.Reason, Missing: v.Missing,
		Values: shown(v.Reads, v.Decisive), ValueHash: r.valueHash(app, v),
		Severity: r.severity(c, app, o.status, v.Minor && o.status == Fail && !o.lies, o.lies),
	}
	if app != nil {
		f.App = app.ID
	}
	f.Subject = subjectOf(f.App)
	f.Fingerprint = Fingerprint(c.ID, f.Subject)
	f.Location = locate(app, f.Subject, v)
	if proof.Stale {
		f.Proof = "proven for an earlier configuration"
	}
	if ran && o.proof != notRun {
		f.Probe = &proof
		if o.status != v.Status {
			f.Reason = o.status.Words() + ": " + o.proof + " (" + c.Probe.ID + "), though by its settings it is " + v.Reason
		}
	}
	if f.Status == Mitigated {
		f.MitigatedBy = c.MitigatedBy
	}
	f.Waiver = r.waivedBy(f)
	if v.Status == Fail || v.Status == Mitigated || v.Status == Inconclusive {
		f.Fix = r.propose(c, app, forecast)
	}
	return f
}

// extra turns a problem met while reading into a finding. Its fingerprint
// includes what tells it from others of its rule.
func (r *judging) extra(p Problem) Finding {
	subject := subjectOf(p.App)
	f := Finding{
		Control: p.Rule, App: p.App, Subject: subject, Title: p.Rule, Status: p.Status, Configured: p.Status, Proof: notRun,
		Severity: Severity{Band: Level(p.Severity), Base: p.Severity, Computed: p.Severity, Level: Level(p.Severity), Factors: []string{}},
		Actual:   p.Actual, Expected: p.Expected, Reason: p.Status.Words() + ": " + p.Reason,
		Fingerprint: Fingerprint(p.Rule, subject+"\x00"+p.Subject), Values: []Shown{}, Extra: true,
		Location:  &Location{File: p.File, Line: p.Line, Logical: subject},
		ValueHash: digest(map[string]string{p.Rule: p.Actual}),
	}
	f.Waiver = r.waivedBy(f)
	return f
}

func headerOf(in Input) Header {
	h := Header{
		Server: in.Snapshot.ServerVersion, Source: in.Snapshot.Source, Hash: SnapshotHash(in.Snapshot),
		Snapshot: in.Snapshot.Taken, Catalogue: in.Catalogue, Proofs: len(in.Proofs) > 0,
	}
	for _, p := range in.Proofs {
		if h.OldestProof == nil || p.RanAt.Before(*h.OldestProof) {
			h.OldestProof = &p.RanAt
		}
	}
	return h
}

// finish adds up scores and counts, and lists waivers that match no finding.
func (r *Run) finish() {
	r.Score, r.total = ScoreOf(r.Findings), tallyOf(r.Findings)
	r.Counts = CountsOf(r.Findings)
	own := map[string][]Finding{}
	for _, f := range r.Findings {
		own[f.App] = append(own[f.App], f)
	}
	for _, app := range r.judged.snapshot.Apps {
		if list := own[app.ID]; len(list) > 0 {
			r.Apps = append(r.Apps, AppScore{ID: app.ID, Name: app.Name, Score: ScoreOf(list), Counts: CountsOf(list)})
		}
	}
	slices.SortFunc(r.Apps, func(a, b AppScore) int { return cmp.Compare(a.ID, b.ID) })
	for _, w := range r.judged.snapshot.Waivers {
		if _, ok := r.Find(w.Control, w.App); !ok && r.input.Apps == nil && r.input.Only == nil {
			r.Unmatched = append(r.Unmatched, w)
		}
	}
}

// CountsOf counts findings by status.
func CountsOf(findings []Finding) Counts {
	var n Counts
	for _, f := range findings {
		switch f.Status {
		case Pass:
			n.Pass++
		case Mitigated:
			n.Mitigated++
		case Fail:
			n.Fail++
		case NotApplicable:
			n.NotApplicable++
		case Manual:
			n.Manual++
		case Inconclusive:
			n.Inconclusive++
		}
		if f.Waived() {
			n.Waived++
		}
	}
	return n
}

// Find is the finding of a control on an app, or on the server if app is empty.
func (r *Run) Find(control, app string) (Finding, bool) {
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Control == control && f.App == app })
	if i < 0 {
		return Finding{}, false
	}
	return r.Findings[i], true
}

func (r *Run) knows(owner string) bool {
	return r.judged == nil || r.judged.snapshot.Principals == nil || slices.Contains(r.judged.snapshot.Principals, owner)
}

func (r *Run) confidential(app string) bool {
	return r.judged != nil && r.judged.holdsConfidential(app)
}

func (r *Run) scopesOf(app string) []string {
	if r.judged == nil {
		return nil
	}
	return slices.Clone(r.judged.appScopes(app))
}
