package cli

import (
	"fmt"

	"countersign/internal/admin"
	"countersign/internal/server"
)

type appImport struct {
	Paths   []string `arg:"" name:"path" help:"Files or folders of a Salesforce project, in source or metadata format."`
	DryRun  bool     `help:"Say what would be done, and do nothing."`
	KeepIDs bool     `name:"keep-ids" help:"Keep consumer keys as client_ids. Secrets are never taken over."`
	Force   bool     `help:"Save apps that the review would stop; the audit log says so."`
}

// importedApp is one app of an import as JSON.
type importedApp struct {
	Source string       `json:"source"`
	Losses []admin.Loss `json:"not_carried_over"`
	stepView
}

type importReport struct {
	Apps    []importedApp `json:"apps"`
	General []admin.Loss  `json:"not_carried_over"`
	DryRun  bool          `json:"dry_run"`
}

// Run makes apps of what the files describe, and reports what could not be
// carried over. An app that is refused keeps no other from being made.
func (c *appImport) Run(s *session) error {
	m, err := admin.ReadMetadata(c.Paths)
	if err != nil {
		return err
	}
	drafts, general := m.Drafts(c.KeepIDs)
	want := beginning
	if c.DryRun {
		want = reading
	}
	return s.with(want, func(d *server.Data) error {
		consent := admin.Consent{Force: c.Force}
		steps, err := d.Desk.PlanImport(s.ctx, drafts, consent)
		if err != nil {
			return err
		}
		report := importReport{Apps: []importedApp{}, General: append([]admin.Loss{}, general...), DryRun: c.DryRun}
		var refused int
		for i, step := range steps {
			v := viewStep(step)
			if !c.DryRun && step.Action == admin.Create {
				v = s.take(d, step, consent)
			}
			if drafts[i].ID == "" && (c.DryRun || v.Action == admin.Refuse) {
				v.ID = "" // another one is drawn when it is done
			}
			if v.Action == admin.Refuse {
				refused++
			}
			report.Apps = append(report.Apps, importedApp{drafts[i].Source, append([]admin.Loss{}, drafts[i].Losses...), v})
		}
		if s.Output == "json" {
			err = s.json(report)
		} else {
			s.printImport(report)
		}
		if err == nil && refused > 0 {
			return ended{code: exitFailure}
		}
		return err
	})
}

func (s *session) printImport(r importReport) {
	for _, a := range r.Apps {
		s.printStep(a.stepView, r.DryRun)
		s.printLosses(a.Losses)
	}
	if len(r.General) > 0 {
		fmt.Fprintln(s.out, "not carried over for any app:")
		s.printLosses(r.General)
	}
	if r.DryRun {
		fmt.Fprintln(s.out, "dry run: nothing was changed")
	}
}

func (s *session) printLosses(losses []admin.Loss) {
	for _, l := range losses {
		fmt.Fprintf(s.out, "    %s: ", l.Kind)
		if l.Element != "" {
			fmt.Fprintf(s.out, "%s: ", l.Element)
		}
		fmt.Fprint(s.out, l.Reason)
		if l.File != "" {
			fmt.Fprintf(s.out, " (%s:%d)", l.File, l.Line)
		}
		fmt.Fprintln(s.out)
	}
}
