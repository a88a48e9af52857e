package console

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

// ErrChange says that what a preview sent back cannot be saved.
var ErrChange = oauth.Refuse(oauth.InvalidRequest, "console.change-unreadable", "RFC 9110 §15.5.1",
	"the change cannot be read; go back to the settings and send them anew")

// changeBody shows what a change would do, before it is saved.
type changeBody struct {
	Action, Back  string
	Sets, Version string
	Turn          string // of an undo: the change that is taken back
	Changes       []changeLine
	Verdicts      []verdictLine
	Before, After string
	Breaks        breakLine
	Warnings      []string
	Stops         []stopLine
	Waiver        *waiverForm // the visitor may accept what stops the change
	Fault         *page.Fault
	Lead          string
}

type changeLine struct{ Label, Name, Old, New string }

type verdictLine struct {
	Title, Path, Reason string
	Was, Is             page.Badge
}

type breakLine struct {
	Badge page.Badge
	Text  string
	Last  page.Moment
}

type stopLine struct {
	Title, Path, Control, Reason, Mend string
	Level                              page.Badge
}

type waiverForm struct{ Reason, Owner, Until page.Field }

// propose shows what settings would do to an app; faults go back into the form.
func (v *visit) propose(a *client.Client, path string, sets []admin.Set, refused func(admin.Invalid) (web.Answer, error)) (web.Answer, error) {
	if ver := v.form("version"); ver != "" && ver != strconv.FormatInt(a.Version, 10) {
		return v.done(appPath(a.ID)+path, page.Notice{Tone: page.Info, Text: "Somebody changed this app since you opened the form. Nothing was saved: look at it as it is now, and change it again."})
	}
	if len(sets) == 0 {
		return v.done(appPath(a.ID)+path, page.Notice{Tone: page.Info, Text: "Nothing was changed."})
	}
	p, err := v.desk.PreviewApp(v.ctx(), a.ID, sets)
	if err != nil {
		return web.Answer{}, err
	}
	if len(p.Faults) > 0 {
		return refused(p.Faults)
	}
	return v.showChange(http.StatusOK, a, p, sets, changeBody{Action: appPath(a.ID) + "/save", Back: appPath(a.ID) + path}, nil)
}

// showChange is the page between a form and its saving.
func (v *visit) showChange(status int, a *client.Client, p *admin.AppPreview, sets []admin.Set, b changeBody, fault *page.Fault) (web.Answer, error) {
	text, err := json.Marshal(sets)
	if err != nil {
		return web.Answer{}, err
	}
	b.Sets, b.Version, b.Fault = string(text), strconv.FormatInt(p.Version, 10), fault
	b.Before, b.After = p.Before.Words(), p.After.Words()
	for _, c := range p.Changes {
		b.Changes = append(b.Changes, changeLine{labelOf(c.Name), c.Name, shownValue(c.Old), shownValue(c.New)})
	}
	for _, x := range p.Verdicts {
		b.Verdicts = append(b.Verdicts, verdictLine{
			Title: x.Title, Path: findingPath(x.Control, "", string(a.ID)), Reason: reasonOf(review.Finding{Status: x.Is, Reason: x.Reason}),
			Was: verdictBadge(x.Was, ""), Is: verdictBadge(x.Is, x.Severity.Level),
		})
	}
	for i, x := range p.Stops {
		b.Stops = append(b.Stops, stopLine{
			Title: x.Title, Path: findingPath(x.Control, "", string(a.ID)), Control: x.Control, Mend: x.Mend, Level: levelBadge(p.Stopped[i].Finding),
			Reason: reasonOf(review.Finding{Status: x.Is, Reason: x.Reason}),
		})
	}
	b.Breaks, b.Warnings = v.breakLine(p.Breaks), p.Warnings
	if len(b.Stops) > 0 && v.may("waive") {
		b.Waiver = v.waiverForm(a)
	}
	f := v.appFrame(a, "Look before you save", b)
	f.Crumbs = append(f.Crumbs, page.Link{Text: a.Name, Path: appPath(a.ID)})
	return v.pageStatus(status, "app-change", f)
}

