package page

import (
	"fmt"
	"math"
)

// Charts are drawn on the server: they print, need no script, and every one has
// a title for those who do not see it. A template gets numbers that are ready to
// be written into SVG.

// Ring is a score in a circle: {{template "ring" .}}.
type Ring struct {
	Text, Under string  // in the middle: 87, and what it is: grade B
	Title       string  // for screen readers
	Part        float64 // 0 to 1
	Tone        Tone
}

const around = 2 * math.Pi * 52

// Dash is how much of the circle is drawn.
func (r Ring) Dash() string {
	return fmt.Sprintf("%.2f %.2f", around*min(max(r.Part, 0), 1), around)
}

// Part is one colour of a bar.
type Part struct {
	N     int
	Name  string
	Tone  Tone
	X, W  string // set by Stack
	Total int    // set by Stack
}

// Stack is one bar of several colours: {{template "stack" .}}.
type Stack struct {
	Title string
	Parts []Part
}

// NewStack makes a bar 100 wide of the parts that are not zero.
func NewStack(title string, parts ...Part) Stack {
	total := 0
	for _, p := range parts {
		total += p.N
	}
	s := Stack{Title: title}
	x := 0.0
	for _, p := range parts {
		if p.N <= 0 {
			continue
		}
		w := 100 * float64(p.N) / float64(total)
		p.X, p.W, p.Total = px(x), px(w), total
		x += w
		s.Parts = append(s.Parts, p)
	}
	return s
}

// Series is one line or row of bars over time.
type Series struct {
	Name   string
	Tone   Tone
	Values []float64
}

// Plot is values over time: {{template "bars" .}} stacks the series,
// {{template "lines" .}} draws one line each, {{template "spark" .}} is a small
// line without axes.
type Plot struct {
	Title  string
	Labels []string // one for each value, under the first, middle and last
	Unit   string
	Series []Series
}

// The size of a plot's drawing area, in its own units.
const (
	plotWide = 600.0
	plotHigh = 160.0
)

// Bar is one rectangle.
type Bar struct {
	X, Y, W, H string
	Tone       Tone
	Title      string
}

// Mark is a text or line at a place.
type Mark struct {
	At   string
	Text string
}

func px(v float64) string { return fmt.Sprintf("%.2f", v) }

// top is a round number that no value goes beyond.
func (p Plot) top(stacked bool) float64 {
	most := 0.0
	for i := range p.Labels {
		sum := 0.0
		for _, s := range p.Series {
			v := at(s.Values, i)
			if stacked {
				sum += v
			} else {
				sum = max(sum, v)
			}
		}
		most = max(most, sum)
	}
	if most <= 0 {
		return 1
	}
	step := math.Pow(10, math.Floor(math.Log10(most)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*step >= most {
			return m * step
		}
	}
	return most
}

func at(values []float64, i int) float64 {
	if i < len(values) && values[i] > 0 {
		return values[i]
	}
	return 0
}

// Bars are the stacked bars of the plot.
func (p Plot) Bars() []Bar {
	n := len(p.Labels)
	if n == 0 {
		return nil
	}
	top, wide := p.top(true), plotWide/float64(n)
	gap := min(wide*.2, 6)
	var out []Bar
	for i := range n {
		y := plotHigh
		for _, s := range p.Series {
			v := at(s.Values, i)
			if v == 0 {
				continue
			}
			h := v / top * plotHigh
			y -= h
			out = append(out, Bar{
				X: px(float64(i)*wide + gap/2), Y: px(y), W: px(wide - gap), H: px(h), Tone: s.Tone,
				Title: fmt.Sprintf("%s, %s: %s", p.Labels[i], s.Name, p.value(v)),
			})
		}
	}
	return out
}

// Line is one polyline.
type Line struct {
	Points string
	Tone   Tone
	Name   string
}

// Lines are the lines of the plot.
func (p Plot) Lines() []Line {
	n := len(p.Labels)
	if n == 0 {
		return nil
	}
	top := p.top(false)
	var out []Line
	for _, s := range p.Series {
		l := Line{Tone: s.Tone, Name: s.Name}
		for i := range n {
			x := plotWide / 2
			if n > 1 {
				x = plotWide * float64(i) / float64(n-1)
			}
			l.Points += fmt.Sprintf("%s,%s ", px(x), px(plotHigh-at(s.Values, i)/top*plotHigh))
		}
		out = append(out, l)
	}
	return out
}

func (p Plot) value(v float64) string {
	text := Number(int(math.Round(v)))
	if v != math.Trunc(v) {
		text = fmt.Sprintf("%.1f", v)
	}
	if p.Unit != "" {
		text += " " + p.Unit
	}
	return text
}

// Scale are the numbers at the side of stacked bars.
func (p Plot) Scale() []Mark { return p.scale(p.top(true)) }

// LineScale are the numbers at the side of lines.
func (p Plot) LineScale() []Mark { return p.scale(p.top(false)) }

func (p Plot) scale(top float64) []Mark {
	var out []Mark
	for _, part := range []float64{0, .5, 1} {
		out = append(out, Mark{At: px(plotHigh - part*plotHigh), Text: p.value(part * top)})
	}
	return out
}

// Feet are the labels below: first, middle, last.
func (p Plot) Feet() []Mark {
	n := len(p.Labels)
	switch n {
	case 0:
		return nil
	case 1, 2:
		return []Mark{{Text: p.Labels[0]}, {Text: p.Labels[n-1]}}
	}
	return []Mark{{Text: p.Labels[0]}, {Text: p.Labels[n/2]}, {Text: p.Labels[n-1]}}
}

// Cell is one field of a heat map.
type Cell struct {
	Text, Title, Path string
	Tone              Tone
}

// Heat is a table whose fields are colours: {{template "heat" .}}.
type Heat struct {
	Title   string
	Columns []string
	Rows    []HeatRow
}

// HeatRow is one row of a Heat.
type HeatRow struct {
	Name, Path string
	Cells      []Cell
}

// PlotRow is one line of the table below a plot, which says the same in numbers.
type PlotRow struct {
	Name   string
	Values []string
}

// Rows are the numbers of the plot.
func (p Plot) Rows() []PlotRow {
	out := make([]PlotRow, len(p.Labels))
	for i, l := range p.Labels {
		out[i].Name = l
		for _, s := range p.Series {
			out[i].Values = append(out[i].Values, p.value(at(s.Values, i)))
		}
	}
	return out
}
