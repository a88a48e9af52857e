package console

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

type auditBody struct {
	Find   page.Filters
	Rows   []eventRow
	Pager  page.Pager
	None   *page.Empty
	Export string // address of the same events as JSON lines
	Follow string // address that follows, or stops following
	Live   bool
}

// eventRow is one event.
type eventRow struct {
	At           page.Moment
	Name, What   string
	App, AppPath string
	User         string
	UserPath     string
	Who, Rule    string
	Detail       []page.Fact
	Fresh        bool // came since the page before
}

const (
	eventsAPage = 50
	mostExport  = 10_000
)

// auditQuery is what the address asks for.
type auditQuery struct{ app, user, event, rule, since string }

func (v *visit) auditQuery() auditQuery {
	return auditQuery{v.query("app"), v.query("user"), v.query("event"), v.query("rule"), v.query("since")}
}

// filter finds the app and the person that are meant. ok is false if there is no
// such person, app or time: then nothing matches.
func (q auditQuery) filter(v *visit) (f audit.Filter, ok bool) {
	f = audit.Filter{Name: audit.Name(q.event), Rule: strings.TrimSpace(q.rule), Newest: true}
	f.App = oauth.ClientID(strings.TrimSpace(q.app)) // one that was deleted has events, too
	if user := strings.TrimSpace(q.user); user != "" {
		isID := secret.ValidRecordID(secret.PrefixUser, user)
		f.User = oauth.UserID(user)
		if isID {
			f.User = oauth.UserID(secret.RecordID18(user))
		}
		if !v.may("read-people") { // nor learn whose id it is
			return f, isID && q.date(&f)
		}
		if a, err := v.desk.User(v.ctx(), user); err == nil {
			f.User = a.ID
		} else if !isID {
			return f, false
		}
	}
	return f, q.date(&f)
}

// date puts the day into a filter. It says false if it is none.
func (q auditQuery) date(f *audit.Filter) bool {
	if q.since == "" {
		return true
	}
	day, err := time.Parse(time.DateOnly, q.since)
	f.Since = day
	return err == nil
}

func (q auditQuery) values() url.Values {
	out := url.Values{}
	for _, p := range [][2]string{{"app", q.app}, {"user", q.user}, {"event", q.event}, {"rule", q.rule}, {"since", q.since}} {
		if p[1] != "" {
			out.Set(p[0], p[1])
		}
	}
	return out
}

func (q auditQuery) path(page string, more ...string) string {
	u := q.values()
	for i := 0; i+1 < len(more); i += 2 {
		u.Set(more[i], more[i+1])
	}
	if len(u) == 0 {
		return page
	}
	return page + "?" + u.Encode()
}

func (q auditQuery) form() page.Filters {
	events := []page.Option{{Label: "Any"}}
	for _, e := range audit.Catalogue {
		events = append(events, page.Option{Value: string(e.Name), Label: string(e.Name), Chosen: string(e.Name) == q.event})
	}
	return page.Filters{Action: "/console/audit", Active: q != auditQuery{}, Fields: []page.Field{
		{Name: "event", Label: "Event", Kind: "select", Options: events},
		{Name: "app", Label: "App", Value: q.app, Placeholder: "client_id", Mono: true},
		{Name: "user", Label: "Person", Value: q.user, Placeholder: "name, e-mail or id"},
		{Name: "rule", Label: "Rule that refused", Value: q.rule, Placeholder: "code.spent", Mono: true},
		{Name: "since", Label: "Since", Kind: "date", Value: q.since},
	}}
}

// followEvery is how often a page that follows asks again, in seconds.
const followEvery = 2

// auditPage lists events, the newest first. With follow=yes the browser asks
// again every two seconds, without a script.
func (c *Console) auditPage(v *visit) (web.Answer, error) {
	q := v.auditQuery()
	b := auditBody{Find: q.form(), Export: q.path("/console/audit/export"), Live: v.query("follow") == "yes"}
	b.Follow = q.path("/console/audit", "follow", "yes")
	if b.Live {
		b.Follow = q.path("/console/audit")
	}
	f, ok := q.filter(v)
	f.Limit = eventsAPage + 1
	if id, err := secret.ParseID(v.query("before")); err == nil {
		f.Before = id
	}
	var events []audit.Event
	if ok {
		var err error
		if events, err = v.desk.Events(v.ctx(), f); err != nil {
			return web.Answer{}, err
		}
	}
	if len(events) > eventsAPage {
		events = events[:eventsAPage]
		b.Pager.Next = q.path("/console/audit", "before", events[eventsAPage-1].ID.String())
	}
	b.list(v, events)
	if !f.Before.IsZero() {
		b.Pager.Prev = q.path("/console/audit")
		b.Pager.Text = "Earlier events"
	}
	frame := page.Frame{Title: "Audit", Wide: true, Body: b}
	if b.Live {
		frame.Again = followEvery
	}
	return v.page("audit", frame)
}

func (b *auditBody) list(v *visit, events []audit.Event) {
	for _, e := range events {
		row := v.eventRow(e)
		row.Fresh = b.Live && v.c.Now().Sub(e.Time) < 4*time.Second
		b.Rows = append(b.Rows, row)
	}
	if len(events) == 0 {
		b.None = &page.Empty{Title: "No event is like that", Text: "Take a filter away; a person can be given by name, e-mail address or id."}
		return
	}
	b.Pager.Text = page.Count(len(events), "event", "events") + ", the newest first"
}

func (v *visit) eventRow(e audit.Event) eventRow {
	row := eventRow{At: v.at(e.Time), Name: string(e.Name), App: string(e.App), User: string(e.User), Who: e.Actor, Rule: e.Rule}
	if i := slices.IndexFunc(audit.Catalogue, func(c audit.Entry) bool { return c.Name == e.Name }); i >= 0 {
		row.What = audit.Catalogue[i].What
	}
	if row.App != "" {
		row.AppPath = "/console/apps/" + url.PathEscape(row.App)
	}
	if row.User != "" && v.may("read-people") {
		row.UserPath = "/console/people/" + url.PathEscape(row.User)
	}
	if row.Who == "" {
		row.Who = e.Address
	}
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		row.Detail = append(row.Detail, page.Fact{Name: k, Value: e.Detail[k]})
	}
	if e.Grant != "" {
		row.Detail = append(row.Detail, page.Fact{Name: "grant", Value: e.Grant})
	}
	if e.RequestID != "" {
		row.Detail = append(row.Detail, page.Fact{Name: "request", Value: e.RequestID})
	}
	return row
}

// exportEvents gives the events that a filter chooses, the oldest first, as JSON
// lines.
func (c *Console) exportEvents(v *visit) (web.Answer, error) {
	f, ok := v.auditQuery().filter(v)
	f.Limit = mostExport
	var events []audit.Event
	if ok {
		var err error
		if events, err = v.desk.Events(v.ctx(), f); err != nil {
			return web.Answer{}, err
		}
	}
	slices.Reverse(events)
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	for _, e := range events {
		if err := out.Encode(e); err != nil {
			return web.Answer{}, err
		}
	}
	return web.Answer{Media: web.Media{"application/x-ndjson"}, Body: b.Bytes()}.
		With("Content-Disposition", `attachment; filename="audit.jsonl"`), nil
}