func verdictBadge(s review.Status, level string) page.Badge {
	switch s {
	case "":
		return page.Badge{Tone: page.Calm, Text: "new"}
	case review.Pass:
		return page.Badge{Tone: page.Good, Text: "passes"}
	case review.Mitigated:
		return page.Badge{Tone: page.Low, Text: "mitigated"}
	case review.Fail:
		tone := page.Tone(strings.ToLower(cmp.Or(level, "critical")))
		return page.Badge{Tone: tone, Text: strings.TrimSpace("fails " + strings.ToLower(level))}
	case review.Inconclusive:
		return page.Badge{Tone: page.Doubt, Text: "unknown"}
	case review.Manual, review.NotApplicable:
	}
	return page.Badge{Tone: page.Calm, Text: s.Words()}
}

func (v *visit) breakLine(f admin.ChangeForecast) breakLine {
	seen := fmt.Sprintf("%s in the last %s", page.Count(int(f.Of), "request", "requests"), page.Count(f.Days, "day", "days"))
	switch {
	case !f.Counted:
		return breakLine{Badge: page.Badge{Tone: page.Doubt, Text: "Not known"}, Text: "Nobody has counted requests yet, so nobody can say who would break."}
	case f.Nobody():
		return breakLine{Badge: page.Badge{Tone: page.Good, Text: "Nobody"}, Text: "Going by " + seen + "."}
	}
	b := breakLine{Badge: page.Badge{Tone: page.Doubt, Text: "Not known"}, Last: v.at(f.Last), Text: "There were " + seen + "."}
	if f.Refused > 0 {
		b.Badge = page.Badge{Tone: page.High, Text: page.Count(int(f.Refused), "request", "requests")}
		b.Text = fmt.Sprintf("Of %s, %s would have been refused.", seen, page.Number(int(f.Refused)))
	}
	if len(f.Unknown) > 0 {
		b.Text += " What requests look like under these is not recorded: " + strings.Join(f.Unknown, ", ") + "."
	}
	return b
}

func (v *visit) waiverForm(a *client.Client) *waiverForm {
	until := cmp.Or(v.form("waive-until"), v.c.Now().UTC().AddDate(0, 0, 90).Format(time.DateOnly))
	return &waiverForm{
		Reason: page.Field{Name: "waive-reason", Label: "Why is it accepted?", Kind: "area", Required: true, Value: v.form("waive-reason"), Most: 500},
		Owner:  page.Field{Name: "waive-owner", Label: "Who answers for it?", Required: true, Value: cmp.Or(v.form("waive-owner"), a.Owner, v.who.Member.Name), Most: 120},
		Until:  page.Field{Name: "waive-until", Label: "Until when?", Kind: "date", Narrow: true, Required: true, Value: until, Hint: "180 days ahead at most."},
	}
}

// consent reads the form below a preview.
func (v *visit) consent() (admin.Consent, *page.Fault) {
	version, err := strconv.ParseInt(v.form("version"), 10, 64)
	if err != nil {
		return admin.Consent{}, &page.Fault{Text: "The form does not say which version of the app it was made for."}
	}
	v.desk.Saw = version // a later one is not what was looked at
	c := admin.Consent{}
	if v.form("waive-reason")+v.form("waive-owner") == "" {
		return c, nil
	}
	until, err := time.Parse(time.DateOnly, v.form("waive-until"))
	if err != nil {
		return c, &page.Fault{Text: "The end of the waiver is no date.", Remedy: "Write year-month-day, as in 2027-01-31."}
	}
	c.Waive = &admin.Acceptance{Reason: v.form("waive-reason"), Owner: v.form("waive-owner"), Until: until}
	return c, nil
}

// saveApp saves what a preview showed.
func (c *Console) saveApp(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	var sets []admin.Set
	if json.Unmarshal([]byte(v.form("sets")), &sets) != nil || len(sets) == 0 {
		return web.Answer{}, ErrChange
	}
	return v.settle(a, sets, "", func(consent admin.Consent) (admin.AppResult, error) {
		return v.desk.ChangeApp(v.ctx(), a.ID, sets, consent)
	})
}

