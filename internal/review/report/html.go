package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"countersign/internal/review"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

// HTML writes the run as one self-contained page: no script, nothing fetched,
// light and dark by the reader's preference, fit for paper and phone.
func HTML(w io.Writer, run *review.Run) error {
	return page().Execute(w, pageOf(run))
}

var page = sync.OnceValue(func() *template.Template {
	t := template.Must(template.New("parts").Funcs(proofFuncs).Parse(proofParts))
	return template.Must(t.New("page").Funcs(template.FuncMap{
		"status": statusText, "severity": severityText, "bare": review.Finding.Why, "waiver": waiverText, "patch": patchText,
		"breaks": breaksText, "gain": gainText, "points": review.Points, "subject": subjectName, "proof": proofText,
		"anchor": anchor, "show": review.Shown.Text, "day": func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
		"lower": strings.ToLower, "dash": dash, "decisive": decisive, "others": others, "cases": caseList, "where": fileLine,
		"capital": capital, "met": review.Shown.Met,
	}).Parse(pageText))
})

// view is what the page shows.
type view struct {
	Run       *review.Run
	Style     template.CSS
	Header    []string
	Groups    []groupView
	Best      []review.Improvement
	Chart     []bar
	More      int // apps the chart leaves out
	Statuses  []statusView
	Lies      []review.Finding
	Waived    []review.Finding
	Matrix    []matrixRow
	Columns   []groupView
	Explained []string
	Summary   string
	Proofs    []proofGroup
}

type groupView struct {
	group
	Index        int
	Title        string
	Open, Closed []entry
}

// entry is a finding with the text of its control.
type entry struct {
	review.Finding
	Text     review.Text
	Evidence *findingProof // nil: no transcript
}

type statusView struct {
	Status review.Status
	Words  string
	Count  int
}

type matrixRow struct {
	Control, Title string
	Cells          []matrixCell
}

type matrixCell struct {
	Status review.Status
	Level  string
	Mark   string
	Says   string
	Anchor string
}

const mostColumns = 14

func pageOf(run *review.Run) view {
	v := view{
		Run: run, Style: template.CSS(pageStyle), //nolint:gosec // our own embedded file
		Header: headerLines(run), Best: best(run), Explained: review.ExplainScore(run.Findings),
	}
	for i, g := range groups(run) {
		open, closed := split(g.Findings)
		gv := groupView{group: g, Index: i, Title: orElse(g.Name, g.ID), Open: entries(open, run), Closed: entries(closed, run)}
		v.Groups = append(v.Groups, gv)
		for _, f := range open {
			if f.Contradicted {
				v.Lies = append(v.Lies, f)
			}
			if f.Waiver != nil {
				v.Waived = append(v.Waived, f)
			}
		}
	}
	for _, s := range []review.Status{review.Fail, review.Inconclusive, review.Manual, review.Mitigated, review.Pass, review.NotApplicable} {
		v.Statuses = append(v.Statuses, statusView{s, s.Words(), countOf(run.Counts, s)})
	}
	v.Chart, v.More = chartOf(v.Groups)
	if len(v.Groups) <= mostColumns {
		v.Columns, v.Matrix = v.Groups, matrixOf(v.Groups, run)
	}
	v.Summary, v.Proofs = summaryOf(run), proofGroups(run, v.Groups)
	if len(v.Proofs) > 0 {
		v.Style += template.CSS(proofStyle) //nolint:gosec // our own embedded file
	}
	return v
}

func entries(findings []review.Finding, run *review.Run) []entry {
	list := make([]entry, len(findings))
	for i, f := range findings {
		list[i] = entry{f, run.Rules[f.Control], proofOfFinding(run, f)}
	}
	return list
}

func countOf(n review.Counts, s review.Status) int {
	return map[review.Status]int{
		review.Fail: n.Fail, review.Inconclusive: n.Inconclusive, review.Manual: n.Manual,
		review.Mitigated: n.Mitigated, review.Pass: n.Pass, review.NotApplicable: n.NotApplicable,
	}[s]
}

func summaryOf(run *review.Run) string {
	levels := map[string]int{}
	open := 0
	for _, f := range run.Findings {
		if f.Open() {
			open++
			levels[f.Severity.Level]++
		}
	}
	if open == 0 {
		return "Nothing is open."
	}
	var parts []string
	for _, l := range []string{review.Critical, review.High, review.Medium, review.Low} {
		if levels[l] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", levels[l], strings.ToLower(l)))
		}
	}
	return fmt.Sprintf("%d open: %s.", open, strings.Join(parts, ", "))
}

// matrixOf is every control against every subject, in the catalogue's order.
func matrixOf(groups []groupView, run *review.Run) []matrixRow {
	at := map[string]int{}
	var rows []matrixRow
	for _, f := range run.Findings {
		if _, known := at[f.Control]; !known && !f.Extra {
			at[f.Control] = len(rows)
			rows = append(rows, matrixRow{Control: f.Control, Title: f.Title, Cells: make([]matrixCell, len(groups))})
		}
	}
	for i, g := range groups {
		for _, f := range g.Findings {
			if f.Extra {
				continue
			}
			rows[at[f.Control]].Cells[i] = matrixCell{f.Status, f.Severity.Level, markOf(f), f.SubjectName() + ": " + statusText(f), anchor(f)}
		}
	}
	return rows
}

// markOf tells the statuses apart without colour.
func markOf(f review.Finding) string {
	if f.Waived() {
		return "w"
	}
	return map[review.Status]string{
		review.Fail: "✕", review.Inconclusive: "?", review.Manual: "◐", review.Mitigated: "≈", review.Pass: "✓", review.NotApplicable: "·",
	}[f.Status]
}

func anchor(f review.Finding) string { return "f-" + f.Fingerprint }

// dash is how much of a ring of the given radius a score fills.
func dash(score *float64, radius float64) string {
	if score == nil {
		return "0 1000"
	}
	return fmt.Sprintf("%.1f 1000", 2*math.Pi*radius**score/100)
}

// capital begins a sentence with a capital letter, unless it begins with the
// name of a setting.
func capital(text string) string {
	first, _, _ := strings.Cut(text, " ")
	if strings.ContainsAny(first, ".<") || text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func decisive(values []review.Shown) []review.Shown {
	return slices.DeleteFunc(slices.Clone(values), func(s review.Shown) bool { return !s.Decisive })
}

func others(values []review.Shown) []review.Shown {
	return slices.DeleteFunc(slices.Clone(values), func(s review.Shown) bool { return s.Decisive })
}

// caseList writes the cases of a proof as "1 held, 2 broken".
func caseList(p *review.Proof) string {
	var numbers []int
	for n := range p.Cases {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	parts := make([]string, len(numbers))
	for i, n := range numbers {
		parts[i] = fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(p.Cases[n]), "_", " "))
	}
	return strings.Join(parts, ", ")
}
