package console

import (
	"errors"
	"fmt"
	"net/url"

	"countersign/internal/admin"
	"countersign/internal/review"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type runsBody struct {
	Rows  []runRow
	Trend page.Plot
	None  *page.Empty
}

type runRow struct {
	ID, Score, Grade, Open string
	Taken                  page.Moment
	Diff                   string // address of what moved since
}

// runsPage is the history: each kept run, and what moved since.
func (c *Console) runsPage(v *visit) (web.Answer, error) {
	runs, err := v.desk.ReviewRuns(v.ctx())
	if err != nil {
		return web.Answer{}, err
	}
	var b runsBody
	for _, r := range runs {
		b.Rows = append(b.Rows, runRow{
			ID: r.ID, Score: r.Score, Grade: string(r.Grade), Open: page.Number(r.Fails), Taken: v.at(r.Taken),
			Diff: "/console/review/diff?" + url.Values{"since": {r.ID}}.Encode(),
		})
	}
	if b.Trend, _, err = v.trend(); err != nil {
		return web.Answer{}, err
	}
	if len(runs) == 0 {
		b.None = &page.Empty{Title: "No run is kept yet", Text: "Keep one today, and tomorrow this page says what got better and what got worse."}
	}
	return v.page("review-runs", page.Frame{Title: "History", Body: b, Crumbs: []page.Link{{Text: "Health review", Path: "/console/review"}}})
}

// keepRun reviews everything and keeps the run.
func (c *Console) keepRun(v *visit) (web.Answer, error) {
	run, _, err := v.desk.Review(v.ctx(), admin.Reviewing{Keep: true})
	if err != nil {
		return web.Answer{}, err
	}
	return v.done("/console/review/runs", page.Notice{Tone: page.Good, Text: "The run is kept. Score " + run.Words() + "."})
}

type diffBody struct {
	Since, Until page.Moment
	Now          bool
	Before       string
	After        string
	Notes        []string
	Lists        []diffList
	None         *page.Empty
}

type diffList struct {
	Title string
	Tone  page.Tone
	Rows  []diffRow
	More  string
}

type diffRow struct {
	Path, Control, App, Why string
	Before, After           page.Badge
}

const mostMoves = 100

// diffPage says what moved since a kept run.
func (c *Console) diffPage(v *visit) (web.Answer, error) {
	before, _, err := v.desk.ReviewRun(v.ctx(), v.query("since"))
	if errors.Is(err, review.ErrNoRun) {
		return web.Answer{}, ErrGone
	} else if err != nil {
		return web.Answer{}, err
	}
	after, err := v.judge()
	if err != nil {
		return web.Answer{}, err
	}
	d := review.Compare(before, after)
	b := diffBody{
		Since: v.at(before.Header.Snapshot), Until: v.at(after.Header.Snapshot), Before: review.Points(d.ScoreBefore), After: review.Points(d.ScoreAfter), Notes: d.Notes,
	}
	names := appNames(after)
	b.add("Fails now", page.Critical, d.Broken, names)
	b.add("Contradicted by a probe", page.Critical, d.Contradicted, names)
	b.add("Fails no more", page.Good, d.Fixed, names)
	b.add("Otherwise changed", page.Info, d.Changed, names)
	b.add("Proven now", page.Good, d.Proven, names)
	b.add("Waived now", page.Calm, d.Waived, names)
	b.add("No longer waived", page.High, d.Lapsed, names)
	b.add("No longer judged", page.Calm, d.Gone, names)
	if d.Empty() {
		b.None = &page.Empty{Title: "Nothing moved", Text: "Every verdict is what it was in that run."}
	}
	return v.page("review-diff", page.Frame{Title: "What moved", Wide: true, Body: b, Crumbs: []page.Link{
		{Text: "Health review", Path: "/console/review"}, {Text: "History", Path: "/console/review/runs"},
	}})
}

func (b *diffBody) add(title string, tone page.Tone, moves []review.Transition, names map[string]string) {
	if len(moves) == 0 {
		return
	}
	l := diffList{Title: fmt.Sprintf("%s: %s", title, page.Number(len(moves))), Tone: tone}
	for _, t := range moves[:min(len(moves), mostMoves)] {
		row := diffRow{Path: findingPath(t.Control, "", t.App), Control: t.Control, App: subject(t.App, names), Why: sentence(t.Reason)}
		if t.Before != "" {
			row.Before = page.Badge{Tone: toneOfStatus(t.Before), Text: t.Before.Words()}
		}
		if t.After != "" {
			row.After = page.Badge{Tone: toneOfStatus(t.After), Text: t.After.Words()}
		}
		l.Rows = append(l.Rows, row)
	}
	if n := len(moves) - mostMoves; n > 0 {
		l.More = page.Count(n, "more", "more")
	}
	b.Lists = append(b.Lists, l)
}
