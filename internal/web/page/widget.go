package page

import (
	"errors"
	"fmt"
	"time"

	"countersign/internal/oauth"
)

// Tone is the colour of a badge or notice, and the word that says it where there
// is no colour.
type Tone string

// Tones: of verdicts and severities, and of what is merely so.
const (
	Good     Tone = "good"
	Critical Tone = "critical"
	High     Tone = "high"
	Medium   Tone = "medium"
	Low      Tone = "low"
	Doubt    Tone = "doubt"
	Calm     Tone = "calm"
	Info     Tone = "info"
)

// Badge is a word in a colour. The word says it all; the colour repeats it.
type Badge struct {
	Tone Tone
	Text string
}

// Notice is said once above a page: what was just done, or what went wrong.
type Notice struct {
	Tone   Tone     `json:"tone"`
	Text   string   `json:"text"`
	Lines  []string `json:"lines,omitempty"`
	Reveal []Fact   `json:"reveal,omitempty"` // secrets that are shown this once
}

// Fact is a name and a value.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Code  bool   `json:"code,omitempty"` // set in fixed width, selected as a whole
}

// Fault says beside a field what is wrong with it.
type Fault struct {
	Text   string
	Rule   string // what countersign explain knows it by; may be empty
	Remedy string // may be empty
}

// FaultOf makes a Fault of an error; nil stays nil. A fault of ours says so and
// no more.
func FaultOf(err error) *Fault {
	if err == nil {
		return nil
	}
	var e *oauth.Error
	if errors.As(err, &e) {
		return &Fault{Text: e.Description, Rule: e.Rule}
	}
	return &Fault{Text: err.Error()}
}

// Field is one input of a form, with everything that belongs to it.
type Field struct {
	Name, Label, Hint string
	Kind              string // text if empty; password, email, search, number, date, url, area, select, code (six digits)
	Value             string
	Options           []Option // of a select
	Fault             *Fault
	Required          bool
	Autocomplete      string // as HTML has it: username, current-password, new-password, one-time-code
	Placeholder       string
	Mono              bool // fixed width: ids, URLs
	Narrow            bool
	Focus             bool // the page begins here
	Most              int  // longest text; 0: no limit
}

// Option is one of several values.
type Option struct {
	Value, Label, Hint string
	Chosen             bool
	Off                bool // cannot be chosen; Hint says why
}

// Choice is one of a few values, each with a sentence: radio buttons.
type Choice struct {
	Name, Label, Hint string
	Options           []Option
	Fault             *Fault
}

// Switch is on or off. A form sends Name=on, or nothing.
type Switch struct {
	Name, Label, Hint string
	On, Off           bool // Off: cannot be changed; Why says why
	Why               string
	Fault             *Fault
}

// Filters is the form above a table: a GET, so that the address can be kept.
type Filters struct {
	Action string
	Fields []Field
	Active bool // something is filtered: offer to show everything
}

// Pager is the foot of a table.
type Pager struct {
	Text       string // Apps 1–50 of 10 000
	Prev, Next string // addresses; empty: none
}

// Empty stands where a list would: what this is and what to do.
type Empty struct {
	Title, Text string
	Action      *Link
}

// Confirm is a page that asks before something that cannot be undone.
type Confirm struct {
	Action  string // where the form goes
	Lead    string
	Effects []string // what will happen, one sentence each
	Hidden  []Fact
	Field   *Field // something to type, such as the name
	Button  string
	Back    string
	Fault   *Fault
}

// Moment is a point in time as people read it.
type Moment struct {
	ISO, Full, Text string // empty: never
}

// At writes a time as seen from now. The zero time is never.
func At(now, t time.Time) Moment {
	if t.IsZero() {
		return Moment{}
	}
	t = t.UTC()
	return Moment{ISO: t.Format(time.RFC3339), Full: t.Format("2 January 2006, 15:04:05") + " UTC", Text: distance(now.Sub(t), t)}
}

func distance(d time.Duration, t time.Time) string {
	past := d >= 0
	if !past {
		d = -d
	}
	var text string
	switch {
	case d < time.Minute && past:
		return "just now"
	case d < time.Minute:
		return "in a moment"
	case d < time.Hour:
		text = Count(int(d/time.Minute), "minute", "minutes")
	case d < 36*time.Hour:
		text = Count(int((d+30*time.Minute)/time.Hour), "hour", "hours")
	case d < 45*24*time.Hour:
		text = Count(int((d+12*time.Hour)/(24*time.Hour)), "day", "days")
	default:
		return t.Format("2 January 2006")
	}
	if past {
		return text + " ago"
	}
	return "in " + text
}

// Span writes a duration as people say it: 15 minutes, 2 days 3 hours.
func Span(d time.Duration) string {
	if d < time.Minute {
		return Count(int(d/time.Second), "second", "seconds")
	}
	units := []struct {
		of        time.Duration
		one, many string
	}{{24 * time.Hour, "day", "days"}, {time.Hour, "hour", "hours"}, {time.Minute, "minute", "minutes"}}
	text := ""
	for _, u := range units {
		n := d / u.of
		d -= n * u.of
		if n == 0 {
			continue
		}
		if text != "" {
			return fmt.Sprintf("%s %s", text, Count(int(n), u.one, u.many))
		}
		text = Count(int(n), u.one, u.many)
	}
	return text
}
