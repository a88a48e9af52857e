package api

import (
	"slices"

	"countersign/internal/audit"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

// eventView is an event with the id that pages are counted by.
type eventView struct {
	ID string `json:"id"`
	audit.Event
}

// listEvents pages through the audit log: backwards from the newest, or forwards
// in order of time, when the last cursor can be asked again for what came since.
func listEvents(c *call) (web.Answer, error) {
	limit, err := c.limit()
	if err != nil {
		return web.Answer{}, err
	}
	order, err := c.word("order", "newest", "oldest")
	if err != nil {
		return web.Answer{}, err
	}
	f := audit.Filter{
		App: oauth.ClientID(c.text("app")), User: oauth.UserID(c.text("user")), Name: audit.Name(c.text("event")), Rule: c.text("rule"),
		Newest: order == "newest", Limit: limit,
	}
	if f.Name != "" && !slices.ContainsFunc(audit.Catalogue, func(e audit.Entry) bool { return e.Name == f.Name }) {
		return web.Answer{}, explain(c.Request, ErrParameter, "there is no event "+quoted(string(f.Name)))
	}
	if f.Since, err = c.since(); err != nil {
		return web.Answer{}, err
	}
	at, err := c.fromID()
	if err != nil {
		return web.Answer{}, err
	}
	if f.Newest {
		f.Before = at
	} else {
		f.After = at
	}
	events, err := c.desk.Events(c.Context(), f)
	if err != nil {
		return web.Answer{}, err
	}
	views := make([]eventView, len(events))
	for i, e := range events {
		views[i] = eventView{e.ID.String(), e}
	}
	next := ""
	switch {
	case len(views) > 0 && (len(views) == limit || !f.Newest):
		next = c.cursor(views[len(views)-1].ID)
	case !f.Newest:
		next = c.text("cursor") // nothing new: ask again later
	}
	return paged(views, next)
}
