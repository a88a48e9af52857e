package api

import (
	"net/http"

	"countersign/internal/admin"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/web"
)

// errWhose wants a person, an app or both.
var errWhose = admin.Invalid{{Field: "user", Text: "name a person, an app, or both"}}

// pair makes sure that the person and the app exist, if they are named. Errors:
// client.ErrNotFound, account.ErrNotFound.
func (c *call) pair(user, app string) (oauth.UserID, oauth.ClientID, error) {
	if app != "" {
		if _, err := c.desk.Apps.Client(c.Context(), oauth.ClientID(app)); err != nil {
			return "", "", err
		}
	}
	if user == "" {
		return "", oauth.ClientID(app), nil
	}
	if secret.ValidRecordID(secret.PrefixUser, user) {
		user = secret.RecordID18(user)
	}
	p, err := c.desk.People.Account(c.Context(), oauth.UserID(user))
	if err != nil {
		return "", "", err
	}
	return p.ID, oauth.ClientID(app), nil
}

func listGrants(c *call) (web.Answer, error) {
	limit, err := c.limit()
	if err != nil {
		return web.Answer{}, err
	}
	if c.text("user")+c.text("app") == "" {
		return web.Answer{}, errWhose
	}
	user, app, err := c.pair(c.text("user"), c.text("app"))
	if err != nil {
		return web.Answer{}, err
	}
	families, err := c.desk.FamiliesOf(c.Context(), user, app, limit)
	if err != nil {
		return web.Answer{}, err
	}
	views := make([]admin.GrantView, len(families))
	for i, f := range families {
		views[i] = admin.ViewGrant(f)
	}
	return paged(views, "")
}

func endGrants(c *call) (web.Answer, error) {
	var in struct {
		App  string `json:"app"`
		User string `json:"user"`
	}
	if err := c.read(&in); err != nil {
		return web.Answer{}, err
	}
	if in.App+in.User == "" {
		return web.Answer{}, errWhose
	}
	user, app, err := c.pair(in.User, in.App)
	if err != nil {
		return web.Answer{}, err
	}
	n, err := c.desk.EndGrants(c.Context(), user, app)
	if err != nil {
		return web.Answer{}, err
	}
	return web.JSON(http.StatusOK, map[string]int{"ended": n})
}

func endGrant(c *call) (web.Answer, error) {
	return done(c.desk.EndGrant(c.Context(), c.HTTP.PathValue("grant_id")))
}
