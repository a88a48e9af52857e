package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/oauth"
)

type auditCommands struct {
	List auditList `cmd:"" help:"List events."`
}

type auditList struct {
	pair
	Event  string `help:"Only events of this name." placeholder:"NAME"`
	Rule   string `help:"Only refusals by this rule." placeholder:"RULE"`
	Since  string `help:"Only events since: a time (RFC 3339), a date, or a length of time such as 2h." placeholder:"TIME"`
	Limit  int    `help:"At most so many." default:"100"`
	Follow bool   `short:"f" help:"Go on printing events as they come; JSON comes one event a line."`
}

// followEvery is how often new events are looked for.
const followEvery = 500 * time.Millisecond

// Run prints the newest events, in order of time.
func (c *auditList) Run(s *session) error {
	return s.at(reading, func(d door) error {
		f, err := c.filter(s, d)
		if err != nil {
			return err
		}
		events, err := d.Events(s.ctx, f)
		if err != nil {
			return err
		}
		slices.Reverse(events)
		if !c.Follow {
			return list(s, events, auditHeading, auditRow)
		}
		return c.follow(s, d, f, events)
	})
}

func (c *auditList) filter(s *session, d door) (audit.Filter, error) {
	user, app, err := c.find(s, d)
	f := audit.Filter{App: oauth.ClientID(app), User: oauth.UserID(user), Name: audit.Name(c.Event), Rule: c.Rule, Limit: c.Limit, Newest: true}
	if err != nil {
		return f, err
	}
	if c.Event != "" && !slices.ContainsFunc(audit.Catalogue, func(e audit.Entry) bool { return e.Name == f.Name }) {
		return f, usage{fmt.Sprintf("--event: there is no event %q; see: countersign explain events", c.Event)}
	}
	f.Since, err = since(c.Since, s.now())
	return f, err
}

func since(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	d, err := client.ParseDuration(text)
	if err != nil {
		return time.Time{}, usage{"--since: " + text + " is neither a time, nor a date, nor a length of time"}
	}
	return now.Add(-time.Duration(d)), nil
}

var auditHeading = []string{"TIME", "EVENT", "APP", "USER", "WHO", "RULE", "DETAIL"}

func auditRow(e audit.Event) []string {
	who := e.Actor
	if who == "" {
		who = e.Address
	}
	return []string{when(e.Time), string(e.Name), string(e.App), string(e.User), who, e.Rule, details(e.Detail)}
}

func details(m map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k+"="+m[k])
	}
	return strings.Join(out, " ")
}

// follow prints what is there and what comes, until it is interrupted.
func (c *auditList) follow(s *session, d door, f audit.Filter, events []audit.Event) error {
	f.Newest, f.Since, f.Limit = false, time.Time{}, 1000
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		for _, e := range events {
			f.After = e.ID
			if err := c.say(s, e); err != nil {
				return err
			}
		}
		select {
		case <-s.ctx.Done():
			return nil
		case <-tick.C:
		}
		var err error
		if events, err = d.Events(s.ctx, f); err != nil {
			if s.ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

func (c *auditList) say(s *session, e audit.Event) error {
	if s.Output == "json" {
		return json.NewEncoder(s.out).Encode(e)
	}
	_, err := fmt.Fprintln(s.out, strings.Join(slices.DeleteFunc(auditRow(e), func(v string) bool { return v == "" }), "  "))
	return err
}
