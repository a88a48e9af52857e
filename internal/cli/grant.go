package cli

import (
	"strconv"

	"countersign/internal/admin"
)

type grantCommands struct {
	List   grantList   `cmd:"" help:"List living refresh grants of a person or an app, newest first."`
	Revoke grantRevoke `cmd:"" help:"End grants and every token of theirs."`
}

// pair names a person, an app, or both.
type pair struct {
	User string `help:"Id, user name or e-mail address." placeholder:"USER"`
	App  string `help:"client_id or name." placeholder:"APP"`
}

func (p pair) find(s *session, d door) (user, app string, err error) {
	if p.User != "" {
		a, err := d.User(s.ctx, p.User)
		if err != nil {
			return "", "", err
		}
		user = string(a.ID)
	}
	if p.App != "" {
		c, err := d.App(s.ctx, p.App)
		if err != nil {
			return "", "", err
		}
		app = string(c.ID)
	}
	return user, app, nil
}

type grantList struct {
	pair
	Limit int `help:"At most so many." default:"100"`
}

// Run lists grants.
func (c *grantList) Run(s *session) error {
	if c.User == "" && c.App == "" {
		return usage{"grant list: whose? give --user, --app or both"}
	}
	return s.at(reading, func(d door) error {
		user, app, err := c.find(s, d)
		if err != nil {
			return err
		}
		views, err := d.Grants(s.ctx, user, app, c.Limit)
		if err != nil {
			return err
		}
		return list(s, views, []string{"ID", "APP", "USER", "FLOW", "SCOPES", "BEGUN", "REFRESHES"}, func(v admin.GrantView) []string {
			return []string{v.ID, string(v.App), string(v.User), string(v.Flow), v.Scopes.String(), when(v.Begun), strconv.FormatInt(v.Refreshes, 10)}
		})
	})
}

type grantRevoke struct {
	ID string `arg:"" optional:"" name:"grant" help:"Id of one grant."`
	pair
}

// Run ends grants.
func (c *grantRevoke) Run(s *session) error {
	if (c.ID == "") == (c.User == "" && c.App == "") {
		return usage{"grant revoke: give the id of a grant, or --user, --app or both"}
	}
	return s.at(changing, func(d door) error {
		if c.ID != "" {
			if err := d.EndGrant(s.ctx, c.ID); err != nil {
				return err
			}
			return s.done("ended grant %s", c.ID)
		}
		user, app, err := c.find(s, d)
		if err != nil {
			return err
		}
		n, err := d.EndGrants(s.ctx, user, app)
		if err != nil {
			return err
		}
		return s.done("ended %d refresh grants, and every access token issued until now", n)
	})
}
