package console

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type appsBody struct {
	Find  page.Filters
	Found string // 12 apps, 3 of 12 apps
	Apps  []appsRow
	Pager page.Pager
	None  *page.Empty
	Fault *page.Fault
}

type appsRow struct {
	Name, ID, Path, Kind, Owner string
	Off                         bool
	Flows                       []string
	Used                        page.Moment
	Health                      healthLine
}

// healthLine is a health in a line of a table.
type healthLine struct {
	Score string // 71
	Grade page.Badge
	Worst *page.Badge // of the worst open finding
	Path  string
}

// appsPage lists apps, as they are searched, filtered and ordered.
func (c *Console) appsPage(v *visit) (web.Answer, error) {
	q := v.appQuery()
	b := appsBody{}
	p, err := v.desk.FindApps(v.ctx(), q)
	var faults admin.Invalid
	if errors.As(err, &faults) {
		b.Find = appFilters(q, faults)
		b.None = &page.Empty{Title: "This cannot be searched for", Text: "One of the filters has a value that the console does not know.", Action: &page.Link{Text: "Show every app", Path: "/console/apps"}}
		return v.pageStatus(http.StatusUnprocessableEntity, "apps", page.Frame{Title: "Apps", Wide: true, Body: b})
	} else if err != nil {
		return web.Answer{}, err
	}
	b.Find = appFilters(q, nil)
	for _, a := range p.Apps {
		b.Apps = append(b.Apps, v.appsRow(a))
	}
	switch {
	case p.All == 0:
		b.None = &page.Empty{Title: "No apps yet", Text: "An app is what logs people in, or calls an API as itself. Making one takes a minute: choose its kind, answer two or three questions, paste the code."}
		if v.may("edit-apps") {
			b.None.Action = &page.Link{Text: "Make the first app", Path: "/console/apps/new"}
		}
	case p.Found == 0:
		b.None = &page.Empty{Title: "No app fits", Text: "Take a filter away, or search for part of a name, a client_id, an owner or a callback URL.", Action: &page.Link{Text: "Show every app", Path: "/console/apps"}}
	}
	if b.Found = page.Count(p.Found, "app", "apps"); p.Found < p.All {
		b.Found = page.Number(p.Found) + " of " + page.Count(p.All, "app", "apps")
	}
	b.Pager = pagerOf(v, p)
	return v.page("apps", page.Frame{Title: "Apps", Wide: true, Body: b})
}

func (v *visit) appQuery() admin.AppQuery {
	n, _ := strconv.Atoi(v.query("page"))
	return admin.AppQuery{
		Text: v.query("q"), Flow: flow.Name(v.query("flow")), Health: v.query("health"), Use: v.query("use"), State: v.query("state"),
		Order: v.query("order"), Page: max(n, 1),
	}
}

func appFilters(q admin.AppQuery, faults admin.Invalid) page.Filters {
	fault := func(field string) *page.Fault {
		for _, f := range faults {
			if f.Field == field {
				return &page.Fault{Text: f.Text}
			}
		}
		return nil
	}
	pick := func(name, label, chosen string, first string, list []admin.Choice) page.Field {
		f := page.Field{Name: name, Label: label, Kind: "select", Fault: fault(name), Options: []page.Option{{Label: first, Chosen: chosen == ""}}}
		for _, c := range list {
			f.Options = append(f.Options, page.Option{Value: c.Value, Label: c.What, Chosen: c.Value == chosen})
		}
		return f
	}
	var flows []admin.Choice
	for _, f := range flow.All {
		flows = append(flows, admin.Choice{Value: string(f.Name), What: f.Title})
	}
	order := pick("order", "Order", q.Order, "", admin.AppOrders)
	order.Options = order.Options[1:] // the first is what no choice means
	return page.Filters{
		Action: "/console/apps",
		Fields: []page.Field{
			{Name: "q", Label: "Search", Kind: "search", Value: q.Text, Placeholder: "Name, client_id, owner or callback URL", Most: 200},
			pick("flow", "Flow", string(q.Flow), "any flow", flows),
			pick("health", "Health", q.Health, "any health", admin.HealthFilters),
			pick("use", "Last use", q.Use, "whenever", admin.UseFilters),
			pick("state", "State", q.State, "on or off", []admin.Choice{{Value: "on", What: "on"}, {Value: "off", What: "off"}}),
			order,
		},
		Active: q.Text+string(q.Flow)+q.Health+q.Use+q.State != "",
	}
}

func pagerOf(v *visit, p admin.AppPage) page.Pager {
	if p.Found == 0 {
		return page.Pager{}
	}
	at := func(n int) string {
		u := v.r.HTTP.URL.Query()
		u.Set("page", strconv.Itoa(n))
		return "/console/apps?" + u.Encode()
	}
	from := (p.Page-1)*pageSize + 1
	out := page.Pager{Text: fmt.Sprintf("Apps %s to %s of %s", page.Number(from), page.Number(from+len(p.Apps)-1), page.Number(p.Found))}
	if p.Page > 1 {
		out.Prev = at(p.Page - 1)
	}
	if p.Page < p.Pages {
		out.Next = at(p.Page + 1)
	}
	return out
}

// pageSize is what AppQuery.Size means when it is zero.
const pageSize = 50

func (v *visit) appsRow(a admin.AppRow) appsRow {
	r := appsRow{
		Name: a.Name, ID: string(a.ID), Path: appPath(a.ID), Kind: kindOf(a.Type, a.Platform), Owner: a.Owner, Off: !a.Enabled,
		Used: v.at(a.LastUsed), Health: healthOf(a.ID, a.Health),
	}
	for _, n := range a.Flows {
		f, _ := flow.ByName(n)
		r.Flows = append(r.Flows, short(f))
	}
	return r
}

// short is the title of a flow without what every title has.
func short(f flow.Flow) string {
	switch f.Name {
	case flow.CodeAndCredentials:
		return "Code and Credentials"
	case flow.RefreshToken:
		return "Refresh Token"
	case flow.AuthorizationCode:
		return "Web Server"
	case flow.ClientCredentials:
		return "Client Credentials"
	case flow.JWTBearer:
		return "JWT Bearer"
	case flow.Device:
		return "Device"
	case flow.TokenExchange:
		return "Token Exchange"
	}
	return f.Title
}

func appPath(id oauth.ClientID) string { return "/console/apps/" + url.PathEscape(string(id)) }

// kindOf says in words what an app is.
func kindOf(t client.Type, p client.Platform) string {
	words := map[client.Platform]string{
		client.Web: "Server app", client.SPA: "Single-page app", client.Mobile: "Mobile app", client.Native: "Desktop app", client.Machine: "Machine",
	}
	if t == client.Public {
		return words[p] + ", public"
	}
	return words[p] + ", with a secret"
}

func healthOf(id oauth.ClientID, h *admin.AppHealth) healthLine {
	l := healthLine{Score: review.Points(h.Score.Score), Grade: gradeBadge(h.Score), Path: appPath(id)}
	if h.Open > 0 {
		l.Worst = &page.Badge{Tone: page.Tone(h.Worst), Text: page.Count(h.Open, "open finding", "open findings")}
	}
	return l
}

func gradeBadge(s review.Score) page.Badge {
	return page.Badge{Tone: ringOf(s).Tone, Text: cmp.Or(string(s.Grade), "No score")}
}