// undoPage shows what taking the last change back would do.
func (c *Console) undoPage(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	if a.Turn == nil || v.query("turn") != a.Turn.ID {
		return v.done(appPath(a.ID), page.Notice{Tone: page.Info, Text: "That change is not the last one any more. This is the app as it is now."})
	}
	return v.proposeUndo(http.StatusOK, a, nil)
}

func (v *visit) proposeUndo(status int, a *client.Client, fault *page.Fault) (web.Answer, error) {
	p, err := v.desk.PreviewUndo(v.ctx(), a.ID)
	if err != nil {
		return web.Answer{}, err
	}
	b := changeBody{
		Action: appPath(a.ID) + "/undo", Back: appPath(a.ID), Turn: a.Turn.ID,
		Lead: "This takes back what " + actor(a.Turn.By) + " changed. Tokens that ended then stay dead.",
	}
	return v.showChange(status, a, p, admin.UndoSets(a.Turn), b, fault)
}

// undoApp takes the last change back.
func (c *Console) undoApp(v *visit) (web.Answer, error) {
	a, err := v.app()
	if err != nil {
		return web.Answer{}, err
	}
	turn := v.form("turn")
	if a.Turn == nil || turn != a.Turn.ID {
		return v.done(appPath(a.ID), page.Notice{Tone: page.Info, Text: "The app was changed again since. Nothing was undone: this is the app as it is now."})
	}
	return v.settle(a, admin.UndoSets(a.Turn), turn, func(consent admin.Consent) (admin.AppResult, error) {
		return v.desk.UndoApp(v.ctx(), a.ID, turn, consent)
	})
}

// settle does a change that was looked at. What stops it comes back with the
// preview.
func (v *visit) settle(a *client.Client, sets []admin.Set, turn string, do func(admin.Consent) (admin.AppResult, error)) (web.Answer, error) {
	again := func(fault *page.Fault) (web.Answer, error) {
		if turn != "" {
			return v.proposeUndo(http.StatusUnprocessableEntity, a, fault)
		}
		p, err := v.desk.PreviewApp(v.ctx(), a.ID, sets)
		if err != nil {
			return web.Answer{}, err
		}
		if len(p.Faults) > 0 {
			return web.Answer{}, ErrChange
		}
		b := changeBody{Action: appPath(a.ID) + "/save", Back: appPath(a.ID)}
		return v.showChange(http.StatusUnprocessableEntity, a, p, sets, b, fault)
	}
	consent, fault := v.consent()
	if fault != nil {
		return again(fault)
	}
	if consent.Waive != nil && !v.may("waive") {
		return web.Answer{}, ErrPermission
	}
	r, err := do(consent)
	var stopped admin.Stopped
	var faults admin.Invalid
	switch {
	case errors.Is(err, client.ErrConflict), errors.Is(err, admin.ErrChanged), errors.Is(err, admin.ErrTurnPassed):
		return v.done(appPath(a.ID), page.Notice{Tone: page.Info, Text: "Somebody changed this app meanwhile. Nothing was saved: look at it as it is now, and change it again."})
	case errors.As(err, &stopped):
		return again(&page.Fault{Text: "The review stops this change: it would make a critical finding.", Remedy: "Nothing was saved. Mend it, or let somebody answer for it below."})
	case errors.As(err, &faults):
		return web.Answer{}, ErrChange
	case errors.Is(err, review.ErrWaiverReason), errors.Is(err, review.ErrWaiverOwner), errors.Is(err, review.ErrWaiverUntil), errors.Is(err, review.ErrWaiverConfirmed):
		return again(&page.Fault{Text: sentence(err.Error())})
	case err != nil:
		return web.Answer{}, err
	}
	n := page.Notice{Tone: page.Good, Text: "Saved. It is in force within a second. You can take it back below."}
	if len(r.Changes) == 0 {
		n = page.Notice{Tone: page.Info, Text: "Nothing was changed: the app is so already."}
	}
	n.Lines = r.Warnings
	return v.done(appPath(a.ID), n)
}
