package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"countersign/internal/review"
)

// ControlsJSON writes the catalogue as a list of descriptions.
func ControlsJSON(w io.Writer, controls []review.Control) error {
	list := make([]review.Description, len(controls))
	for i, c := range controls {
		list[i] = c.Describe()
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(list)
}

// ControlsTable writes one line per control, for a terminal of 80 columns.
func ControlsTable(w io.Writer, controls []review.Control) error {
	t := &table{}
	for _, c := range controls {
		t.line(fmt.Sprintf("%-30s %-7s %-9s %s", clip(c.ID, 30), c.Scope, clip(c.CVSS.Label, 9), clip(clean(c.Text.Title), 31)))
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// section is one part of a control's text as it is shown.
type section struct {
	heading string
	prose   string
	bullets []string
}

// sectionsOf is everything an administrator reads about a control, in order.
func sectionsOf(d review.Description) []section {
	band := fmt.Sprintf("%s, %.1f to %.1f; our sum starts at %.1f", d.CVSS.Label, d.CVSS.Low, d.CVSS.High, d.Base)
	if d.Twin != nil {
		band += fmt.Sprintf("; the connected-app page says %s, %.1f to %.1f", d.Twin.Label, d.Twin.Low, d.Twin.High)
	}
	probe := d.Probe.ID
	if len(d.Probe.Cases) > 0 {
		probe += ", cases " + strings.Trim(strings.ReplaceAll(fmt.Sprint(d.Probe.Cases), " ", ", "), "[]")
	}
	list := []section{
		{"Control name", d.ControlName, nil},
		{"Recommended configuration", d.RecommendedConfiguration, nil},
		{"Overview", d.Overview, nil},
		{"Security risk if not configured", d.Risk, nil},
		{"Threat scenarios", "", d.ThreatScenarios},
		{"Estimated CVSS range", band, nil},
		{"Risk impact", d.Impact, nil},
		{"Higher risk when", "", d.HigherRiskWhen},
		{"Low risk when", "", d.LowRiskWhen},
		{"Business and integration considerations", d.BusinessConsiderations, nil},
		{"Recommended remediation", d.Remediation, nil},
		{"Review guidance", d.Guidance, nil},
		{"Notes", d.Notes, nil},
		{"Fix", "", d.Patch},
		{"Who would break", d.Breaks, nil},
		{"Mitigated by", strings.Join(d.MitigatedBy, ", "), nil},
		{"Probe", probe, nil},
		{"References", "", d.References},
		{"Salesforce fields", "", d.SalesforceFields},
		{"Pages", "", d.Pages},
		{"Sections that do not rest on the vendor's page", "", d.Basis},
	}
	var filled []section
	for _, s := range list {
		if s.prose != "" || len(s.bullets) > 0 {
			filled = append(filled, s)
		}
	}
	return filled
}

// ControlText writes one control for a terminal of 80 columns.
func ControlText(w io.Writer, c review.Control) error {
	t := &table{}
	d := c.Describe()
	for _, line := range wrap(d.Title, tableWidth) {
		t.line(line)
	}
	t.line(d.ID + ", judged per " + string(d.Scope))
	for _, s := range sectionsOf(d) {
		t.line("")
		t.line(s.heading)
		for paragraph := range strings.SplitSeq(s.prose, "\n\n") {
			if paragraph != "" {
				t.wrapped("  ", paragraph)
			}
		}
		for _, b := range s.bullets {
			t.wrapped("  - ", b)
		}
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// ControlsMarkdown writes the whole catalogue as a page of the documentation:
// an index, then every control.
func ControlsMarkdown(w io.Writer, controls []review.Control) error {
	var b strings.Builder
	b.WriteString("# Controls of the Security Health Review\n\n")
	b.WriteString("Generated from the controls; do not edit. The severity a report shows is computed from the band and the app's exposure.\n\n")
	b.WriteString("| Control | Judged | Band | Title |\n| --- | --- | --- | --- |\n")
	for _, c := range controls {
		fmt.Fprintf(&b, "| [%s](#%s) | per %s | %s | %s |\n", c.ID, c.ID, c.Scope, c.CVSS.Label, cell(c.Text.Title))
	}
	for _, c := range controls {
		d := c.Describe()
		fmt.Fprintf(&b, "\n## %s\n\n**%s.** Judged per %s.\n", d.ID, d.Title, d.Scope)
		for _, s := range sectionsOf(d) {
			fmt.Fprintf(&b, "\n### %s\n\n", s.heading)
			if s.prose != "" {
				b.WriteString(angle.Replace(s.prose) + "\n")
			}
			for _, bullet := range s.bullets {
				b.WriteString("- " + angle.Replace(bullet) + "\n")
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// angle keeps placeholders such as <new principal> from being taken for tags.
var angle = strings.NewReplacer("<", "&lt;", ">", "&gt;")
