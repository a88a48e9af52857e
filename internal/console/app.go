package console

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"countersign/internal/admin"
	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

// app reads the app that the address names.
func (v *visit) app() (*client.Client, error) {
	c, err := v.desk.Apps.Client(v.ctx(), oauth.ClientID(v.path("id")))
	if errors.Is(err, client.ErrNotFound) {
		return nil, ErrGone
	}
	return c, err
}

// appFrame is the frame of a page about an app.
func (v *visit) appFrame(c *client.Client, title string, body any) page.Frame {
	return page.Frame{
		Title: c.Name + ": " + title, Wide: true, Body: appBody{Head: v.appHead(c), In: body},
		Crumbs: []page.Link{{Text: "Apps", Path: "/console/apps"}},
	}
}

// appBody is what every page of an app has.
type appBody struct {
	Head appHead
	In   any
}

type appHead struct {
	Name, ID, Kind string
	Off, Ours      bool
	Tabs           []page.Link
	Turn           *turnLine
}

// turnLine is the last change, which can be taken back.
type turnLine struct {
	At   page.Moment
	By   string
	What []string
	More int
	Undo string // address; empty: not for this visitor
	Of   bool   // it was an undo itself
}

func (v *visit) appHead(c *client.Client) appHead {
	at := appPath(c.ID)
	h := appHead{Name: c.Name, ID: string(c.ID), Kind: kindOf(c.Type, c.Platform), Off: c.Disabled, Ours: c.FirstParty}
	for _, t := range []struct{ text, path, need string }{
		{"Overview", at, "read"},
		{"OAuth settings", at + "/oauth", "read"},
		{"Policies", at + "/policies", "read"},
		{"Secrets", at + "/secrets", "read"},
		{"Grants", at + "/grants", "read-people"},
		{"Code", at + "/code", "read"},
	} {
		if v.may(t.need) && (c.Type != client.Public || !strings.HasSuffix(t.path, "/secrets")) {
			h.Tabs = append(h.Tabs, page.Link{Text: t.text, Path: t.path, Current: v.r.HTTP.URL.Path == t.path})
		}
	}
	if t := c.Turn; t != nil {
		h.Turn = &turnLine{At: v.at(t.At), By: actor(t.By), Of: t.Undoes != ""}
		for _, ch := range t.Changes[:min(3, len(t.Changes))] {
			h.Turn.What = append(h.Turn.What, labelOf(ch.Name)+": "+shownValue(ch.Old)+" → "+shownValue(ch.New))
		}
		h.Turn.More = len(t.Changes) - len(h.Turn.What)
		if v.may("edit-apps") {
			h.Turn.Undo = at + "/undo?turn=" + t.ID
		}
	}
	return h
}

// actor is who did something, as people read it.
func actor(text string) string { return strings.TrimPrefix(text, "staff:") }

type overviewBody struct {
	Ring     page.Ring
	Counts   page.Stack
	Facts    []page.Fact
	Flows    []flowLine
	Findings []findingLine
	MoreOpen int
	Review   string
	Events   []eventLine
	Audit    string
	Warnings []string
	Delete   string
}

type flowLine struct {
	Title string
	Used  page.Moment
	Note  string
}

type findingLine struct {
	Title, Path, Reason string
	Level               page.Badge
	Waived              bool
}

type eventLine struct {
	At              page.Moment
	Name, Who, What string
	Bad             bool
}

const (
	someFindings = 6
	someEvents   = 12
)

// appPage is the overview of an app.
func (c *Console) appPage(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	b := overviewBody{Review: "/console/review?app=" + string(a.ID)}
	findings, health, err := v.desk.AppFindings(v.ctx(), a.ID)
	if err != nil {
		return web.Answer{}, err
	}
	b.health(findings, health)
	use, _, err := v.desk.FlowUse(v.ctx(), a.ID)
	if err != nil {
		return web.Answer{}, err
	}
	org, err := v.desk.Org(v.ctx())
	if err != nil {
		return web.Answer{}, err
	}
	b.Flows = flowLines(v, org, a, use)
	b.Facts = v.appFacts(a)
	if v.may("read-audit") {
		if b.Events, err = v.eventsOf(audit.Filter{App: a.ID, Newest: true, Limit: someEvents, Since: v.c.Now().Add(-30 * 24 * time.Hour)}); err != nil {
			return web.Answer{}, err
		}
		b.Audit = "/console/audit?app=" + string(a.ID)
	}
	if v.may("edit-apps") {
		b.Delete = appPath(a.ID) + "/delete"
	}
	return v.page("app", v.appFrame(a, "Overview", b))
}

