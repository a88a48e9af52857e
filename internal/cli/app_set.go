package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/server"
)

type appSet struct {
	appArg
	consent
	Preview bool `help:"Change nothing: print the diff, what becomes of the findings, who would break, and what stops it."`
	kong.Plugins
}

// Run changes the app and prints the diff.
func (c *appSet) Run(s *session) error {
	changes := sets(c.Plugins)
	if len(changes) == 0 {
		return usage{"app set: nothing to change; name a setting, such as --flow device=off"}
	}
	words, err := c.words(s.now())
	if err != nil {
		return err
	}
	if c.Preview {
		return c.withApp(s, reading, func(d *server.Data, a *client.Client) error {
			p, err := d.Desk.PreviewApp(s.ctx, a.ID, changes)
			if err != nil {
				return err
			}
			return s.preview(p)
		})
	}
	return c.atApp(s, changing, func(d door, a admin.AppView) error {
		r, err := d.ChangeApp(s.ctx, string(a.ID), changes, words)
		if err != nil {
			return err
		}
		s.warn(r.Warnings)
		return s.changed(r, r.Changes)
	})
}

type appUndo struct {
	appArg
	consent
	Preview bool `help:"Change nothing: print what undoing would do."`
}

// Run takes the last change back and prints the diff.
func (c *appUndo) Run(s *session) error {
	words, err := c.words(s.now())
	if err != nil {
		return err
	}
	if c.Preview {
		return c.withApp(s, reading, func(d *server.Data, a *client.Client) error {
			p, err := d.Desk.PreviewUndo(s.ctx, a.ID)
			if err != nil {
				return err
			}
			return s.preview(p)
		})
	}
	return c.withApp(s, changing, func(d *server.Data, a *client.Client) error {
		r, err := d.Desk.UndoApp(s.ctx, a.ID, "", words)
		if err != nil {
			return err
		}
		s.warn(r.Warnings)
		return s.changed(r.View(), r.Changes)
	})
}

// preview prints what a change would do. Its faults are its error.
func (s *session) preview(p *admin.AppPreview) error {
	if s.Output == "json" {
		return s.json(p)
	}
	if len(p.Faults) > 0 {
		return p.Faults
	}
	if len(p.Changes) == 0 {
		return s.done("nothing would change")
	}
	var rows [][]string
	row := func(kind, format string, args ...any) {
		rows = append(rows, []string{kind, fmt.Sprintf(format, args...)})
	}
	for _, c := range p.Changes {
		row("change", "%s", c)
	}
	for _, v := range p.Verdicts {
		was := string(v.Was)
		if was == "" {
			was = "new"
		}
		row("finding", "%s: %s -> %s (%s)", v.Control, was, v.Is, v.Severity.Level)
	}
	row("score", "%s -> %s", p.Before.Words(), p.After.Words())
	row("breaks", "%s", breaks(p.Breaks))
	for _, v := range p.Stops {
		row("stopped", "%s (%s %.1f): %s; %s", v.Control, v.Severity.Level, v.Severity.Computed, v.Reason, v.Mend)
	}
	s.warn(p.Warnings)
	return s.table(rows)
}

func breaks(f admin.ChangeForecast) string {
	switch {
	case !f.Counted:
		return "unknown: nobody counted requests of this app"
	case f.Nobody():
		return fmt.Sprintf("nobody, going by %d requests of %d days", f.Of, f.Days)
	}
	text := fmt.Sprintf("%d of %d requests of %d days", f.Refused, f.Of, f.Days)
	if len(f.Unknown) > 0 {
		text += "; unknown for " + strings.Join(f.Unknown, ", ")
	}
	return text
}
