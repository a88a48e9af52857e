package api

import (
	"net/http"
	"time"

	"countersign/internal/admin"
	"countersign/internal/oauth"
	"countersign/internal/usage"
	"countersign/internal/web"
)

func listUsage(c *call) (web.Answer, error) {
	days, err := c.number("days", 30, usage.Keep)
	if err != nil {
		return web.Answer{}, err
	}
	list, since, err := c.desk.UsageOf(c.Context(), oauth.ClientID(c.text("app")), days)
	if err != nil {
		return web.Answer{}, err
	}
	return web.JSON(http.StatusOK, struct {
		Items []admin.Seen `json:"items"`
		Since time.Time    `json:"since,omitzero"`
	}{list, since})
}
