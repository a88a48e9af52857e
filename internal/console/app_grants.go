package console

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"countersign/internal/admin"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type appGrantsBody struct {
	Grants []appGrantRow
	More   bool
	Most   int
	EndAll string
	None   *page.Empty
}

type appGrantRow struct {
	Who, User, Scopes, Flow string
	Begun, Refreshed        page.Moment
	Refreshes               string
	End                     string
}

// mostGrants is how many grants a page shows.
const mostGrants = 100

// appGrantsPage lists the living grants to an app, the newest first.
func (c *Console) appGrantsPage(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	list, err := v.desk.FamiliesOf(v.ctx(), "", a.ID, mostGrants+1)
	if err != nil {
		return web.Answer{}, err
	}
	b := appGrantsBody{More: len(list) > mostGrants, Most: mostGrants}
	names := map[oauth.UserID]string{}
	for _, f := range list[:min(len(list), mostGrants)] {
		g := admin.ViewGrant(f)
		fl, _ := flow.ByName(g.Flow)
		row := appGrantRow{
			Who: v.personName(names, g.User), User: string(g.User), Scopes: g.Scopes.String(), Flow: short(fl),
			Begun: v.at(g.Begun), Refreshed: v.at(g.Refreshed), Refreshes: page.Number(int(g.Refreshes)),
		}
		if v.may("edit-apps") {
			row.End = appPath(a.ID) + "/grants/" + g.ID + "/end"
		}
		b.Grants = append(b.Grants, row)
	}
	if len(list) == 0 {
		b.None = &page.Empty{Title: "Nobody is signed in through this app", Text: "A grant appears here when a person signs in and the app gets a refresh token. Access tokens without one end by themselves."}
	} else if v.may("edit-apps") {
		b.EndAll = appPath(a.ID) + "/grants/end"
	}
	return v.page("app-grants", v.appFrame(a, "Grants", b))
}

// personName is the user name of a person; each is looked up once.
func (v *visit) personName(known map[oauth.UserID]string, id oauth.UserID) string {
	if name, ok := known[id]; ok {
		return name
	}
	name := string(id)
	if p, err := v.desk.People.Account(v.ctx(), id); err == nil {
		name = p.Username
	}
	known[id] = name
	return name
}

// endAppGrant ends one grant, access tokens included.
func (c *Console) endAppGrant(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	f, err := v.desk.AppGrant(v.ctx(), a.ID, v.path("grant"))
	if errors.Is(err, grant.ErrNotFound) {
		return v.done(appPath(a.ID)+"/grants", page.Notice{Tone: page.Info, Text: "This grant is over already, or is not one of this app."})
	} else if err != nil {
		return web.Answer{}, err
	}
	if err := v.desk.EndGrant(v.ctx(), f.ID.String()); err != nil {
		return web.Answer{}, err
	}
	who := v.personName(map[oauth.UserID]string{}, f.User)
	return v.done(appPath(a.ID)+"/grants", page.Notice{Tone: page.Good, Text: "The grant of " + who + " ended, access tokens included."})
}

func endAppGrantsFrame(name, at string) page.Frame {
	return page.Frame{
		Title: "End every grant?", Crumbs: []page.Link{{Text: "Apps", Path: "/console/apps"}, {Text: name, Path: at}},
		Body: page.Confirm{
			Action: at + "/grants/end", Lead: "Everybody who is signed in through " + name + " is signed out.",
			Effects: []string{"Access tokens and refresh tokens of the app are dead within a second.", "People sign in again; the app itself stays as it is."},
			Button:  "End every grant", Back: at + "/grants",
		},
	}
}

// endAppGrantsPage asks before everybody is signed out.
func (c *Console) endAppGrantsPage(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	return v.page("confirm", endAppGrantsFrame(a.Name, appPath(a.ID)))
}

func (c *Console) endAppGrants(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	n, err := v.desk.EndGrants(v.ctx(), "", a.ID)
	if err != nil {
		return web.Answer{}, err
	}
	return v.done(appPath(a.ID)+"/grants", page.Notice{Tone: page.Good, Text: fmt.Sprintf("%s ended. Every earlier token of the app is dead.", page.Count(n, "grant", "grants"))})
}

func deleteAppFrame(name, at string, fault *page.Fault) page.Frame {
	return page.Frame{
		Title: "Delete this app?", Crumbs: []page.Link{{Text: "Apps", Path: "/console/apps"}, {Text: name, Path: at}},
		Body: page.Confirm{
			Action: at + "/delete", Lead: "The app " + name + " goes for good, with its settings, secrets and tokens.",
			Effects: []string{
				"Everything it holds is dead within a second.", "Its client_id is never given out again.",
				"To stop it for a while, switch it off under Policies instead.",
			},
			Field:  &page.Field{Name: "name", Label: "Type the app's name to confirm", Required: true, Autocomplete: "off", Fault: fault},
			Button: "Delete the app", Back: at,
		},
	}
}

// deleteAppPage asks before an app goes.
func (c *Console) deleteAppPage(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	return v.page("confirm", deleteAppFrame(a.Name, appPath(a.ID), nil))
}

func (c *Console) deleteApp(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	if strings.TrimSpace(v.form("name")) != a.Name {
		return v.pageStatus(http.StatusUnprocessableEntity, "confirm", deleteAppFrame(a.Name, appPath(a.ID), &page.Fault{Text: "This is not the app's name.", Remedy: "Nothing was deleted."}))
	}
	if err := v.desk.DeleteApp(v.ctx(), a.ID); err != nil {
		return web.Answer{}, err
	}
	return v.done("/console/apps", page.Notice{Tone: page.Good, Text: a.Name + " is deleted. Its tokens are dead."})
}
