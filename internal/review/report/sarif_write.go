package report

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"countersign/internal/review"
)

// fingerprintName is the key of our fingerprint in partialFingerprints.
const fingerprintName = "countersignFinding/v1"

// SARIF writes the run as a SARIF 2.1.0 log. Passed controls are results of
// kind pass, waivers are suppressions, and with a baseline each result says
// whether it is new.
//
// Spec: OASIS SARIF 2.1.0 §3.27.
func SARIF(w io.Writer, run *review.Run, o Options) error {
	rules, index := sarifRules(run)
	results := []sarifResult{}
	before := map[string]review.Finding{}
	if o.Baseline != nil {
		for _, f := range o.Baseline.Findings {
			before[f.Fingerprint] = f
		}
	}
	for _, f := range run.Findings {
		r := sarifOf(run, f, index)
		if o.Baseline != nil {
			was, known := before[f.Fingerprint]
			r.BaselineState = baselineState(was, f, known)
			delete(before, f.Fingerprint)
		}
		results = append(results, r)
	}
	for _, f := range absent(before) {
		if _, known := index[f.Control]; known {
			r := sarifOf(run, f, index)
			r.BaselineState = "absent"
			results = append(results, r)
		}
	}
	log := sarifLog{
		Schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{{
			Tool:        sarifTool{sarifDriver{Name: "Countersign Security Health Review", Version: o.Tool, Rules: rules}},
			Invocations: []sarifInvocation{{ExecutionSuccessful: true, EndTimeUTC: run.Header.Snapshot.UTC().Format(time.RFC3339)}},
			Results:     results, ColumnKind: "unicodeCodePoints",
			Properties: map[string]any{
				"score": run.Score.Score, "grade": run.Grade, "scoreWithoutWaivers": run.WithoutWaivers,
				"configurationHash": run.Header.Hash, "catalogueVersion": run.Header.Catalogue, "proofsRun": run.Header.Proofs,
			},
		}},
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(log)
}

// absent lists what only the baseline has, in a stable order.
func absent(before map[string]review.Finding) []review.Finding {
	var list []review.Finding
	for _, f := range before {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b review.Finding) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
	return list
}

func baselineState(was, f review.Finding, known bool) string {
	switch {
	case !known:
		return "new"
	case was.Status == f.Status && was.ValueHash == f.ValueHash:
		return "unchanged"
	}
	return "updated"
}

// sarifRules describes each control that occurs, in the order of first
// occurrence.
func sarifRules(run *review.Run) ([]sarifRule, map[string]int) {
	rules, index := []sarifRule{}, map[string]int{}
	for _, f := range run.Findings {
		if _, known := index[f.Control]; known {
			continue
		}
		index[f.Control] = len(rules)
		rules = append(rules, sarifRuleOf(f, run.Rules[f.Control]))
	}
	return rules, index
}

func sarifRuleOf(f review.Finding, text review.Text) sarifRule {
	title := orElse(text.Title, orElse(f.Title, f.Control))
	rule := sarifRule{
		ID: f.Control, ShortDescription: sarifText{Text: title}, FullDescription: sarifText{Text: orElse(text.Overview, title)},
		Help: sarifText{Text: title},
		Properties: map[string]any{
			"tags": append([]string{"security", "oauth"}, text.References...), "band": f.Severity.Band,
			"security-severity": fmt.Sprintf("%.1f", f.Severity.Base),
		},
	}
	if text.Risk == "" {
		return rule
	}
	plain := []string{"Recommended: " + text.RecommendedConfiguration, "Risk: " + text.Risk, "Remediation: " + text.Remediation}
	rule.Help.Text = strings.Join(plain, "\n\n")
	rule.Help.Markdown = "**Recommended:** " + text.RecommendedConfiguration + "\n\n**Risk:** " + text.Risk +
		"\n\n**Threat:** " + strings.Join(text.ThreatScenarios, " ") + "\n\n**Remediation:** " + text.Remediation
	return rule
}

// sarifKinds maps statuses; only a fail has a level other than none.
var sarifKinds = map[review.Status]string{
	review.Fail: "fail", review.Mitigated: "informational", review.Pass: "pass",
	review.NotApplicable: "notApplicable", review.Manual: "review", review.Inconclusive: "open",
}

// flowOf writes an attack that worked as a flow, which viewers show step by step.
func flowOf(f review.Finding, steps []string) sarifFlow {
	flow := sarifFlow{Message: sarifText{Text: steps[0]}, ThreadFlows: []sarifThreadFlow{{}}}
	for _, text := range steps[1:] {
		place := sarifPlace(f)
		place.Message = &sarifText{Text: text}
		flow.ThreadFlows[0].Locations = append(flow.ThreadFlows[0].Locations, sarifStep{place})
	}
	return flow
}

func sarifOf(run *review.Run, f review.Finding, index map[string]int) sarifResult {
	r := sarifResult{
		RuleID: f.Control, RuleIndex: index[f.Control], Kind: sarifKinds[f.Status], Level: sarifLevel(f),
		Message:             sarifText{Text: sarifMessage(f)},
		Locations:           []sarifLocation{sarifPlace(f)},
		PartialFingerprints: map[string]string{fingerprintName: f.Fingerprint},
		Properties: map[string]any{
			"status": f.Status, "severity": f.Severity.Level, "security-severity": fmt.Sprintf("%.1f", f.Weight()),
			"actual": f.Actual, "expected": f.Expected, "proof": f.Proof,
		},
	}
	if steps := attack(run, f); len(steps) > 0 {
		r.CodeFlows = []sarifFlow{flowOf(f, steps)}
	}
	if f.Waived() {
		r.Suppressions = []sarifSuppression{{
			Kind: "external", Status: "accepted", Justification: f.Waiver.Reason,
			Properties: map[string]any{"by": f.Waiver.By, "until": f.Waiver.Until.UTC().Format(time.RFC3339)},
		}}
	}
	return r
}

func sarifMessage(f review.Finding) string {
	text := f.SubjectName() + ": " + f.Reason
	if f.Status == review.Mitigated && len(f.MitigatedBy) > 0 {
		text += " (leans on " + strings.Join(f.MitigatedBy, ", ") + ", " + f.Proof + ")"
	}
	if f.Status == review.Fail && f.Fix != nil {
		text += ". Fix: " + strings.Join(patchText(f.Fix.Patch), "; ")
	}
	return text
}

func sarifLevel(f review.Finding) string {
	if f.Status != review.Fail {
		return "none"
	}
	switch f.Severity.Level {
	case review.Critical, review.High:
		return "error"
	case review.Medium:
		return "warning"
	}
	return "note"
}

// sarifPlace is file and line where settings were read from files, and always
// the logical place.
func sarifPlace(f review.Finding) sarifLocation {
	place := sarifLocation{Logical: []sarifLogical{{FullyQualifiedName: f.Subject, Kind: "module"}}}
	l := f.Location
	if l == nil {
		return place
	}
	if l.Logical != "" {
		place.Logical[0].FullyQualifiedName = l.Logical
	}
	if l.File != "" {
		// What concerns the whole file is shown at its head: viewers drop a result
		// without a line.
		region := &sarifRegion{StartLine: max(l.Line, 1)}
		place.Physical = &sarifPhysical{Artifact: sarifArtifact{URI: fileURI(l.File)}, Region: region}
	}
	return place
}

// fileURI is a path as a relative reference, or a file URI if it is absolute.
func fileURI(path string) string {
	path = filepath.ToSlash(path)
	u := url.URL{Path: path}
	if strings.HasPrefix(path, "/") {
		u.Scheme = "file"
	}
	return strings.TrimPrefix(u.String(), "./")
}
