package review

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Finding is the outcome of one control for one subject, as reports print it.
// Fields are added over time and never renamed.
type Finding struct {
	Control      string    `json:"control"`
	App          string    `json:"app"`     // client_id or metadata name; "" for the server
	Subject      string    `json:"subject"` // "server" or "app/<id>"
	Title        string    `json:"title"`
	Status       Status    `json:"status"`
	Severity     Severity  `json:"severity"`
	Actual       string    `json:"actual"`
	Expected     string    `json:"expected"`
	Reason       string    `json:"reason"`
	Fingerprint  string    `json:"fingerprint"`
	Waiver       *Waived   `json:"waiver"`
	Probe        *Proof    `json:"probe"`
	Location     *Location `json:"location"`
	Values       []Shown   `json:"values"`
	Missing      []string  `json:"missing,omitempty"`      // names of the unknown values that decided
	MitigatedBy  []string  `json:"mitigated_by,omitempty"` // of a mitigated finding: the controls it leans on
	Configured   Status    `json:"configured"`             // the verdict before the proof
	Proof        string    `json:"proof"`                  // what the proof adds, in words: "proven", "not run"
	Contradicted bool      `json:"contradicted,omitempty"` // the probe contradicts the configuration
	ValueHash    string    `json:"value_hash"`             // of the values the control read; waivers are tied to it
	State        State     `json:"state,omitempty"`
	FirstSeen    time.Time `json:"first_seen,omitzero"`
	LastChanged  time.Time `json:"last_changed,omitzero"`
	Fix          *Proposal `json:"fix"`
	Extra        bool      `json:"extra,omitempty"` // met while reading, not part of the catalogue, not in the score
}

// Shown is a value in a finding.
type Shown struct {
	Name        string `json:"name"`
	Actual      any    `json:"actual"` // null if not set or unknown
	Recommended string `json:"recommended,omitempty"`
	From        string `json:"from"`
	Unknown     bool   `json:"unknown,omitempty"`
	Decisive    bool   `json:"decisive,omitempty"` // named in the sentence of the verdict
}

// Text is the value as people read it.
func (s Shown) Text() string {
	switch d := s.Actual.(type) {
	case nil:
		if s.Unknown {
			return "unknown"
		}
		return "not set"
	case []string:
		return "[" + strings.Join(d, ", ") + "]"
	case []any:
		return strings.ReplaceAll(fmt.Sprint(d...), "  ", " ")
	default:
		return fmt.Sprint(d)
	}
}

// Met reports whether the value is the recommended one.
func (s Shown) Met() bool { return s.Recommended != "" && s.Text() == s.Recommended }

// Location is where the deciding value was read: a file and line, or the
// logical place "app/shop#app.pkce.required" on a live server.
type Location struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Logical string `json:"logical,omitempty"`
}

// Waived reports whether a waiver is in force for the finding.
func (f Finding) Waived() bool { return f.Waiver != nil && f.Waiver.Lapsed == "" }

// Open reports whether the finding is a fail that nobody waived.
func (f Finding) Open() bool { return f.Status == Fail && !f.Waived() }

// Why is the sentence of the verdict without the status in front.
func (f Finding) Why() string { return strings.TrimPrefix(f.Reason, f.Status.Words()+": ") }

// Weight is the severity that people see: what is left of it where the finding is
// mitigated, 0 where nothing is at risk.
func (f Finding) Weight() float64 {
	switch f.Status {
	case Pass, NotApplicable:
		return 0
	case Mitigated:
		return f.Severity.Residual
	default:
		return f.Severity.Computed
	}
}

// SubjectName is the app's id, or "server".
func (f Finding) SubjectName() string {
	if f.App == "" {
		return "server"
	}
	return f.App
}

func (f Finding) attackWorked() bool { return f.Probe != nil && f.Probe.Result == Broken }

// subjectOf is "server", or "app/" and the id.
func subjectOf(app string) string {
	if app == "" {
		return "server"
	}
	return "app/" + app
}

// Fingerprint names the finding of a control on a subject for ever: the first
// 16 bytes, in lower-case hex, of SHA-256 over the control's id, a zero byte
// and the subject. No value goes in, so a finding stays itself while values
// change.
func Fingerprint(control, subject string) string {
	sum := sha256.Sum256([]byte(control + "\x00" + subject))
	return hex.EncodeToString(sum[:16])
}

// shown turns reads into the values of a finding.
func shown(reads []Read, decisive []Fact) []Shown {
	decided := map[string]bool{}
	for _, f := range decisive {
		decided[f.Name] = true
	}
	list := make([]Shown, 0, len(reads))
	for _, r := range reads {
		list = append(list, Shown{
			Name: r.Name, Actual: plain(r.Value), Recommended: r.Recommended, From: r.Value.From(),
			Unknown: r.Value.Presence == Unread, Decisive: decided[r.Name],
		})
	}
	return list
}

// plain is a value as JSON writes it: bools and numbers as they are, lists as
// lists of texts, the rest as text.
func plain(v Value) any {
	if v.Presence != Known {
		return nil
	}
	switch d := v.Data.(type) {
	case bool, int:
		return d
	case []string:
		if d == nil {
			return []string{}
		}
		return d
	case []Key:
		list := make([]string, len(d))
		for i, k := range d {
			list[i] = k.String()
		}
		return list
	}
	return v.Text()
}

// locate points at the first deciding value that was read from a file, else at
// the app's own file, else at the logical place of the first deciding value.
// A finding of the server that one app decided points at that app.
func locate(app *App, subject string, v Verdict) *Location {
	logical := subject
	for _, f := range v.Decisive {
		if f.Name == "" {
			continue
		}
		place := subject + "#" + f.Name
		if name, id, ok := strings.Cut(f.Name, " of app "); ok {
			place = subjectOf(id) + "#" + name
		}
		if f.Value.File != "" {
			return &Location{File: f.Value.File, Line: f.Value.Line, Logical: place}
		}
		if logical == subject {
			logical = place
		}
	}
	if app != nil && app.File != "" {
		return &Location{File: app.File, Logical: logical}
	}
	return &Location{Logical: logical}
}
