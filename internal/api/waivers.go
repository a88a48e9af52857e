package api

import (
	"net/http"

	"countersign/internal/web"
)

func listWaivers(c *call) (web.Answer, error) {
	views, err := c.desk.Waivers(c.Context())
	if err != nil {
		return web.Answer{}, err
	}
	return paged(views, "")
}

func addWaiver(c *call) (web.Answer, error) {
	var in struct {
		Control string `json:"control"`
		App     string `json:"app"`
		acceptance
	}
	if err := c.read(&in); err != nil {
		return web.Answer{}, err
	}
	w, err := c.desk.Waive(c.Context(), in.Control, in.App, in.words())
	if err != nil {
		return web.Answer{}, err
	}
	return web.JSON(http.StatusCreated, w)
}

func endWaiver(c *call) (web.Answer, error) {
	w, err := c.desk.EndWaiver(c.Context(), c.HTTP.PathValue("waiver_id"))
	if err != nil {
		return web.Answer{}, err
	}
	return web.JSON(http.StatusOK, w)
}
