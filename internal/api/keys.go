package api

import (
	"cmp"
	"net/http"

	"countersign/internal/admin"
	"countersign/internal/jose"
	"countersign/internal/key"
	"countersign/internal/web"
)

func listKeys(c *call) (web.Answer, error) {
	all, err := c.word("all", "false", "true")
	if err != nil {
		return web.Answer{}, err
	}
	keys, err := c.desk.SigningKeys(c.Context())
	if err != nil {
		return web.Answer{}, err
	}
	var views []admin.KeyView
	for _, k := range keys {
		if all == "true" || k.State != key.Removed {
			views = append(views, admin.ViewKey(k))
		}
	}
	return paged(views, "")
}

func rotateKey(c *call) (web.Answer, error) {
	var in struct {
		Alg jose.Alg `json:"alg"`
		Now bool     `json:"now"`
	}
	if err := c.read(&in); err != nil {
		return web.Answer{}, err
	}
	k, err := c.desk.RotateKey(c.Context(), cmp.Or(in.Alg, jose.ES256), in.Now)
	if err != nil {
		return web.Answer{}, err
	}
	return web.JSON(http.StatusCreated, admin.ViewKey(k))
}

func retireKey(c *call) (web.Answer, error) {
	return done(c.desk.RetireKey(c.Context(), c.HTTP.PathValue("kid")))
}
