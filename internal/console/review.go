package console

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/admin"
	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/review/report"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

// reviewBody is the page of the whole review.
type reviewBody struct {
	Ring     page.Ring
	Waived   string // the score without waived findings, where it differs
	Trend    page.Plot
	Runs     int
	Levels   page.Stack
	Counts   []statusCount
	Lies     []findingRow
	Best     []betterRow
	Together string
	Find     page.Filters
	Findings []findingRow
	Pager    page.Pager
	None     *page.Empty
	Taken    page.Moment
	Controls int
}

type statusCount struct {
	Badge page.Badge
	N     string
	Path  string
}

// findingRow is one finding in a list.
type findingRow struct {
	Status, Level page.Badge
	Title, Path   string
	Control       string
	App, AppPath  string
	Why           string
	Proof         string
	Waived        string
	State         string
}

// betterRow is a fix that raises the score.
type betterRow struct {
	Title, Path, App, Gain, Score string
	Patch                         []string
}

const findingsAPage = 40

// reviewPage is the score, what raises it most, and every finding, the worst
// first, by the filters of the address.
func (c *Console) reviewPage(v *visit) (web.Answer, error) {
	run, err := v.judge()
	if err != nil {
		return web.Answer{}, err
	}
	b := reviewBody{Controls: len(controls.All), Ring: ringOf(run.Score), Taken: v.at(run.Header.Snapshot), Levels: levelsOf(run.Findings)}
	if s := run.Score; review.Points(s.Score) != review.Points(s.WithoutWaivers) {
		b.Waived = review.Points(s.WithoutWaivers)
	}
	if b.Trend, b.Runs, err = v.trend(); err != nil {
		return web.Answer{}, err
	}
	names := appNames(run)
	for _, i := range run.Improvements[:min(3, len(run.Improvements))] {
		b.Best = append(b.Best, better(i, names))
	}
	if t := run.Together; t != nil {
		b.Together = fmt.Sprintf("%s: %+.1f, to %s", t.Title, t.Gain, review.Points(t.Score))
	}
	for _, f := range run.Findings {
		if f.Contradicted {
			b.Lies = append(b.Lies, rowOf(f, names))
		}
	}
	b.list(v, run, names)
	return v.page("review", page.Frame{Title: "Health review", Wide: true, Body: b})
}

// judge reviews everything as it is now.
func (v *visit) judge() (*review.Run, error) {
	run, _, err := v.desk.Review(v.ctx(), admin.Reviewing{})
	return run, err
}

// list filters the findings, and counts and pages what is left.
func (b *reviewBody) list(v *visit, run *review.Run, names map[string]string) {
	want := filterOf(v.query)
	b.Find = want.form(run)
	list := slices.DeleteFunc(slices.Clone(run.Findings), func(f review.Finding) bool { return !want.takes(f) })
	slices.SortStableFunc(list, report.WorstFirst)
	for _, s := range statuses {
		n := 0
		for _, f := range run.Findings {
			if f.Status == s {
				n++
			}
		}
		b.Counts = append(b.Counts, statusCount{Badge: page.Badge{Tone: toneOfStatus(s), Text: s.Words()}, N: page.Number(n), Path: "/console/review?status=" + string(s) + "#findings"})
	}
	at := max(0, min(number(v.query("from")), len(list)-1))
	at -= at % findingsAPage
	end := min(at+findingsAPage, len(list))
	for _, f := range list[at:end] {
		b.Findings = append(b.Findings, rowOf(f, names))
	}
	if len(list) == 0 {
		b.None = want.empty()
		return
	}
	b.Pager.Text = fmt.Sprintf("Findings %s–%s of %s", page.Number(at+1), page.Number(end), page.Number(len(list)))
	if at > 0 {
		b.Pager.Prev = want.path(at - findingsAPage)
	}
	if end < len(list) {
		b.Pager.Next = want.path(end)
	}
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

// trend is the score of the kept runs, the oldest first.
func (v *visit) trend() (page.Plot, int, error) {
	runs, err := v.desk.ReviewRuns(v.ctx())
	if err != nil {
		return page.Plot{}, 0, err
	}
	p := page.Plot{Title: "Score of the kept runs", Series: []page.Series{{Name: "Score", Tone: page.Info}}}
	for _, r := range slices.Backward(runs[:min(30, len(runs))]) {
		if score, err := strconv.ParseFloat(r.Score, 64); err == nil {
			p.Labels = append(p.Labels, r.Taken.UTC().Format("2 Jan"))
			p.Series[0].Values = append(p.Series[0].Values, score)
		}
	}
	return p, len(runs), nil
}

func better(i review.Improvement, names map[string]string) betterRow {
	row := betterRow{
		Title: i.Title, App: subject(i.App, names), Gain: fmt.Sprintf("%+.1f", i.Gain), Score: review.Points(i.Score),
		Path: findingPath(i.Control, "/fix", i.App),
	}
	for _, s := range i.Patch {
		row.Patch = append(row.Patch, s.Text())
	}
	return row
}

// appNames are the names of apps by id.
func appNames(run *review.Run) map[string]string {
	names := map[string]string{}
	for _, a := range run.Apps {
		names[a.ID] = cmp.Or(a.Name, a.ID)
	}
	return names
}

func subject(app string, names map[string]string) string {
	if app == "" {
		return "This server"
	}
	return cmp.Or(names[app], app)
}

func rowOf(f review.Finding, names map[string]string) findingRow {
	row := findingRow{
		Status: statusBadge(f), Level: levelBadge(f), Title: f.Title, Control: f.Control, App: subject(f.App, names),
		Why: sentence(f.Why()), Path: findingPath(f.Control, "", f.App), State: string(f.State),
	}
	if f.Proof != "not run" {
		row.Proof = f.Proof
	}
	if f.App != "" {
		row.AppPath = "/console/apps/" + url.PathEscape(f.App)
	}
	if f.Waiver != nil {
		row.Waived = waiverWords(f.Waiver)
	}
	return row
}

// findingPath is the address of what can be done about a finding.
func findingPath(control, what, app string) string {
	path := "/console/review/" + url.PathEscape(control) + what
	if app != "" {
		path += "?" + url.Values{"app": {app}}.Encode()
	}
	return path
}

func waiverWords(w *review.Waived) string {
	if w.Lapsed != "" {
		return "The waiver of " + w.By + " no longer counts: " + w.Lapsed + "."
	}
	return "Waived until " + w.Until.UTC().Format("2 January 2006") + " by " + w.By + ": " + strings.TrimSuffix(w.Reason, ".") + "."
}
