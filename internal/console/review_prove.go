package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"countersign/internal/admin"
	"countersign/internal/evidence"
	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/secret"
	"countersign/internal/staff"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

// proofs are the proofs that somebody asked this node for: under way, or done a
// while ago. They are kept in memory, since each can be made again in seconds.
type proofs struct {
	mu   sync.Mutex
	jobs []*proofJob // the oldest first
}

// proofJob is one proof.
type proofJob struct {
	id, control, app string
	by               staff.ID
	begun            time.Time

	mu          sync.Mutex
	steps       []admin.ProofStep
	finding     *review.Finding
	transcripts []*evidence.Transcript
	err         error
	done        bool
}

const (
	mostProofs  = 32
	mostRunning = 2 // each keeps a core busy
	proofLasts  = 2 * time.Minute
)

// errProving says that enough proofs are under way.
var errProving = errors.New("other proofs are being made; each takes some seconds. Try again in a moment")

// begin puts a job on the list, if there is room.
func (p *proofs) begin(j *proofJob) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	running := 0
	for _, old := range p.jobs {
		if !old.over() {
			running++
		}
	}
	if running >= mostRunning {
		return errProving
	}
	if len(p.jobs) == mostProofs {
		i := slices.IndexFunc(p.jobs, (*proofJob).over) // at most two are not
		p.jobs = slices.Delete(p.jobs, i, i+1)
	}
	p.jobs = append(p.jobs, j)
	return nil
}

func (p *proofs) find(id string) *proofJob {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, j := range p.jobs {
		if j.id == id {
			return j
		}
	}
	return nil
}

func (j *proofJob) over() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.done
}

// run makes the proof.
func (j *proofJob) run(ctx context.Context, desk admin.Desk) {
	ctx, cancel := context.WithTimeout(ctx, proofLasts)
	defer cancel()
	what := admin.Reviewing{Controls: []string{j.control}, Prove: true, Step: j.heard}
	if j.app != "" {
		what.Apps = []string{j.app}
	}
	run, _, err := desk.Review(ctx, what)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err, j.done = err, true
	if err != nil {
		return
	}
	if f, ok := run.Find(j.control, j.app); ok {
		j.finding = &f
	}
	for _, t := range run.Transcripts {
		if t.Subject == j.app || t.Subject == "" {
			j.transcripts = append(j.transcripts, t)
		}
	}
}

// mostSteps bounds what is shown while a proof is made.
const mostSteps = 200

func (j *proofJob) heard(s admin.ProofStep) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.steps) < mostSteps {
		j.steps = append(j.steps, s)
	}
}

// proveFinding runs the threat scenario of a control against a twin of the app.
func (c *Console) proveFinding(v *visit) (web.Answer, error) {
	control, err := v.control()
	if err != nil {
		return web.Answer{}, err
	}
	j := &proofJob{id: secret.Text(18), control: control.ID, app: v.form("app"), by: v.who.Member.ID, begun: v.c.Now()}
	if j.app != "" {
		if _, err := v.desk.App(v.ctx(), j.app); admin.IsNotFound(err) {
			return web.Answer{}, ErrGone
		} else if err != nil {
			return web.Answer{}, err
		}
	}
	if err := c.proofs.begin(j); err != nil {
		return v.done(findingPath(control.ID, "", j.app), page.Notice{Tone: page.Info, Text: sentence(err.Error())})
	}
	go j.run(context.WithoutCancel(v.ctx()), v.desk)
	return v.redirect("/console/review/" + control.ID + "/proof?id=" + j.id), nil
}

type proofBody struct {
	Running  bool
	Steps    []proofStep
	Progress string
	Finding  *findingRow
	Says     string
	Fault    *page.Fault
	Stories  []storyView
	Control  string
	App      string
	Again    string
	Back     string
	Begun    page.Moment
}

type proofStep struct {
	Title string
	State page.Badge
	Why   string
}

// storyView is a transcript as people read it.
type storyView struct {
	Title  string
	Result page.Badge
	Why    string
	Story  []page.Fact
	Cases  []caseView
}

type caseView struct {
	Title, Changed, Expect, Why string
	Result                      page.Badge
	Rules                       []string
	Exchanges                   []exchangeView
	Open                        bool
}

type exchangeView struct {
	Who, What, Took   string
	Request, Response string
}

