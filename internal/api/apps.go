package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

// consent is what a request says to let through what the review would stop.
type consent struct {
	Force bool        `json:"force"`
	Waive *acceptance `json:"waive"`
}

type acceptance struct {
	Reason string    `json:"reason"`
	Owner  string    `json:"owner"`
	Until  time.Time `json:"until"`
}

func (a *acceptance) words() admin.Acceptance {
	return admin.Acceptance{Reason: a.Reason, Owner: a.Owner, Until: a.Until}
}

// consented is the consent as admin takes it; both at once is none of the two.
// Whoever changes apps does not accept findings on them by that right alone.
//
// Spec: NIST SP 800-53 AC-5.
func (c *call) consented(w consent) (admin.Consent, error) {
	switch {
	case w.Waive == nil && !w.Force:
		return admin.Consent{}, nil
	case !c.machine.Scopes.Has(admin.ReviewWrite):
		return admin.Consent{}, explain(c.Request, ErrRight, "a consent needs the scope "+string(admin.ReviewWrite))
	case w.Waive == nil:
		return admin.Consent{Force: true}, nil
	}
	if w.Force {
		return admin.Consent{}, admin.Invalid{{Field: "consent", Text: "force or waive, not both"}}
	}
	a := w.Waive.words()
	return admin.Consent{Waive: &a}, nil
}

// listApps pages through all apps, which are in order of name and id. A cursor is
// the id of the last one that was given.
func listApps(c *call) (web.Answer, error) {
	limit, err := c.limit()
	if err != nil {
		return web.Answer{}, err
	}
	last, err := c.from()
	if err != nil {
		return web.Answer{}, err
	}
	all, err := c.desk.AllApps(c.Context())
	if err != nil {
		return web.Answer{}, err
	}
	name, search := c.text("name"), strings.ToLower(c.text("search"))
	all = slices.DeleteFunc(all, func(a *client.Client) bool {
		return name != "" && a.Name != name ||
			search != "" && !strings.Contains(strings.ToLower(a.Name+" "+string(a.ID)), search)
	})
	if last != "" { // an app that is gone begins anew rather than ends
		all = all[slices.IndexFunc(all, func(a *client.Client) bool { return string(a.ID) == last })+1:]
	}
	next := ""
	if len(all) > limit {
		all = all[:limit]
		next = c.cursor(string(all[limit-1].ID))
	}
	views := make([]admin.AppView, len(all))
	for i, a := range all {
		views[i] = admin.ViewApp(a)
	}
	return paged(views, next)
}

func createApp(c *call) (web.Answer, error) {
	var in struct {
		ClientID oauth.ClientID `json:"client_id"`
		Settings settings       `json:"settings"`
		Consent  consent        `json:"consent"`
	}
	if err := c.read(&in); err != nil {
		return web.Answer{}, err
	}
	values, err := sets(admin.AppFields, in.Settings)
	if err != nil {
		return web.Answer{}, err
	}
	words, err := c.consented(in.Consent)
	if err != nil {
		return web.Answer{}, err
	}
	r, err := c.desk.CreateApp(c.Context(), in.ClientID, values, words)
	if err != nil {
		return web.Answer{}, err
	}
	a, err := c.record(http.StatusCreated, r.App.Version, r.View())
	return c.made(a, err, "/apps/"+string(r.App.ID))
}

func showApp(c *call) (web.Answer, error) {
	a, err := c.app()
	if err != nil {
		return web.Answer{}, err
	}
	return c.record(http.StatusOK, a.Version, admin.ViewApp(a))
}

func changeApp(c *call) (web.Answer, error) {
	var in struct {
		Settings settings `json:"settings"`
		Consent  consent  `json:"consent"`
	}
	if err := c.read(&in); err != nil {
		return web.Answer{}, err
	}
	values, err := sets(admin.AppFields, in.Settings)
	if err != nil {
		return web.Answer{}, err
	}
	words, err := c.consented(in.Consent)
	if err != nil {
		return web.Answer{}, err
	}
	old, err := c.app()
	if err == nil {
		err = c.decided(old.Version)
	}
	if err != nil {
		return web.Answer{}, err
	}
	return c.changed(c.desk.ChangeApp(c.Context(), old.ID, values, words))
}

// changed answers with an app and what changed of it.
func (c *call) changed(r admin.AppResult, err error) (web.Answer, error) {
	if err != nil {
		return web.Answer{}, err
	}
	return c.record(http.StatusOK, r.App.Version, r.View())
}

func deleteApp(c *call) (web.Answer, error) {
	a, err := c.app()
	if err == nil {
		err = c.decided(a.Version)
	}
	if err == nil {
		err = c.desk.DeleteApp(c.Context(), a.ID)
	}
	return done(err)
}

func rotateSecret(c *call) (web.Answer, error) {
	var in struct {
		Overlap *string `json:"overlap"`
	}
	if err := c.read(&in); err != nil {
		return web.Answer{}, err
	}
	overlap := admin.DefaultOverlap
	if in.Overlap != nil {
		d, err := client.ParseDuration(*in.Overlap)
		if err != nil {
			return web.Answer{}, admin.Invalid{{Field: "overlap", Text: err.Error()}}
		}
		overlap = time.Duration(d)
	}
	a, err := c.app()
	if err != nil {
		return web.Answer{}, err
	}
	r, err := c.desk.RotateSecret(c.Context(), a.ID, overlap)
	if err != nil {
		return web.Answer{}, err
	}
	return c.record(http.StatusCreated, r.App.Version, r.View())
}

func removeSecret(c *call) (web.Answer, error) {
	a, err := c.app()
	if err != nil {
		return web.Answer{}, err
	}
	return c.changed(c.desk.RemoveSecret(c.Context(), a.ID, c.HTTP.PathValue("secret_id")))
}
