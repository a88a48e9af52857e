package console

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"countersign/internal/admin"
	"countersign/internal/review"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

// fixBody previews a fix: what is written, what the review says then, and who
// would be refused.
type fixBody struct {
	Control, App   string
	Action, Back   string
	Subjects       []mendView
	More           string
	Before, After  page.Ring
	Gain           string
	Moves          []moveRow
	Conflicts      []string
	Breaking       bool   // also write what is known to refuse somebody
	LeftOut        bool   // something is left out because it would
	BreakingPath   string // the same page with it
	Fault          *page.Fault
	Writes, Nobody bool
}

type mendView struct {
	App      string
	Write    []string
	Tasks    []string
	LeftOut  []string
	Forecast string
	Command  string
}

// moveRow is a verdict before and after.
type moveRow struct {
	Title, App    string
	Before, After page.Badge
}

const mostMends = 20

// fixing reads which control and app a fix is for, and whether it may be written
// by whoever asks.
func (v *visit) fixing(app, breaking string) (review.Control, admin.Reviewing, bool, error) {
	control, err := v.control()
	if err != nil {
		return control, admin.Reviewing{}, false, err
	}
	if !v.mayFix(control) {
		return control, admin.Reviewing{}, false, ErrPermission
	}
	what := admin.Reviewing{Controls: []string{control.ID}}
	if app != "" {
		what.Apps = []string{app}
	}
	return control, what, breaking == "yes", nil
}

// fixPage previews.
func (c *Console) fixPage(v *visit) (web.Answer, error) {
	app := v.query("app")
	control, what, breaking, err := v.fixing(app, v.query("breaking"))
	if err != nil {
		return web.Answer{}, err
	}
	m, err := v.desk.Mend(v.ctx(), what, breaking)
	if admin.IsNotFound(err) {
		return web.Answer{}, ErrGone
	} else if err != nil {
		return web.Answer{}, err
	}
	return v.page("review-fix", fixFrame(control, app, m, breaking, nil))
}

func fixFrame(control review.Control, app string, m *admin.Mending, breaking bool, fault *page.Fault) page.Frame {
	b := fixBody{
		Control: control.ID, App: app, Action: findingPath(control.ID, "/fix", ""), Back: findingPath(control.ID, "", app),
		Before: ringOf(m.Before), Breaking: breaking, Fault: fault, Nobody: true,
		After: ringOf(review.Score{Score: m.After.Score, Grade: review.GradeOf(m.After.Score, false), WithoutWaivers: m.After.Score}),
		Gain:  fmt.Sprintf("%+.1f", m.After.Gain),
	}
	names := map[string]string{}
	for i, s := range m.Subjects {
		names[string(s.App)] = cmp.Or(s.Name, string(s.App))
		b.Writes = b.Writes || len(s.Write) > 0
		b.LeftOut = b.LeftOut || len(s.LeftOut) > 0
		b.Nobody = b.Nobody && s.Forecast.Known && s.Forecast.Failed == 0
		if i < mostMends {
			b.Subjects = append(b.Subjects, mendOf(s, names))
		}
	}
	if n := len(m.Subjects) - mostMends; n > 0 {
		b.More = page.Count(n, "more app", "more apps")
	}
	for _, c := range m.After.Changes[:min(len(m.After.Changes), 60)] {
		b.Moves = append(b.Moves, moveRow{
			Title: c.Control, App: subject(c.App, names),
			Before: page.Badge{Tone: toneOfStatus(c.Before), Text: c.Before.Words()}, After: page.Badge{Tone: toneOfStatus(c.After), Text: c.After.Words()},
		})
	}
	for _, c := range m.Conflicts {
		text := subject(c.App, names) + ": " + c.One.Text() + " or " + c.Other.Text()
		if c.Settled != "" {
			text += "; " + c.Settled + " serves both"
		}
		b.Conflicts = append(b.Conflicts, text)
	}
	if b.LeftOut {
		b.BreakingPath = findingPath(control.ID, "/fix", app)
		if app == "" {
			b.BreakingPath += "?breaking=yes"
		} else {
			b.BreakingPath += "&breaking=yes"
		}
	}
	return page.Frame{
		Title: "Fix", Body: b,
		Crumbs: []page.Link{{Text: "Health review", Path: "/console/review"}, {Text: control.Text.Title, Path: findingPath(control.ID, "", app)}},
	}
}

func mendOf(s admin.Mend, names map[string]string) mendView {
	m := mendView{App: subject(string(s.App), names), Command: s.Command}
	for _, step := range s.Write {
		m.Write = append(m.Write, step.Text())
	}
	for _, step := range s.Tasks {
		m.Tasks = append(m.Tasks, step.Text())
	}
	for _, step := range s.LeftOut {
		m.LeftOut = append(m.LeftOut, step.Text())
	}
	if len(s.Write)+len(s.LeftOut) > 0 {
		m.Forecast = forecastWords(&review.Proposal{Forecast: s.Forecast, Breaks: s.Breaks, Whom: "apps and callers that rely on the present setting"})
	}
	return m
}

// fix writes what the preview showed, worked out anew: what changed meanwhile
// counts.
func (c *Console) fix(v *visit) (web.Answer, error) {
	app := v.form("app")
	control, what, breaking, err := v.fixing(app, v.form("breaking"))
	if err != nil {
		return web.Answer{}, err
	}
	m, err := v.desk.Mend(v.ctx(), what, breaking)
	if err != nil {
		return web.Answer{}, err
	}
	var stopped admin.Stopped
	var invalid admin.Invalid
	switch err := v.desk.Apply(v.ctx(), m, admin.Consent{}); {
	case errors.As(err, &stopped), errors.As(err, &invalid):
		fault := &page.Fault{Text: err.Error(), Rule: "review.lint", Remedy: "Nothing was saved for that app."}
		return v.pageStatus(http.StatusUnprocessableEntity, "review-fix", fixFrame(control, app, m, breaking, fault))
	case err != nil:
		return web.Answer{}, err
	}
	n := page.Notice{Tone: page.Good, Text: "Fixed. The verdict below is the new one."}
	for _, s := range m.Subjects {
		for _, ch := range s.Changes {
			n.Lines = append(n.Lines, orServer(string(s.App))+", "+ch.String())
		}
		if s.Undo != "" && len(m.Subjects) == 1 {
			n.Lines = append(n.Lines, "To undo it: "+s.Undo)
		}
	}
	if len(n.Lines) == 0 {
		n = page.Notice{Tone: page.Info, Text: "There was nothing to write."}
	}
	n.Lines = n.Lines[:min(len(n.Lines), 12)] // a notice travels in a cookie
	return v.done(findingPath(control.ID, "", app), n)
}

func orServer(app string) string { return cmp.Or(app, "server") }
