package console

import (
	"fmt"
	"time"

	"countersign/internal/admin"
	"countersign/internal/load"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

// spans are what the plots can show.
var spans = []struct {
	value, label string
	step         time.Duration
	steps        int
	layout       string
}{
	{"day", "24 hours", load.SlotLength * 2, 72, "15:04"},
	{"week", "7 days", 2 * time.Hour, 84, "2 Jan 15:04"},
	{"month", "30 days", 12 * time.Hour, 60, "2 Jan"},
}

type trafficBody struct {
	Spans     []page.Link
	Served    page.Plot
	Refused   page.Plot
	Login     page.Plot
	Refresh   page.Plot
	Rules     []ruleRow
	Totals    []page.Fact
	None      *page.Empty
	NoRefusal bool
}

type ruleRow struct{ Rule, N, Path string }

// ruleTones are the colours of the rules that refused most; the others share one.
var ruleTones = []page.Tone{page.Critical, page.High, page.Medium, page.Doubt, page.Low}

// trafficPage draws what happened over time.
func (c *Console) trafficPage(v *visit) (web.Answer, error) {
	span := spans[0]
	for _, s := range spans {
		if s.value == v.query("span") {
			span = s
		}
	}
	a, err := v.desk.Activity(v.ctx(), span.step, span.steps)
	if err != nil {
		return web.Answer{}, err
	}
	var b trafficBody
	for _, s := range spans {
		b.Spans = append(b.Spans, page.Link{Text: s.label, Path: "/console/traffic?span=" + s.value, Current: s.value == span.value})
	}
	var labels []string
	for _, s := range a.Steps {
		labels = append(labels, s.Begin.Format(span.layout))
	}
	b.draw(a, labels)
	return v.page("traffic", page.Frame{Title: "Traffic", Wide: true, Body: b})
}

func (b *trafficBody) draw(a admin.Activity, labels []string) {
	var all, refused int64
	served := func(kinds ...load.Kind) (out []float64) {
		for _, s := range a.Steps {
			n := int64(0)
			for _, k := range kinds {
				n += s.Served[k]
			}
			out = append(out, float64(n))
			all += n
		}
		return out
	}
	every := "every " + page.Span(a.Step)
	b.Served = page.Plot{Title: "Requests that were served, " + every, Labels: labels, Series: []page.Series{
		{Name: "logins", Tone: page.Good, Values: served(load.Login)},
		{Name: "codes redeemed", Tone: page.Info, Values: served(load.Exchange)},
		{Name: "refreshes", Tone: page.Low, Values: served(load.Refresh)},
		{Name: "apps for themselves", Tone: page.Doubt, Values: served(load.Client)},
		{Name: "about tokens and people", Tone: page.Calm, Values: served(load.Introspection, load.Userinfo, load.Revocation)},
	}}
	b.Refused = page.Plot{Title: "Refusals by rule, " + every, Labels: labels}
	others := make([]float64, len(a.Steps))
	for i, r := range a.Rules {
		refused += r.N
		b.Rules = append(b.Rules, ruleRow{Rule: r.Rule, N: page.Number(int(r.N)), Path: "/console/audit?rule=" + r.Rule})
		values := make([]float64, len(a.Steps))
		for j, s := range a.Steps {
			values[j] = float64(s.Refused[r.Rule])
			if i >= len(ruleTones) {
				others[j] += values[j]
			}
		}
		if i < len(ruleTones) {
			b.Refused.Series = append(b.Refused.Series, page.Series{Name: r.Rule, Tone: ruleTones[i], Values: values})
		}
	}
	if len(a.Rules) > len(ruleTones) {
		b.Refused.Series = append(b.Refused.Series, page.Series{Name: "other rules", Tone: page.Calm, Values: others})
	}
	b.NoRefusal = refused == 0
	b.Login = latency(a, labels, load.Login, "Time of a login, the password included, "+every)
	b.Refresh = latency(a, labels, load.Refresh, "Time of a refresh, "+every)
	b.total(a, all, refused)
}

func (b *trafficBody) total(a admin.Activity, served, refused int64) {
	faults := int64(0)
	for _, s := range a.Steps {
		faults += s.Faults
	}
	if served+refused+faults == 0 {
		b.None = &page.Empty{Title: "No request yet in this time", Text: "As soon as an app logs somebody in, its requests are drawn here, a minute later at most."}
		return
	}
	b.Totals = []page.Fact{
		{Name: "Served", Value: page.Number(int(served))},
		{Name: "Refused", Value: fmt.Sprintf("%s (%.1f %%)", page.Number(int(refused)), 100*float64(refused)/float64(served+refused+faults))},
		{Name: "Faults of ours", Value: page.Number(int(faults))},
	}
}

// latency draws three quantiles of a kind.
func latency(a admin.Activity, labels []string, kind load.Kind, title string) page.Plot {
	p := page.Plot{Title: title, Labels: labels, Unit: "ms", Series: []page.Series{
		{Name: "half are faster", Tone: page.Good}, {Name: "95 of 100 are faster", Tone: page.Medium}, {Name: "99 of 100 are faster", Tone: page.Critical},
	}}
	for _, s := range a.Steps {
		q := s.Duration[kind]
		p.Series[0].Values = append(p.Series[0].Values, q.P50)
		p.Series[1].Values = append(p.Series[1].Values, q.P95)
		p.Series[2].Values = append(p.Series[2].Values, q.P99)
	}
	return p
}
