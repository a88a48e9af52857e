package review

// Description is a control as `control list` and `control show` print it.
// Fields are added over time and never renamed.
type Description struct {
	ID                       string   `json:"id"`
	Title                    string   `json:"title"`
	Scope                    Scope    `json:"scope"`
	Source                   Source   `json:"source"`
	ControlName              string   `json:"control_name"`
	RecommendedConfiguration string   `json:"recommended_configuration"`
	Overview                 string   `json:"overview"`
	Risk                     string   `json:"risk"`
	ThreatScenarios          []string `json:"threat_scenarios"`
	CVSS                     Band     `json:"cvss"`
	Twin                     *Band    `json:"twin,omitempty"` // printed for the connected-app page of the same setting
	Base                     float64  `json:"base"`           // where the computed severity starts
	Impact                   string   `json:"impact"`
	HigherRiskWhen           []string `json:"higher_risk_when"`
	LowRiskWhen              []string `json:"low_risk_when"`
	BusinessConsiderations   string   `json:"business_considerations"`
	Remediation              string   `json:"remediation"`
	Guidance                 string   `json:"guidance"`
	Notes                    string   `json:"notes,omitempty"`
	References               []string `json:"references"`
	SalesforceFields         []string `json:"salesforce_fields"`
	Pages                    []string `json:"pages,omitempty"`
	Basis                    []string `json:"basis,omitempty"`
	MitigatedBy              []string `json:"mitigated_by,omitempty"`
	Cites                    []string `json:"cites,omitempty"`
	Probe                    Probe    `json:"probe"`
	Patch                    []string `json:"patch"`
	Breaks                   string   `json:"breaks"`
}

// Describe is the control without its clauses.
func (c Control) Describe() Description {
	t := c.Text
	d := Description{
		ID: c.ID, Title: t.Title, Scope: c.Scope, Source: c.Source, CVSS: c.CVSS, Twin: c.Twin, Base: c.CVSS.base(),
		ControlName: t.ControlName, RecommendedConfiguration: t.RecommendedConfiguration, Overview: t.Overview, Risk: t.Risk,
		ThreatScenarios: t.ThreatScenarios, Impact: t.Impact, HigherRiskWhen: t.HigherRiskWhen, LowRiskWhen: t.LowRiskWhen,
		BusinessConsiderations: t.BusinessConsiderations, Remediation: t.Remediation, Guidance: t.Guidance, Notes: t.Notes,
		References: t.References, SalesforceFields: t.SalesforceFields, Pages: t.Pages, Basis: t.Basis,
		MitigatedBy: c.MitigatedBy, Cites: c.Cites, Probe: c.Probe, Breaks: c.Fix.Breaks,
	}
	for _, change := range c.Fix.Patch {
		d.Patch = append(d.Patch, change.Words())
	}
	return d
}

// Words prints a declared change: "app.require_secret.code = true (confidential
// apps)".
func (c Change) Words() string {
	text := c.Ask
	switch {
	case c.Name != "" && c.Ask != "":
		text = c.Name + " = <" + c.Ask + ">"
	case c.Copy != "":
		text = c.Name + " = " + c.Copy
	case c.Name != "":
		text = c.Name + " = " + textOf(c.To)
	}
	if c.Only.Says != "" {
		text += " (" + c.Only.Says + ")"
	}
	return text
}
