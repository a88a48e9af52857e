package console

import (
	"net/url"
	"slices"
	"strconv"

	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/web/page"
)

// reviewFilter is what the address of the review asks to see.
type reviewFilter struct{ severity, area, status, app string }

func filterOf(query func(string) string) reviewFilter {
	return reviewFilter{query("severity"), query("area"), query("status"), query("app")}
}

func (w reviewFilter) any() bool { return w != reviewFilter{} }

// takes says whether a finding is asked for.
func (w reviewFilter) takes(f review.Finding) bool {
	return w.wantsStatus(f.Status) && w.wantsApp(f.App) &&
		(w.severity == "" || f.Severity.Level == w.severity && f.Weight() > 0) &&
		(w.area == "" || controls.AreaOf(f.Control).Name == w.area)
}

// wantsStatus is, without a status, what needs somebody: what passed and does not
// apply is left out.
func (w reviewFilter) wantsStatus(s review.Status) bool {
	if w.status == "" {
		return s != review.Pass && s != review.NotApplicable
	}
	return w.status == "all" || w.status == string(s)
}

func (w reviewFilter) wantsApp(id string) bool {
	return w.app == "" || w.app == id || w.app == "server" && id == ""
}

// mostChoices bounds the list of apps to choose from; beyond it an id is typed.
const mostChoices = 200

func (w reviewFilter) form(run *review.Run) page.Filters {
	severity := []page.Option{{Label: "Any"}}
	for _, l := range levels {
		severity = append(severity, page.Option{Value: l, Label: l, Chosen: l == w.severity})
	}
	area := []page.Option{{Label: "Any"}}
	for _, a := range controls.Areas {
		area = append(area, page.Option{Value: a.Name, Label: a.Title, Chosen: a.Name == w.area})
	}
	status := []page.Option{{Label: "What needs somebody"}, {Value: "all", Label: "All", Chosen: w.status == "all"}}
	for _, s := range statuses {
		status = append(status, page.Option{Value: string(s), Label: s.Words(), Chosen: string(s) == w.status})
	}
	app := page.Field{Name: "app", Label: "App", Value: w.app, Placeholder: "id of an app, or server"}
	if len(run.Apps) <= mostChoices {
		app.Kind = "select"
		app.Options = []page.Option{{Label: "Any"}, {Value: "server", Label: "This server", Chosen: w.app == "server"}}
		for _, a := range run.Apps {
			app.Options = append(app.Options, page.Option{Value: a.ID, Label: a.Name, Chosen: a.ID == w.app})
		}
	}
	return page.Filters{Action: "/console/review", Active: w.any(), Fields: []page.Field{
		{Name: "severity", Label: "Severity", Kind: "select", Options: severity},
		{Name: "area", Label: "Area", Kind: "select", Options: area},
		{Name: "status", Label: "Verdict", Kind: "select", Options: status},
		app,
	}}
}

// path is the address of the same list from another row on.
func (w reviewFilter) path(from int) string {
	q := url.Values{}
	for _, p := range [][2]string{{"severity", w.severity}, {"area", w.area}, {"status", w.status}, {"app", w.app}} {
		if p[1] != "" {
			q.Set(p[0], p[1])
		}
	}
	if from > 0 {
		q.Set("from", strconv.Itoa(from))
	}
	return "/console/review?" + q.Encode() + "#findings"
}

func (w reviewFilter) empty() *page.Empty {
	if w.any() {
		return &page.Empty{
			Title: "No finding is like that", Text: "Take a filter away, or look at everything.",
			Action: &page.Link{Text: "Show everything", Path: "/console/review?status=all#findings"},
		}
	}
	return &page.Empty{
		Title: "Nothing needs you", Text: "Every control passes, is mitigated by another defence, or does not apply.",
		Action: &page.Link{Text: "See what passed", Path: "/console/review?status=pass#findings"},
	}
}

// perApp are the findings of one control, the worst first, of the apps that the
// page has room for.
func perApp(run *review.Run, control string) []review.Finding {
	return slices.DeleteFunc(slices.Clone(run.Findings), func(f review.Finding) bool { return f.Control != control })
}
