package cli

import (
	"github.com/alecthomas/kong"

	"countersign/internal/admin"
	"countersign/internal/client"
)

type orgCommands struct {
	Show orgShow `cmd:"" help:"Show what holds for every app."`
	Set  orgSet  `cmd:"" help:"Change what holds for every app; prints what changed."`
}

type orgShow struct{}

// Run shows the settings.
func (*orgShow) Run(s *session) error {
	return s.at(reading, func(d door) error {
		o, err := d.Org(s.ctx)
		if err != nil {
			return err
		}
		lines := [][]string{{"org_id", o.ID}, {"site_id", o.SiteID}}
		for _, l := range admin.Lines(admin.OrgFields, &o.Org) {
			lines = append(lines, []string{l.Name, l.Value})
		}
		return one(s, o, lines)
	})
}

type orgView struct {
	client.Org
	Changes []admin.Change `json:"changes,omitempty"`
}

type orgSet struct {
	kong.Plugins
}

// Run changes settings and prints the diff.
func (c *orgSet) Run(s *session) error {
	changes := sets(c.Plugins)
	if len(changes) == 0 {
		return usage{"org set: nothing to change; name a setting, such as --require-pkce"}
	}
	return s.at(changing, func(d door) error {
		o, err := d.ChangeOrg(s.ctx, changes)
		if err != nil {
			return err
		}
		return s.changed(o, o.Changes)
	})
}