func (b *overviewBody) health(findings []review.Finding, h *admin.AppHealth) {
	b.Ring = ringOf(h.Score)
	n := h.Counts
	b.Counts = page.NewStack("Controls by outcome",
		page.Part{N: n.Pass, Name: "passed", Tone: page.Good}, page.Part{N: n.Mitigated, Name: "mitigated", Tone: page.Low},
		page.Part{N: n.Fail, Name: "failed", Tone: page.Critical}, page.Part{N: n.Inconclusive, Name: "unknown", Tone: page.Doubt},
		page.Part{N: n.Manual, Name: "for people to judge", Tone: page.Calm})
	open := slices.DeleteFunc(slices.Clone(findings), func(f review.Finding) bool { return !f.Open() })
	slices.SortStableFunc(open, func(a, b review.Finding) int { return cmp.Compare(b.Severity.Computed, a.Severity.Computed) })
	for _, f := range open[:min(someFindings, len(open))] {
		b.Findings = append(b.Findings, findingLine{
			Title: f.Title, Path: findingPath(f.Control, "", f.App), Reason: reasonOf(f), Level: levelBadge(f),
		})
	}
	b.MoreOpen = len(open) - len(b.Findings)
}

// reasonOf is why a finding fails, without the word and without what would have
// mitigated it.
func reasonOf(f review.Finding) string {
	text, _, _ := strings.Cut(strings.TrimPrefix(f.Reason, f.Status.Words()+": "), "; not mitigated")
	return sentence(text)
}

func (v *visit) appFacts(a *client.Client) []page.Fact {
	facts := []page.Fact{
		{Name: "client_id", Value: string(a.ID), Code: true},
		{Name: "Kind", Value: kindOf(a.Type, a.Platform)},
		{Name: "Owner", Value: cmp.Or(a.Owner, "nobody: name one under Policies")},
		{Name: "Scopes", Value: cmp.Or(a.Settings.Scopes.String(), "none"), Code: true},
		{Name: "Callback URLs", Value: cmp.Or(strings.Join(a.Settings.RedirectURIs, ", "), "none"), Code: true},
		{Name: "Made", Value: v.at(a.Created).Full},
	}
	if !a.ReviewDue.IsZero() {
		facts = append(facts, page.Fact{Name: "Look again by", Value: a.ReviewDue.Format("2 January 2006")})
	}
	return facts
}

// eventsOf reads audit events as lines.
func (v *visit) eventsOf(f audit.Filter) ([]eventLine, error) {
	events, err := v.desk.Events(v.ctx(), f)
	var out []eventLine
	for _, e := range events {
		l := eventLine{At: v.at(e.Time), Name: string(e.Name), Who: actor(cmp.Or(e.Actor, string(e.User)))}
		switch {
		case e.Rule != "":
			l.What, l.Bad = "Refused by "+e.Rule, true
		case e.Name == audit.AppChanged:
			l.What = strings.Join(detailWords(e.Detail), "; ")
		default:
			l.What = said(e.Name)
		}
		out = append(out, l)
	}
	return out, err
}

func said(name audit.Name) string {
	for _, e := range audit.Catalogue {
		if e.Name == name {
			text, _, _ := strings.Cut(e.What, ". ")
			return strings.TrimSuffix(text, ".")
		}
	}
	return ""
}

func detailWords(d map[string]string) []string {
	var out []string
	for name, value := range d {
		switch name {
		case "undoes":
			out = append(out, "takes the change before it back")
		default:
			out = append(out, labelOf(name)+": "+value)
		}
	}
	slices.Sort(out)
	return out
}
