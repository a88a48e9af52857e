package console

import (
	"errors"
	"slices"

	"countersign/internal/audit"
	"countersign/internal/gate"
	"countersign/internal/review"
	"countersign/internal/staff"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type homeBody struct {
	Ring    page.Ring
	Judged  bool
	Taken   page.Moment
	Levels  page.Stack
	Open    []openCount
	Apps    string
	Todo    []todo
	Events  []lastRow
	Recent  bool // may see events
	AuditAt string
	Review  bool // the pages of the review exist
}

type openCount struct {
	Badge page.Badge
	N     string
	Path  string
}

// todo is something that waits for somebody.
type todo struct {
	Badge            page.Badge
	Text, Path, Then string // Then is what the link says
}

type lastRow struct {
	Name, What, Who, App string
	Tone                 page.Tone
	At                   page.Moment
}

// manyApps is how many apps are judged anew for the overview; beyond, it shows
// the last kept run.
const manyApps = 300

// homePage is the overview: how healthy, what waits, what happened.
func (c *Console) homePage(v *visit) (web.Answer, error) {
	b := homeBody{Review: c.known["/console/review"]}
	if err := b.health(v); err != nil {
		return web.Answer{}, err
	}
	if err := b.waiting(v); err != nil {
		return web.Answer{}, err
	}
	if v.may(string(staff.ReadAudit)) {
		if err := b.events(c, v); err != nil {
			return web.Answer{}, err
		}
	}
	return v.page("home", page.Frame{Title: "Overview", Body: b})
}

// health judges, or reads the last judgement.
func (b *homeBody) health(v *visit) error {
	apps, err := v.desk.AllApps(v.ctx())
	if err != nil {
		return err
	}
	b.Apps = page.Count(len(apps), "app", "apps")
	var run *review.Run
	if len(apps) <= manyApps {
		run, err = v.judge()
	} else if run, _, err = v.desk.ReviewRun(v.ctx(), ""); errors.Is(err, review.ErrNoRun) {
		b.Todo = append(b.Todo, todo{page.Badge{Tone: page.Info, Text: "Review"}, "The apps were never reviewed.", "/console/review", "Review them now"})
		return nil
	}
	if err != nil {
		return err
	}
	b.Judged, b.Ring, b.Taken, b.Levels = true, ringOf(run.Score), v.at(run.Header.Snapshot), levelsOf(run.Findings)
	open := map[string]int{}
	for _, f := range run.Findings {
		if f.Open() {
			open[f.Severity.Level]++
		}
	}
	for _, l := range levels {
		if open[l] > 0 {
			b.Open = append(b.Open, openCount{page.Badge{Tone: toneOfLevel(l), Text: l}, page.Number(open[l]), "/console/review?severity=" + l + "#findings"})
		}
	}
	names := appNames(run)
	for _, i := range run.Improvements[:min(3, len(run.Improvements))] {
		row := better(i, names)
		b.Todo = append(b.Todo, todo{page.Badge{Tone: page.High, Text: row.Gain + " points"}, row.Title + " · " + row.App, row.Path, "Look at the fix"})
	}
	return nil
}

// waiting finds what administrators have left open about themselves and the keys.
func (b *homeBody) waiting(v *visit) error {
	if !gate.HasFactor(v.who.Member) {
		b.Todo = slices.Insert(b.Todo, 0, todo{page.Badge{Tone: page.High, Text: "You"}, "You sign in with a password alone.", "/console/account/authenticator", "Set up an authenticator"})
	} else if n := len(v.who.Member.Recovery); n < 3 {
		b.Todo = append(b.Todo, todo{page.Badge{Tone: page.Medium, Text: "You"}, "You have " + page.Count(n, "recovery code", "recovery codes") + " left.", "/console/account", "Make new ones"})
	}
	if !v.may(string(staff.EditStaff)) {
		return nil
	}
	all, err := v.desk.Staff(v.ctx())
	if err != nil {
		return err
	}
	bare, owners := 0, 0
	for _, m := range all {
		if m.State == staff.Active && m.ID != v.who.Member.ID && !gate.HasFactor(m) {
			bare++
		}
		if m.State == staff.Active && m.Role == staff.Owner {
			owners++
		}
	}
	if bare > 0 {
		b.Todo = append(b.Todo, todo{page.Badge{Tone: page.Medium, Text: "Staff"}, page.Count(bare, "administrator signs in", "administrators sign in") + " with a password alone.", "/console/staff", "See who"})
	}
	if owners == 1 {
		b.Todo = append(b.Todo, todo{page.Badge{Tone: page.Info, Text: "Staff"}, "You are the only owner. If your way in is lost, only somebody at the server's command line can let you back.", "/console/staff/invite", "Invite a second one"})
	}
	return nil
}

// eventTones colours what an administrator looks for first.
var eventTones = map[audit.Name]page.Tone{
	audit.LoginFailed: page.Medium, audit.LoginThrottled: page.High, audit.CodeReplayed: page.Critical, audit.RefreshReused: page.Critical,
	audit.RequestRefused: page.Medium,
}

// events are the last things that happened.
func (b *homeBody) events(c *Console, v *visit) error {
	list, err := v.desk.Events(v.ctx(), audit.Filter{Limit: 8, Newest: true})
	if err != nil {
		return err
	}
	b.Recent = true
	if c.known["/console/audit"] {
		b.AuditAt = "/console/audit"
	}
	for _, e := range list {
		tone, ok := eventTones[e.Name]
		if !ok {
			tone = page.Calm
		}
		who := e.Actor
		if who == "" {
			who = string(e.User)
		}
		b.Events = append(b.Events, lastRow{Name: string(e.Name), What: whatOf(e.Name), Who: who, App: string(e.App), Tone: tone, At: v.at(e.Time)})
	}
	return nil
}

// whatOf is the first sentence that the catalogue says of an event.
func whatOf(name audit.Name) string {
	i := slices.IndexFunc(audit.Catalogue, func(e audit.Entry) bool { return e.Name == name })
	if i < 0 {
		return ""
	}
	return audit.Catalogue[i].What
}
