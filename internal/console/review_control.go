package console

import (
	"fmt"
	"slices"
	"strings"

	"countersign/internal/admin"
	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/review/report"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

// controlBody is the page of one control: its text, and its verdict on each app.
type controlBody struct {
	ID, Title, Area string
	Recommended     string
	Overview        []string
	Verdicts        page.Stack
	Failing         int
	Subjects        []subjectView
	More            string // how many apps the page leaves out
	MorePath        string
	FixAll          string // address; empty: nothing to fix, or not allowed
	Sections        []textSection
	Facts           []page.Fact
	OneApp          string
	AllApps         string
}

// subjectView is the verdict on one app, or on the server.
type subjectView struct {
	findingRow
	Anchor            string
	AppID             string
	Values            []valueRow
	Also              []valueRow
	Proof             string
	Probe             string
	Fix, Prove, Waive string // addresses; empty: nothing to do, or not allowed
	FixText           []string
	Forecast          string
	Then              string
	Factors           []string
	Open              bool
}

// valueRow is a setting: yours, and what is recommended.
type valueRow struct {
	Name, Yours, Recommended, From string
	Met, Wrong                     bool
}

// valueOf shows a value; of a finding that passes none is wrong, even where it is
// not the recommended one.
func valueOf(f review.Finding, x review.Shown) valueRow {
	return valueRow{
		Name: x.Name, Yours: x.Text(), Recommended: x.Recommended, From: x.From, Met: x.Met(),
		Wrong: x.Recommended != "" && !x.Met() && f.Status != review.Pass && f.Status != review.NotApplicable,
	}
}

// textSection is one part of the control's text.
type textSection struct {
	Title string
	Prose []string
	Items []string
}

const subjectsAPage = 25

// control looks up the control of the address.
func (v *visit) control() (review.Control, error) {
	c, ok := controls.Control(v.path("control"))
	if !ok {
		return review.Control{}, ErrGone
	}
	return c, nil
}

// controlPage shows a control, and the apps it fails on with what to do.
func (c *Console) controlPage(v *visit) (web.Answer, error) {
	control, err := v.control()
	if err != nil {
		return web.Answer{}, err
	}
	what := admin.Reviewing{Controls: []string{control.ID}}
	if app := v.query("app"); app != "" {
		what.Apps = []string{app}
	}
	run, _, err := v.desk.Review(v.ctx(), what)
	if admin.IsNotFound(err) {
		return web.Answer{}, ErrGone
	} else if err != nil {
		return web.Answer{}, err
	}
	b := controlBody{
		ID: control.ID, Title: control.Text.Title, Area: controls.AreaOf(control.ID).Title, OneApp: v.query("app"),
		Recommended: control.Text.RecommendedConfiguration, Overview: paragraphs(control.Text.Overview),
		Sections: sectionsOf(control.Text), Facts: factsOf(control), AllApps: findingPath(control.ID, "", ""),
	}
	b.judge(v, control, run)
	return v.page("control", page.Frame{
		Title: control.Text.Title, Crumbs: []page.Link{{Text: "Health review", Path: "/console/review"}}, Wide: true, Body: b,
	})
}

// judge adds the verdicts, the worst first.
func (b *controlBody) judge(v *visit, control review.Control, run *review.Run) {
	list := perApp(run, control.ID)
	slices.SortStableFunc(list, report.WorstFirst)
	n := map[review.Status]int{}
	fixable := 0
	for _, f := range list {
		n[f.Status]++
		if f.Open() && f.Fix != nil {
			fixable++
		}
	}
	parts := make([]page.Part, 0, len(statuses))
	for _, s := range statuses {
		parts = append(parts, page.Part{N: n[s], Name: s.Words(), Tone: toneOfStatus(s)})
	}
	b.Verdicts, b.Failing = page.NewStack(page.Count(len(list), "verdict", "verdicts"), parts...), n[review.Fail]
	if fixable > 1 && b.OneApp == "" && v.mayFix(control) {
		b.FixAll = findingPath(control.ID, "/fix", "")
	}
	names := appNames(run)
	shown := list
	if len(list) > subjectsAPage {
		shown = list[:subjectsAPage]
		b.More = page.Count(len(list)-subjectsAPage, "more app", "more apps")
		b.MorePath = "/console/review?" + "area=" + controls.AreaOf(control.ID).Name + "&status=all#findings"
	}
	for _, f := range shown {
		b.Subjects = append(b.Subjects, v.subject(control, f, names))
	}
}

// mayFix says whether whoever is there may change what the control judges.
func (v *visit) mayFix(control review.Control) bool {
	if control.Scope == review.PerServer {
		return v.may("edit-settings")
	}
	return v.may("edit-apps")
}

func (v *visit) subject(control review.Control, f review.Finding, names map[string]string) subjectView {
	s := subjectView{findingRow: rowOf(f, names), Anchor: "f-" + f.Fingerprint, Factors: f.Severity.Factors, Open: f.Open() || f.Status == review.Inconclusive}
	s.Proof = sentence(proofWords(f))
	if f.Probe != nil {
		s.Probe = f.Probe.Probe + ": " + strings.ReplaceAll(string(f.Probe.Result), "_", " ")
	}
	for _, x := range f.Values {
		row := valueOf(f, x)
		if x.Decisive {
			s.Values = append(s.Values, row)
		} else {
			s.Also = append(s.Also, row)
		}
	}
	if f.Fix != nil {
		for _, step := range f.Fix.Patch {
			s.FixText = append(s.FixText, step.Text())
		}
		s.Forecast = forecastWords(f.Fix)
		if p := f.Fix.Preview; p != nil {
			s.Then = "Then: " + p.Status.Words() + "."
		}
		if v.mayFix(control) {
			s.Fix = findingPath(control.ID, "/fix", f.App)
		}
	}
	if s.AppID = f.App; v.may("run-review") && v.desk.Prover != nil {
		s.Prove = findingPath(control.ID, "/prove", "")
	}
	if s.Open && !f.Waived() && v.may("waive") {
		s.Waive = findingPath(control.ID, "/waive", f.App)
	}
	return s
}

func proofWords(f review.Finding) string {
	if f.Proof == "" || f.Proof == "not run" {
		return "Not proven yet: read from the configuration"
	}
	return f.Proof
}

// forecastWords says who would break.
func forecastWords(p *review.Proposal) string {
	if !p.Forecast.Known {
		return "Whether somebody would be refused is not recorded. Look for: " + sentence(p.Whom)
	}
	text := fmt.Sprintf("%s of %s requests of the last %s would have been refused.",
		page.Number(p.Forecast.Failed), page.Number(p.Forecast.Of), lastDays(p.Forecast.Days))
	for _, c := range p.Breaks {
		text += fmt.Sprintf(" %s: %s.", c.Who, page.Count(c.Count, "time", "times"))
	}
	return text
}

func lastDays(n int) string {
	if n == 1 {
		return "day"
	}
	return page.Number(n) + " days"
}

// paragraphs takes prose apart at its empty lines.
func paragraphs(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n\n"), func(p string) bool { return strings.TrimSpace(p) == "" })
}

// sectionsOf are the parts of a control's text in the order of the catalogue.
func sectionsOf(t review.Text) []textSection {
	all := []textSection{
		{Title: "Security risk if not configured", Prose: paragraphs(t.Risk)},
		{Title: "Threat scenarios", Items: t.ThreatScenarios},
		{Title: "Risk impact", Prose: paragraphs(t.Impact)},
		{Title: "Higher risk when", Items: t.HigherRiskWhen},
		{Title: "Low risk when", Items: t.LowRiskWhen},
		{Title: "Business and integration considerations", Prose: paragraphs(t.BusinessConsiderations)},
		{Title: "Recommended remediation", Prose: paragraphs(t.Remediation)},
		{Title: "Review guidance", Prose: paragraphs(t.Guidance)},
		{Title: "How this server judges it", Prose: paragraphs(t.Notes)},
		{Title: "Salesforce fields", Items: t.SalesforceFields},
		{Title: "References", Items: t.References},
	}
	return slices.DeleteFunc(all, func(s textSection) bool { return len(s.Prose)+len(s.Items) == 0 })
}

// factsOf is what the catalogue says of a control in a word each.
func factsOf(c review.Control) []page.Fact {
	scope := "each app"
	if c.Scope == review.PerServer {
		scope = "the server, once"
	}
	source := "this project"
	if c.Source == review.FromSalesforce {
		source = "Salesforce Security Health Review"
	}
	facts := []page.Fact{
		{Name: "Control", Value: c.ID, Code: true},
		{Name: "Name in the catalogue", Value: c.Text.ControlName},
		{Name: "Judges", Value: scope},
		{Name: "Estimated CVSS range", Value: fmt.Sprintf("%s, %.1f to %.1f", c.CVSS.Label, c.CVSS.Low, c.CVSS.High)},
		{Name: "Proven by", Value: c.Probe.ID, Code: true},
		{Name: "Source", Value: source},
	}
	if len(c.MitigatedBy) > 0 {
		facts = append(facts, page.Fact{Name: "Mitigated by", Value: strings.Join(c.MitigatedBy, ", ")})
	}
	return facts
}
