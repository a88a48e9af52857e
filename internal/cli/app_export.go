package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/config"
	"countersign/internal/server"
	"countersign/internal/sfdx"
)

type appExport struct {
	IDs     []string `arg:"" optional:"" name:"app" help:"client_id or name; none: every app."`
	Format  string   `help:"sfdx: a Salesforce project; mdapi: the same in metadata format; yaml: apps as code, for countersign apply." enum:"sfdx,mdapi,yaml" default:"yaml"`
	Out     string   `help:"Directory of the project, or file of the apps as code; - writes the latter to standard output." required:"" placeholder:"DIR|FILE"`
	KeepIDs bool     `name:"keep-ids" help:"Write client_ids as consumer keys. In apps as code they always stand."`
	Force   bool     `help:"Write over files that are there."`
}

// exported is the outcome as JSON.
type exported struct {
	Files []string      `json:"files"`
	Apps  []exportedApp `json:"apps"`
}

type exportedApp struct {
	ID     string       `json:"client_id"`
	Name   string       `json:"name"`
	Losses []admin.Loss `json:"not_carried_over"`
}

// Run writes the files and says what they cannot say.
func (c *appExport) Run(s *session) error {
	return s.with(reading, func(d *server.Data) error {
		apps, err := c.apps(s, d)
		if err != nil {
			return err
		}
		if c.Format == "yaml" {
			return c.code(s, apps)
		}
		format := sfdx.Source
		if c.Format == "mdapi" {
			format = sfdx.Metadata
		}
		out, err := admin.ExportMetadata(apps, format, c.KeepIDs, s.now())
		if err != nil {
			return err
		}
		var files []outFile
		for _, f := range out.Files {
			files = append(files, outFile{filepath.Join(c.Out, filepath.FromSlash(f.Path)), f.Data})
		}
		return c.finish(s, files, apps, out)
	})
}

func (c *appExport) apps(s *session, d *server.Data) ([]*client.Client, error) {
	if len(c.IDs) == 0 {
		return d.Desk.AllApps(s.ctx)
	}
	var out []*client.Client
	for _, id := range c.IDs {
		a, err := d.Desk.App(s.ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func (c *appExport) code(s *session, apps []*client.Client) error {
	text, err := config.WriteApps(apps)
	if err != nil {
		return err
	}
	if c.Out == "-" {
		_, err := s.out.Write(text)
		return err
	}
	return c.finish(s, []outFile{{c.Out, text}}, apps, admin.Exported{})
}

type outFile struct {
	name string
	data []byte
}

// finish writes the files, none if one of them is there already, and reports.
func (c *appExport) finish(s *session, files []outFile, apps []*client.Client, out admin.Exported) error {
	for _, f := range files {
		if _, err := os.Lstat(f.name); !c.Force && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s exists already; nothing was written. Name another place, or --force", f.name)
		}
	}
	report := exported{Files: []string{}, Apps: []exportedApp{}}
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.name), 0o755); err != nil { //nolint:gosec // holds no secret, and is meant to be shared
			return err
		}
		if err := writeFile(f.name, func(w io.Writer) error { _, err := w.Write(f.data); return err }); err != nil {
			return err
		}
		report.Files = append(report.Files, f.name)
	}
	for _, a := range apps {
		report.Apps = append(report.Apps, exportedApp{string(a.ID), a.Name, append([]admin.Loss{}, out.Losses[a.ID]...)})
	}
	if s.Output == "json" {
		return s.json(report)
	}
	for _, f := range report.Files {
		fmt.Fprintf(s.out, "wrote %s\n", f)
	}
	for _, a := range report.Apps {
		if len(a.Losses) > 0 {
			fmt.Fprintf(s.out, "%s (%s)\n", a.Name, a.ID)
			s.printLosses(a.Losses)
		}
	}
	return nil
}
