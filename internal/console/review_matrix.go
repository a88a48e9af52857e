package console

import (
	"bytes"
	"fmt"
	"strconv"

	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/review/report"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type matrixBody struct {
	Areas []page.Heat
	Keys  []page.Cell
	Pager page.Pager
}

const columnsAPage = 20

// marks are a verdict in one sign; the word is beside it for those who hear the
// page.
var marks = map[review.Status]string{
	review.Fail: "✕", review.Inconclusive: "?", review.Manual: "◐", review.Mitigated: "≈", review.Pass: "✓", review.NotApplicable: "·",
}

// matrixPage is every control against every app, an area at a time.
func (c *Console) matrixPage(v *visit) (web.Answer, error) {
	run, err := v.judge()
	if err != nil {
		return web.Answer{}, err
	}
	at := max(0, min(number(v.query("from")), len(run.Apps)-1))
	at -= at % columnsAPage
	end := min(at+columnsAPage, len(run.Apps))
	shown := run.Apps[at:end]
	var b matrixBody
	for _, s := range statuses {
		b.Keys = append(b.Keys, page.Cell{Text: marks[s], Title: s.Words(), Tone: toneOfStatus(s)})
	}
	by := map[[2]string]review.Finding{}
	for _, f := range run.Findings {
		by[[2]string{f.Control, f.App}] = f
	}
	for _, area := range controls.Areas {
		h := page.Heat{Title: area.Title, Columns: []string{"This server"}}
		for _, a := range shown {
			h.Columns = append(h.Columns, appNames(run)[a.ID])
		}
		for _, id := range area.Controls {
			h.Rows = append(h.Rows, matrixRow(id, shown, by))
		}
		b.Areas = append(b.Areas, h)
	}
	if len(run.Apps) > columnsAPage {
		b.Pager.Text = fmt.Sprintf("Apps %s–%s of %s", page.Number(at+1), page.Number(end), page.Number(len(run.Apps)))
		if at > 0 {
			b.Pager.Prev = "/console/review/matrix?from=" + strconv.Itoa(at-columnsAPage)
		}
		if end < len(run.Apps) {
			b.Pager.Next = "/console/review/matrix?from=" + strconv.Itoa(end)
		}
	}
	return v.page("review-matrix", page.Frame{
		Title: "Apps and controls", Wide: true, Body: b, Crumbs: []page.Link{{Text: "Health review", Path: "/console/review"}},
	})
}

func matrixRow(control string, apps []review.AppScore, by map[[2]string]review.Finding) page.HeatRow {
	c, _ := controls.Control(control)
	row := page.HeatRow{Name: c.Text.Title, Path: findingPath(control, "", "")}
	cell := func(app, name string) page.Cell {
		f, ok := by[[2]string{control, app}]
		if !ok {
			return page.Cell{Text: "\u00a0", Title: name + ": not judged here", Tone: page.Calm}
		}
		out := page.Cell{Text: marks[f.Status], Tone: toneOfStatus(f.Status), Title: name + ": " + f.Status.Words(), Path: findingPath(control, "", app)}
		if f.Status == review.Fail {
			out.Tone = toneOfLevel(f.Severity.Level)
			out.Title += ", " + f.Severity.Level
		}
		if f.Waived() {
			out.Text, out.Tone, out.Title = "w", page.Calm, out.Title+", waived"
		}
		return out
	}
	row.Cells = append(row.Cells, cell("", "This server"))
	for _, a := range apps {
		row.Cells = append(row.Cells, cell(a.ID, a.Name))
	}
	return row
}

// downloads are the reports that the review can be taken away as.
var downloads = map[string]struct {
	form  report.Format
	media string
	name  string
}{
	"html":  {report.FormatHTML, "text/html; charset=utf-8", "security-health-review.html"},
	"sarif": {report.FormatSARIF, "application/sarif+json", "security-health-review.sarif"},
	"csv":   {report.FormatCSV, "text/csv; charset=utf-8", "security-health-review.csv"},
	"json":  {report.FormatJSON, "application/json", "security-health-review.json"},
	"junit": {report.FormatJUnit, "application/xml", "security-health-review.xml"},
}

// download gives the review as a file.
func (c *Console) download(v *visit) (web.Answer, error) {
	d, ok := downloads[v.query("form")]
	if !ok {
		return web.Answer{}, ErrGone
	}
	run, err := v.judge()
	if err != nil {
		return web.Answer{}, err
	}
	var b bytes.Buffer
	if err := report.Write(&b, d.form, run, report.Options{Tool: run.Header.Server}); err != nil {
		return web.Answer{}, err
	}
	return web.Answer{Media: web.Media{d.media}, Body: b.Bytes()}.
		With("Content-Disposition", `attachment; filename="`+d.name+`"`), nil
}
