package cli

import (
	"strconv"
	"time"

	"countersign/internal/admin"
	"countersign/internal/flow"
	"countersign/internal/server"
)

type appList struct {
	Search string `help:"Words that name, client_id, owner or a callback contain." placeholder:"TEXT"`
	Flow   string `help:"Apps with this flow switched on." placeholder:"FLOW"`
	Health string `help:"Apps by their worst open finding: critical, high, medium, any, none." placeholder:"SEVERITY"`
	Use    string `help:"Apps by their last use: 30d (in the last 30 days), idle (not), never." placeholder:"USE"`
	State  string `help:"Apps that are on, or off." placeholder:"on|off"`
	Order  string `help:"By name, health (the worst first), used, idle or changed." default:"name"`
	Page   int    `help:"Which page; 0: all." default:"0"`
	Size   int    `help:"How many apps are on a page." default:"50"`
}

// Run lists the apps.
func (c *appList) Run(s *session) error {
	if c.plain() {
		return s.at(reading, c.all(s))
	}
	q := admin.AppQuery{Text: c.Search, Health: c.Health, Use: c.Use, State: c.State, Order: c.Order, Page: c.Page, Size: c.Size}
	if c.Flow != "" {
		name, ok := flow.ParseName(c.Flow)
		if q.Flow = name; !ok {
			q.Flow = flow.Name(c.Flow)
		}
	}
	return s.with(reading, func(d *server.Data) error {
		d.Desk.Index = &admin.AppIndex{}
		var rows []admin.AppRow
		for {
			p, err := d.Desk.FindApps(s.ctx, q)
			if err != nil {
				return err
			}
			rows = append(rows, p.Apps...)
			if c.Page > 0 || p.Page == p.Pages {
				break
			}
			q.Page = p.Page + 1
		}
		return list(s, rows, []string{"CLIENT_ID", "NAME", "ENABLED", "FLOWS", "LAST USED", "HEALTH", "OPEN", "WORST"}, appLine)
	})
}

func (c *appList) plain() bool {
	return *c == (appList{Order: "name", Size: c.Size})
}

func (c *appList) all(s *session) func(door) error {
	return func(d door) error {
		views, err := d.Apps(s.ctx)
		if err != nil {
			return err
		}
		return list(s, views, []string{"CLIENT_ID", "NAME", "TYPE", "FIRST PARTY", "ENABLED", "FLOWS"}, func(v admin.AppView) []string {
			return []string{string(v.ID), v.Name, string(v.Type), yes(v.FirstParty), yes(v.Enabled), words(v.Flows)}
		})
	}
}

func appLine(a admin.AppRow) []string {
	used := "never"
	if !a.LastUsed.IsZero() {
		used = a.LastUsed.UTC().Format(time.DateOnly)
	}
	return []string{string(a.ID), a.Name, yes(a.Enabled), words(a.Flows), used, a.Health.Words(), strconv.Itoa(a.Health.Open), a.Health.Worst}
}
