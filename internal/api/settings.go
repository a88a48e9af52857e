package api

import (
	"net/http"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/web"
)

// settingsView are the settings for every app, with what changed of them.
type settingsView struct {
	client.Org
	Changes []admin.Change `json:"changes,omitempty"`
}

func showSettings(c *call) (web.Answer, error) {
	o, err := c.desk.Org(c.Context())
	if err != nil {
		return web.Answer{}, err
	}
	return c.record(http.StatusOK, o.Version, settingsView{Org: o})
}

func changeSettings(c *call) (web.Answer, error) {
	var in struct {
		Settings settings `json:"settings"`
	}
	if err := c.read(&in); err != nil {
		return web.Answer{}, err
	}
	values, err := sets(admin.OrgFields, in.Settings)
	if err != nil {
		return web.Answer{}, err
	}
	old, err := c.desk.Org(c.Context())
	if err == nil {
		err = c.decided(old.Version)
	}
	if err != nil {
		return web.Answer{}, err
	}
	_, changes, err := c.desk.ChangeOrg(c.Context(), values)
	if err != nil {
		return web.Answer{}, err
	}
	o, err := c.desk.Org(c.Context()) // with its new version
	if err != nil {
		return web.Answer{}, err
	}
	return c.record(http.StatusOK, o.Version, settingsView{o, changes})
}
