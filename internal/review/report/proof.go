package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"countersign/internal/evidence"
)

//go:embed proof.html
var proofParts string

//go:embed proof.css
var proofStyle string

//go:embed proofs.html
var proofsText string

// ProofsHTML writes transcripts alone as one self-contained page.
func ProofsHTML(w io.Writer, issuer string, all []evidence.Transcript) error {
	v := struct {
		Issuer string
		Style  template.CSS
		Proofs []proofView
		Counts []proofCount
	}{Issuer: issuer, Style: template.CSS(pageStyle + proofStyle)} //nolint:gosec // our own embedded files
	for i := range all {
		v.Proofs = append(v.Proofs, proofOf(&all[i], true))
	}
	for _, r := range resultOrder {
		n := 0
		for _, t := range all {
			if t.Result == r {
				n++
			}
		}
		v.Counts = append(v.Counts, proofCount{r, n})
	}
	return proofsPage().Execute(w, v)
}

type proofCount struct {
	Result evidence.Result
	Count  int
}

var resultOrder = []evidence.Result{evidence.Broken, evidence.Inconclusive, evidence.Held, evidence.NotApplicable}

var proofsPage = sync.OnceValue(func() *template.Template {
	t := template.New("proofs").Funcs(proofFuncs)
	return template.Must(template.Must(t.Parse(proofParts)).New("page").Parse(proofsText))
})

var proofFuncs = template.FuncMap{"chips": chips, "result": resultWords, "mark": resultMark, "seconds": secondsText, "words": func() []glossed { return glossary }}

// proofView is a transcript as a page shows it.
type proofView struct {
	*evidence.Transcript
	Anchor string
	Says   string // the outcome in a sentence
	When   string
	Cases  []caseView
	Whole  bool // with the messages
}

type caseView struct {
	evidence.Case
	Says  string
	Open  bool
	Turns []turn
	Shown int // messages, all of them
}

// turn is a message and its answer, or several alike.
type turn struct {
	Who, What, From string
	Count           int
	Request         wireView
	Answers         []answerView
	Side            string // "honest" or "attack"
}

// wireView is a message as it went over the wire, and its parameters as a table.
type wireView struct {
	Line, Raw  string
	Parameters []parameter
}

type parameter struct{ Name, Value string }

// answerView is one kind of answer, and how often it came.
type answerView struct {
	Count  int
	Line   string
	Says   string // in words
	Good   bool   // it is what a request hopes for
	Raw    string
	Fields []parameter
}

func proofOf(t *evidence.Transcript, whole bool) proofView {
	v := proofView{
		Transcript: t, Anchor: proofAnchor(t.Probe, t.Subject), Says: outcome(t), Whole: whole,
		When: t.Started.UTC().Format("2006-01-02 15:04:05 UTC"),
	}
	doors := map[string]bool{}
	for _, c := range t.Cases {
		doors[c.Door] = true
	}
	for _, c := range t.Cases {
		k := caseOf(c, whole)
		if len(doors) < 2 {
			k.Door = ""
		}
		v.Cases = append(v.Cases, k)
	}
	return v
}

func proofAnchor(probe, subject string) string {
	return "p-" + strings.TrimPrefix(probe, "probe.") + "-" + subject
}

// outcome says what was found, in a sentence for everybody.
func outcome(t *evidence.Transcript) string {
	n := t.Numbers()
	attacks, held := 0, 0
	for number, r := range n {
		if number == 0 || r == evidence.NotApplicable {
			continue
		}
		attacks++
		if r == evidence.Held {
			held++
		}
	}
	switch t.Result {
	case evidence.Held:
		return fmt.Sprintf("The honest way works, and every attack was refused: %d of %d.", held, attacks)
	case evidence.Broken:
		return fmt.Sprintf("An attack worked: %s. %d of %d attacks were refused.", strings.TrimSuffix(t.Why, "."), held, attacks)
	case evidence.NotApplicable:
		return "There is nothing to attack here: " + orElse(t.Why, "the scenario does not apply") + "."
	case evidence.Inconclusive:
	}
	return "Nothing can be said: " + orElse(t.Why, "the honest way did not work") + "."
}

func caseOf(c evidence.Case, whole bool) caseView {
	v := caseView{Case: c, Open: c.Result == evidence.Broken, Shown: len(c.Exchanges), Says: caseSays(c)}
	v.Exchanges = nil
	if whole {
		v.Turns = turns(c)
	}
	return v
}

func caseSays(c evidence.Case) string {
	switch {
	case c.Why != "":
		return c.Why
	case c.Number == 0 && c.Result == evidence.Held:
		return "works, as it should"
	case c.Result == evidence.Held && len(c.AnsweredBy) > 0:
		return "refused by " + strings.Join(c.AnsweredBy, ", ")
	case c.Result == evidence.Held:
		return "refused"
	}
	return ""
}

// turns groups messages that say the same: of twenty sent at once one line is
// enough, if it tells how many got which answer.
func turns(c evidence.Case) []turn {
	var out []turn
	for _, e := range c.Exchanges {
		n := len(out)
		if n == 0 || out[n-1].Who != capital(e.Who) || out[n-1].What != e.What || out[n-1].From != e.From {
			side := "attack"
			if c.Number == 0 || honest(e.Who) {
				side = "honest"
			}
			out = append(out, turn{Who: capital(e.Who), What: e.What, From: e.From, Request: wireOf(e.Request), Side: side})
			n++
		}
		t := &out[n-1]
		t.Count++
		a := answerOf(e)
		i := slices.IndexFunc(t.Answers, func(b answerView) bool { return b.Line == a.Line && b.Says == a.Says })
		if i < 0 {
			t.Answers, i = append(t.Answers, a), len(t.Answers)
		}
		t.Answers[i].Count++
	}
	return out
}

// honest says whether it is one of those who may do what they do.
func honest(who string) bool {
	return !slices.ContainsFunc([]string{"thief", "attack", "insider", "stranger", "another", "somebody else", "rogue"}, func(word string) bool {
		return strings.Contains(strings.ToLower(who), word)
	})
}

func secondsText(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func resultWords(r evidence.Result) string {
	return map[evidence.Result]string{
		evidence.Held: "held", evidence.Broken: "broken", evidence.NotApplicable: "not applicable", evidence.Inconclusive: "inconclusive",
	}[r]
}

// resultMark tells the results apart without colour.
func resultMark(r evidence.Result) string {
	return map[evidence.Result]string{evidence.Held: "✓", evidence.Broken: "✕", evidence.NotApplicable: "·", evidence.Inconclusive: "?"}[r]
}
