package cli

import (
	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/review/report"
)

type controlCommands struct {
	List controlList `cmd:"" help:"List the controls."`
	Show controlShow `cmd:"" help:"Show everything about a control: risk, threats, severity, fix, who would break."`
}

type controlList struct{}

// Run lists the controls.
func (*controlList) Run(s *session) error {
	if s.Output == "json" {
		return report.ControlsJSON(s.out, controls.Catalogue())
	}
	return report.ControlsTable(s.out, controls.Catalogue())
}

type controlShow struct {
	ID string `arg:"" help:"Id of the control."`
}

// Run shows one control.
func (c *controlShow) Run(s *session) error { return s.showControl(c.ID) }

func (s *session) showControl(id string) error {
	c, ok := controls.Control(id)
	if !ok {
		return notFound{"there is no control " + id + "; see: countersign control list"}
	}
	if s.Output == "json" {
		return report.ControlsJSON(s.out, []review.Control{c})
	}
	return report.ControlText(s.out, c)
}