// proofPage shows a proof while it is made, asking again every second without a
// script, and then what came of it, step by step.
func (c *Console) proofPage(v *visit) (web.Answer, error) {
	control, err := v.control()
	if err != nil {
		return web.Answer{}, err
	}
	j := c.proofs.find(v.query("id"))
	if j == nil || j.control != control.ID {
		return web.Answer{}, ErrGone
	}
	b := j.show(v)
	f := page.Frame{
		Title: "Proof", Wide: true, Body: b,
		Crumbs: []page.Link{{Text: "Health review", Path: "/console/review"}, {Text: control.Text.Title, Path: findingPath(control.ID, "", j.app)}},
	}
	if b.Running {
		f.Again = 1
	}
	return v.page("review-proof", f)
}

func (j *proofJob) show(v *visit) proofBody {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := proofBody{
		Running: !j.done, Control: j.control, App: j.app, Again: findingPath(j.control, "/prove", ""), Back: findingPath(j.control, "", j.app), Begun: v.at(j.begun),
	}
	for _, s := range j.steps {
		b.Progress = fmt.Sprintf("%d of %d scenarios", s.Done, s.Total)
		step := proofStep{Title: s.Title, State: resultBadge(s.Result), Why: s.Why}
		if s.Case != nil {
			step = proofStep{Title: fmt.Sprintf("%d. %s", s.Case.Number, s.Case.Title), State: resultBadge(s.Case.Result), Why: s.Case.Why}
		}
		b.Steps = append(b.Steps, step)
	}
	if j.err != nil {
		b.Fault = &page.Fault{Text: "The proof could not be made.", Remedy: "Nothing was changed. Try again; if it stays like this, countersign review --prove on the server says more."}
	}
	if j.finding != nil {
		row := rowOf(*j.finding, nil)
		b.Finding, b.Says = &row, sentence(j.finding.Proof)
	}
	control, _ := controls.Control(j.control)
	slices.SortStableFunc(j.transcripts, func(a, b *evidence.Transcript) int { // the control's own scenario, then those it leans on
		return boolFirst(a.Probe == control.Probe.ID, b.Probe == control.Probe.ID)
	})
	for _, t := range j.transcripts {
		b.Stories = append(b.Stories, storyOf(t))
	}
	return b
}

// boolFirst orders what is true before what is not.
func boolFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

func resultBadge(r evidence.Result) page.Badge {
	switch r {
	case evidence.Held:
		return page.Badge{Tone: page.Good, Text: "held"}
	case evidence.Broken:
		return page.Badge{Tone: page.Critical, Text: "broken"}
	case evidence.NotApplicable:
		return page.Badge{Tone: page.Calm, Text: "does not apply"}
	case evidence.Inconclusive:
		return page.Badge{Tone: page.Doubt, Text: "inconclusive"}
	}
	return page.Badge{Tone: page.Calm, Text: string(r)}
}

func storyOf(t *evidence.Transcript) storyView {
	s := storyView{Title: t.Title, Result: resultBadge(t.Result), Why: sentence(t.Why), Story: []page.Fact{
		{Name: "Who attacks", Value: t.Story.Attacker},
		{Name: "What they hold", Value: t.Story.Holds},
		{Name: "What they want", Value: t.Story.Wants},
		{Name: "What is to stop them", Value: t.Story.Defence},
	}}
	for _, c := range t.Cases {
		one := caseView{
			Title: fmt.Sprintf("%d. %s", c.Number, c.Title), Changed: c.Changed, Expect: c.Expect, Why: sentence(c.Why), Result: resultBadge(c.Result),
			Rules: c.AnsweredBy, Open: c.Result == evidence.Broken,
		}
		if c.Door != "" {
			one.Title += " (" + c.Door + ")"
		}
		for _, x := range c.Exchanges {
			one.Exchanges = append(one.Exchanges, exchangeOf(x))
		}
		s.Cases = append(s.Cases, one)
	}
	return s
}

func exchangeOf(x evidence.Exchange) exchangeView {
	out := exchangeView{Who: x.Who, What: x.What, Took: fmt.Sprintf("%.1f ms", float64(x.Took.Microseconds())/1000), Request: messageText(x.Request), Response: messageText(x.Response)}
	if x.Fault != "" {
		out.Response = x.Fault
	}
	return out
}

// messageText is an HTTP message as it would be typed.
func messageText(m evidence.Message) string {
	var b strings.Builder
	b.WriteString(m.Line)
	for _, h := range m.Headers {
		b.WriteString("\n" + h.Name + ": " + h.Value)
	}
	if m.Body != "" {
		b.WriteString("\n\n" + m.Body)
	}
	return b.String()
}
