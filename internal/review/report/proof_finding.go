package report

import (
	"fmt"
	"slices"

	"countersign/internal/evidence"
	"countersign/internal/review"
)

// findingProof is what a transcript says about one finding: of its cases those
// that concern the control, one line for each number.
type findingProof struct {
	Anchor string
	Cases  []caseLine
}

type caseLine struct {
	Number int
	Title  string
	Result evidence.Result
	Says   string
}

// transcriptOf is the transcript behind a finding; nil if there is none.
func transcriptOf(run *review.Run, f review.Finding) *evidence.Transcript {
	if f.Probe == nil {
		return nil
	}
	i := slices.IndexFunc(run.Transcripts, func(t *evidence.Transcript) bool { return t.Probe == f.Probe.Probe && t.Subject == f.App })
	if i < 0 {
		return nil
	}
	return run.Transcripts[i]
}

func proofOfFinding(run *review.Run, f review.Finding) *findingProof {
	t := transcriptOf(run, f)
	if t == nil {
		return nil
	}
	p := &findingProof{Anchor: proofAnchor(t.Probe, t.Subject)}
	for _, c := range t.Cases {
		if _, concerns := f.Probe.Cases[c.Number]; !concerns {
			continue
		}
		line := caseLine{c.Number, c.Title, c.Result, caseSays(c)}
		n := len(p.Cases)
		switch {
		case n == 0 || p.Cases[n-1].Number != c.Number:
			p.Cases = append(p.Cases, line)
		case worse(c.Result, p.Cases[n-1].Result): // at another door it came out worse
			p.Cases[n-1] = line
		}
	}
	return p
}

// worse says whether a result outweighs another.
func worse(a, b evidence.Result) bool {
	return slices.Index(resultOrder, a) < slices.Index(resultOrder, b)
}

// attack is the way in which the first attack on a finding worked, a step a line;
// nothing if none did.
func attack(run *review.Run, f review.Finding) []string {
	t := transcriptOf(run, f)
	if t == nil {
		return nil
	}
	for _, c := range t.Cases {
		if _, concerns := f.Probe.Cases[c.Number]; !concerns || c.Result != evidence.Broken {
			continue
		}
		lines := []string{fmt.Sprintf("%s, case %d, %s: %s (changed: %s; a sound server answers %s)", t.Title, c.Number, c.Title, c.Why, c.Changed, c.Expect)}
		for _, u := range turns(c) {
			for _, a := range u.Answers {
				lines = append(lines, fmt.Sprintf("%s %s: %s%s → %s %s", u.Who, u.What, times(a.Count), u.Request.Line, a.Line, a.Says))
			}
		}
		return lines
	}
	return nil
}

func times(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf("%d × ", n)
}

// proofGroup are the transcripts of one app, or of the server.
type proofGroup struct {
	Title  string
	Proofs []proofView
}

// mostWhole is for how many subjects a page shows every message; of the others
// it shows those of broken proofs.
const mostWhole = 12

// proofGroups arranges the transcripts of a run like its findings, broken ones
// first.
func proofGroups(run *review.Run, subjects []groupView) []proofGroup {
	var out []proofGroup
	for i, s := range subjects {
		g := proofGroup{Title: s.Title}
		for _, t := range run.Transcripts {
			if t.Subject == s.ID {
				g.Proofs = append(g.Proofs, proofOf(t, i < mostWhole || t.Result == evidence.Broken))
			}
		}
		slices.SortStableFunc(g.Proofs, func(a, b proofView) int {
			return slices.Index(resultOrder, a.Result) - slices.Index(resultOrder, b.Result)
		})
		if len(g.Proofs) > 0 {
			out = append(out, g)
		}
	}
	return out
}
