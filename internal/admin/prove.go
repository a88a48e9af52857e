package admin

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"countersign/internal/client"
	"countersign/internal/evidence"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/review/controls"
)

// Prover runs threat scenarios against twins of apps and returns what happened. It
// leaves no trace in the data of the desk.
type Prover func(ctx context.Context, what Proving) ([]*evidence.Transcript, error)

// Proving says what is to be proven.
type Proving struct {
	Org       *client.Org      // the server-wide settings
	Apps      []*client.Client // whose twins are attacked
	Scenarios []string         // ids; nil: all
	Step      func(ProofStep)  // hears of progress, one call at a time; may be nil
}

// Wants says whether the scenario is asked for.
func (p Proving) Wants(id string) bool {
	return p.Scenarios == nil || slices.Contains(p.Scenarios, id)
}

// ProofStep is one step of a proof: a case that was made, or a scenario that ended.
type ProofStep struct {
	Done   int             `json:"done"`  // scenarios
	Total  int             `json:"total"` // of them
	App    oauth.ClientID  `json:"app,omitempty"`
	Probe  string          `json:"probe"`
	Title  string          `json:"title"`
	Case   *evidence.Case  `json:"case,omitempty"`   // nil: the scenario ended
	Result evidence.Result `json:"result,omitempty"` // of the scenario
	Why    string          `json:"why,omitempty"`
}

// ErrNoProver says that this desk cannot prove anything.
var ErrNoProver = errors.New("proofs cannot be made here: the program was built without a prover")

// prove runs the scenarios of the chosen controls on the chosen apps.
func (d *Desk) prove(ctx context.Context, what Reviewing, s review.Snapshot) ([]review.Proof, []*evidence.Transcript, error) {
	if d.Prover == nil {
		return nil, nil, ErrNoProver
	}
	org, err := d.Apps.Org(ctx)
	if err != nil {
		return nil, nil, err
	}
	apps, err := d.Apps.Clients(ctx)
	if err != nil {
		return nil, nil, err
	}
	p := Proving{Org: &org, Step: what.Step}
	for _, c := range apps {
		if len(what.Apps) == 0 || slices.Contains(what.Apps, string(c.ID)) {
			p.Apps = append(p.Apps, c)
		}
	}
	for _, id := range what.Controls {
		c, _ := controls.Control(id)
		p.Scenarios = append(p.Scenarios, c.Probe.ID)
		for _, other := range c.MitigatedBy { // their probes decide whether a mitigation holds
			m, _ := controls.Control(other)
			p.Scenarios = append(p.Scenarios, m.Probe.ID)
		}
	}
	made, err := d.Prover(ctx, p)
	slices.SortFunc(made, func(a, b *evidence.Transcript) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Probe, b.Probe))
	})
	var proofs []review.Proof
	for _, t := range made {
		t.Configuration = review.ConfigurationHash(s, t.Subject)
		proofs = append(proofs, ProofOf(t, s.ServerVersion))
	}
	return proofs, made, err
}

// walked tells the snapshot what the walk over the metadata found: behaviour is
// all there is to be read about it.
func walked(s review.Snapshot, proofs []review.Proof) {
	const name = "server.metadata.walk"
	for _, p := range proofs {
		switch {
		case p.Probe != "probe.metadata-walk":
		case p.Result == review.Held:
			s.Server[name] = review.Of("clean", "proof")
		case p.Result == review.Broken:
			s.Server[name] = review.Of("mismatch", "proof")
		}
	}
}

// ProofOf is what a transcript proves.
func ProofOf(t *evidence.Transcript, version string) review.Proof {
	p := review.Proof{
		Probe: t.Probe, App: t.Subject, Result: review.Result(t.Result), Cases: map[int]review.Result{}, Why: t.Why, AnsweredBy: t.AnsweredBy,
		Inferred: t.Inferred, RanAt: t.Started, Configuration: t.Configuration, ServerVersion: version,
	}
	for n, r := range t.Numbers() {
		p.Cases[n] = review.Result(r)
	}
	return p
}

// ConfigurationHash fingerprints everything a review would judge now, as the
// header of a run has it.
func (d *Desk) ConfigurationHash(ctx context.Context) (string, error) {
	f, _, err := d.facts(ctx)
	if err != nil {
		return "", err
	}
	s, err := d.Snapshot(ctx, f)
	return review.SnapshotHash(s), err
}
