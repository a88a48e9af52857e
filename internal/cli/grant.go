package cli

import (
	"strconv"

	"countersign/internal/admin"
	"countersign/internal/oauth"
	"countersign/internal/server"
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

func (p pair) find(s *session, d *server.Data) (user oauth.UserID, app oauth.ClientID, err error) {
	if p.User != "" {
		a, err := d.Desk.User(s.ctx, p.User)
		if err != nil {
			return "", "", err
		}
		user = a.ID
	}
	if p.App != "" {
		c, err := d.Desk.App(s.ctx, p.App)
		if err != nil {
			return "", "", err
		}
		app = c.ID
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
	return s.with(reading, func(d *server.Data) error {
		user, app, err := c.find(s, d)
		if err != nil {
			return err
		}
		families, err := d.Desk.FamiliesOf(s.ctx, user, app, c.Limit)
		if err != nil {
			return err
		}
		views := make([]admin.GrantView, len(families))
		for i, f := range families {
			views[i] = admin.ViewGrant(f)
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
	return s.with(changing, func(d *server.Data) error {
		if c.ID != "" {
			if err := d.Desk.EndGrant(s.ctx, c.ID); err != nil {
				return err
			}
			return s.done("ended grant %s", c.ID)
		}
		user, app, err := c.find(s, d)
		if err != nil {
			return err
		}
		n, err := d.Desk.EndGrants(s.ctx, user, app)
		if err != nil {
			return err
		}
		return s.done("ended %d refresh grants, and every access token issued until now", n)
	})
}
