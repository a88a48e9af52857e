package console

import (
	"errors"
	"net/http"
	"time"

	"countersign/internal/admin"
	"countersign/internal/review"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type waiveBody struct {
	Action, Back         string
	Finding              findingRow
	Values               []valueRow
	Reason, Owner, Until page.Field
	App                  string
	Fault                *page.Fault
}

// waivable finds what is to be accepted.
func (v *visit) waivable(app string) (review.Control, review.Finding, map[string]string, error) {
	control, err := v.control()
	if err != nil {
		return control, review.Finding{}, nil, err
	}
	what := admin.Reviewing{Controls: []string{control.ID}}
	if app != "" {
		what.Apps = []string{app}
	}
	run, _, err := v.desk.Review(v.ctx(), what)
	if admin.IsNotFound(err) {
		return control, review.Finding{}, nil, ErrGone
	} else if err != nil {
		return control, review.Finding{}, nil, err
	}
	f, ok := run.Find(control.ID, app)
	if !ok {
		return control, f, nil, ErrGone
	}
	return control, f, appNames(run), nil
}

// waivePage asks for what a waiver needs: a reason, somebody to ask, an end.
func (c *Console) waivePage(v *visit) (web.Answer, error) {
	app := v.query("app")
	control, f, names, err := v.waivable(app)
	if err != nil {
		return web.Answer{}, err
	}
	b := v.waiveForm(control, f, names, admin.Acceptance{Owner: v.who.Member.Name, Until: v.c.Now().Add(90 * review.Day)})
	return v.page("review-waive", waiveFrame(control, app, b))
}

func waiveFrame(control review.Control, app string, b waiveBody) page.Frame {
	return page.Frame{
		Title: "Accept for a time", Body: b,
		Crumbs: []page.Link{{Text: "Health review", Path: "/console/review"}, {Text: control.Text.Title, Path: findingPath(control.ID, "", app)}},
	}
}

func (v *visit) waiveForm(control review.Control, f review.Finding, names map[string]string, a admin.Acceptance) waiveBody {
	b := waiveBody{
		Action: findingPath(control.ID, "/waive", ""), Back: findingPath(control.ID, "", f.App), App: f.App, Finding: rowOf(f, names),
		Reason: page.Field{
			Name: "reason", Label: "Why is this acceptable?", Kind: "area", Value: a.Reason, Required: true, Focus: true, Most: 500,
			Hint: "It is shown wherever the finding is shown. Say what keeps the risk small, and what has to happen before the end.",
		},
		Owner: page.Field{Name: "owner", Label: "Who can be asked about it?", Value: a.Owner, Required: true, Most: 120},
		Until: page.Field{
			Name: "until", Label: "Until when?", Kind: "date", Value: a.Until.UTC().Format(time.DateOnly), Required: true, Narrow: true,
			Hint: "At most 180 days ahead.",
		},
	}
	if a.Until.IsZero() {
		b.Until.Value = ""
	}
	for _, x := range f.Values {
		if x.Decisive {
			b.Values = append(b.Values, valueOf(f, x))
		}
	}
	return b
}

// waive accepts one finding for a time.
func (c *Console) waive(v *visit) (web.Answer, error) {
	app := v.form("app")
	control, f, names, err := v.waivable(app)
	if err != nil {
		return web.Answer{}, err
	}
	a := admin.Acceptance{Reason: v.form("reason"), Owner: v.form("owner")}
	until, dateErr := time.Parse(time.DateOnly, v.form("until"))
	if dateErr == nil {
		a.Until = until
	}
	_, err = v.desk.Waive(v.ctx(), control.ID, app, a)
	if err == nil {
		return v.done(findingPath(control.ID, "", app), page.Notice{
			Tone: page.Good, Text: "Accepted until " + until.Format("2 January 2006") + ". It ends sooner when a value behind it changes.",
		})
	}
	b := v.waiveForm(control, f, names, a)
	if !b.blame(err) {
		return web.Answer{}, err
	}
	return v.pageStatus(http.StatusUnprocessableEntity, "review-waive", waiveFrame(control, app, b))
}

// blame puts an error beside the field that it is about. It says false for an
// error that is not about the form.
func (b *waiveBody) blame(err error) bool {
	fault := &page.Fault{Text: sentence(err.Error())}
	switch {
	case errors.Is(err, review.ErrWaiverReason):
		b.Reason.Fault = fault
	case errors.Is(err, review.ErrWaiverOwner):
		b.Owner.Fault = fault
	case errors.Is(err, review.ErrWaiverUntil):
		b.Until.Fault = fault
	case errors.Is(err, review.ErrWaiverNothing), errors.Is(err, review.ErrWaiverConfirmed):
		b.Fault = fault
	default:
		return false
	}
	return true
}

type waiversBody struct {
	Rows []waiverRow
	None *page.Empty
}

type waiverRow struct {
	Title, Path, App, Reason, Owner string
	Since, Until                    string
	State                           page.Badge
	Why                             string
	End                             string // address; empty: over, or not allowed
}

// waiversPage lists every waiver, those that count first.
func (c *Console) waiversPage(v *visit) (web.Answer, error) {
	all, err := v.desk.Waivers(v.ctx())
	if err != nil {
		return web.Answer{}, err
	}
	var b waiversBody
	var over []waiverRow
	for i := len(all) - 1; i >= 0; i-- {
		row := v.waiverRow(all[i])
		if all[i].State == review.InForce {
			b.Rows = append(b.Rows, row)
		} else {
			over = append(over, row)
		}
	}
	b.Rows = append(b.Rows, over...)
	if len(b.Rows) == 0 {
		b.None = &page.Empty{
			Title: "Nothing is waived", Text: "Where a finding cannot be fixed yet, it can be accepted for a time, with a reason and somebody to ask.",
			Action: &page.Link{Text: "See the findings", Path: "/console/review"},
		}
	}
	return v.page("review-waivers", page.Frame{
		Title: "Waivers", Wide: true, Body: b, Crumbs: []page.Link{{Text: "Health review", Path: "/console/review"}},
	})
}

func (v *visit) waiverRow(w admin.WaiverView) waiverRow {
	row := waiverRow{
		Title: w.Control, Path: findingPath(w.Control, "", w.App), App: subject(w.App, nil), Reason: w.Reason, Owner: w.Owner,
		Since: w.Since.UTC().Format(time.DateOnly), Until: w.Until.UTC().Format(time.DateOnly),
		State: page.Badge{Tone: page.Info, Text: review.InForce},
	}
	if w.State != review.InForce {
		row.State, row.Why = page.Badge{Tone: page.Calm, Text: "over"}, sentence(w.State)
	}
	if w.Ended.IsZero() && v.may("waive") {
		row.End = "/console/review/waivers/" + w.ID + "/end"
	}
	return row
}

// endWaiver ends one before its time.
func (c *Console) endWaiver(v *visit) (web.Answer, error) {
	w, err := v.desk.EndWaiver(v.ctx(), v.path("waiver"))
	switch {
	case errors.Is(err, review.ErrNoWaiver):
		return web.Answer{}, ErrGone
	case errors.Is(err, admin.ErrWaiverOver), errors.Is(err, review.ErrWaiverChanged):
		return v.done("/console/review/waivers", page.Notice{Tone: page.Info, Text: "This waiver had ended already."})
	case err != nil:
		return web.Answer{}, err
	}
	return v.done("/console/review/waivers", page.Notice{Tone: page.Good, Text: "The waiver of " + w.Control + " is over. The finding counts again."})
}
