package admin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/usage"
)

// AppQuery chooses apps for a list. Zero members do not choose.
type AppQuery struct {
	Text   string    // words that name, client_id, owner or a callback contain, in any case
	Flow   flow.Name // apps with this flow switched on
	Health string    // see HealthFilters
	Use    string    // see UseFilters
	State  string    // "on" or "off"
	Order  string    // see AppOrders; the first if empty
	Page   int       // from 1
	Size   int       // apps on a page; 50 if zero, 500 at most
}

// Choice is one value of a closed list, and what it means.
type Choice struct{ Value, What string }

// HealthFilters choose apps by their worst open finding.
var HealthFilters = []Choice{
	{"critical", "with a critical finding"},
	{"high", "with a high finding or worse"},
	{"medium", "with a medium finding or worse"},
	{"any", "with any open finding"},
	{"none", "without open findings"},
}

// UseFilters choose apps by their last use.
var UseFilters = []Choice{
	{"30d", "used in the last 30 days"},
	{"idle", "not used for 30 days or more"},
	{"never", "never used, as far as anybody counted"},
}

// AppOrders are the orders of a list.
var AppOrders = []Choice{
	{"name", "by name"},
	{"health", "worst health first"},
	{"used", "last used first"},
	{"idle", "longest unused first"},
	{"changed", "last changed first"},
}

// AppRow is one app of a list. Its JSON names are stable.
type AppRow struct {
	ID         oauth.ClientID  `json:"client_id"`
	Name       string          `json:"name"`
	Type       client.Type     `json:"type"`
	Platform   client.Platform `json:"platform"`
	FirstParty bool            `json:"first_party"`
	Enabled    bool            `json:"enabled"`
	Owner      string          `json:"owner,omitempty"`
	Flows      []flow.Name     `json:"flows"`
	LastUsed   time.Time       `json:"last_used,omitzero"`
	Health     *AppHealth      `json:"health"`
	Created    time.Time       `json:"created"`
	Updated    time.Time       `json:"updated"`
}

// AppPage is a page of a list. Its JSON names are stable.
type AppPage struct {
	Apps    []AppRow `json:"apps"`
	Found   int      `json:"found"` // on all pages
	All     int      `json:"all"`   // apps there are
	Page    int      `json:"page"`
	Pages   int      `json:"pages"`
	Counted bool     `json:"use_counted"` // false: nobody counted use
}

const (
	usualPage = 50
	mostPage  = 500
)

// FindApps finds apps and says how each fares. Health is worked out for the apps
// of the page alone, unless the question is about health. Errors: Invalid.
func (d *Desk) FindApps(ctx context.Context, q AppQuery) (AppPage, error) {
	if faults := q.check(); len(faults) > 0 {
		return AppPage{}, faults
	}
	x := d.Index
	if x == nil {
		x = &AppIndex{}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.refresh(ctx, d); err != nil {
		return AppPage{}, err
	}
	return x.find(ctx, d, q)
}

func (q *AppQuery) check() Invalid {
	var faults Invalid
	among := func(field, v string, list []Choice) {
		if v != "" && !slices.ContainsFunc(list, func(c Choice) bool { return c.Value == v }) {
			faults = append(faults, Fault{field, fmt.Sprintf("%q is none of %s", v, valuesOf(list))})
		}
	}
	among("health", q.Health, HealthFilters)
	among("use", q.Use, UseFilters)
	among("order", q.Order, AppOrders)
	among("state", q.State, []Choice{{"on", ""}, {"off", ""}})
	if _, ok := flow.ByName(q.Flow); q.Flow != "" && !ok {
		faults = append(faults, Fault{"flow", fmt.Sprintf("%q is no flow; the flows are %s", q.Flow, flowNames())})
	}
	if q.Page < 0 || q.Size < 0 || q.Size > mostPage {
		faults = append(faults, Fault{"page", fmt.Sprintf("pages begin at 1 and hold %d apps at most", mostPage)})
	}
	q.Page, q.Size = max(q.Page, 1), cmp.Or(q.Size, usualPage)
	return faults
}

func valuesOf(list []Choice) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = c.Value
	}
	return strings.Join(words, ", ")
}

func (x *AppIndex) find(ctx context.Context, d *Desk, q AppQuery) (AppPage, error) {
	found := x.choose(d.Now(), q)
	if err := x.setStage(ctx, d); err != nil {
		return AppPage{}, err
	}
	if d.Seen != nil {
		if _, err := x.countLive(ctx, d); err != nil {
			return AppPage{}, err
		}
	}
	if q.Health != "" || q.Order == "health" {
		x.judgeAll(d, found)
	}
	if q.Health != "" {
		found = slices.DeleteFunc(found, func(a *indexed) bool { return !a.health.is(q.Health) })
	}
	x.sort(found, q.Order)
	p := AppPage{Apps: []AppRow{}, Found: len(found), All: len(x.order), Page: q.Page, Counted: !x.since.IsZero()}
	p.Pages = max(1, (len(found)+q.Size-1)/q.Size)
	p.Page = min(p.Page, p.Pages)
	from := (p.Page - 1) * q.Size
	shown := found[from:min(from+q.Size, len(found))]
	x.judgeAll(d, shown)
	for _, a := range shown {
		p.Apps = append(p.Apps, AppRow{
			ID: a.ID, Name: a.Name, Type: a.Type, Platform: a.Platform, FirstParty: a.FirstParty, Enabled: !a.Disabled, Owner: a.Owner,
			Flows: FlowsOn(a.Settings.Flows), LastUsed: x.seen(a.ID).last, Health: a.health, Created: a.Created, Updated: a.Updated,
		})
	}
	return p, nil
}

// choose takes the apps that the query asks for, health aside.
func (x *AppIndex) choose(now time.Time, q AppQuery) []*indexed {
	words := strings.Fields(strings.ToLower(q.Text))
	from := now.Add(-recentDays * 24 * time.Hour)
	out := make([]*indexed, 0, min(len(x.order), 1024))
	for _, a := range x.order {
		switch {
		case q.Flow != "" && !a.Settings.Flows[q.Flow].On,
			q.State == "on" && a.Disabled, q.State == "off" && !a.Disabled,
			slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(a.words, w) }):
			continue
		}
		last := x.seen(a.ID).last
		switch {
		case q.Use == "30d" && last.Before(from), q.Use == "idle" && !last.Before(from), q.Use == "never" && !last.IsZero():
			continue
		}
		out = append(out, a)
	}
	return out
}

// sort orders apps that stand in the order of their names.
func (x *AppIndex) sort(list []*indexed, order string) {
	by := map[string]func(a, b *indexed) int{
		"used":    func(a, b *indexed) int { return x.seen(b.ID).last.Compare(x.seen(a.ID).last) },
		"idle":    func(a, b *indexed) int { return x.seen(a.ID).last.Compare(x.seen(b.ID).last) },
		"changed": func(a, b *indexed) int { return b.Updated.Compare(a.Updated) },
		"health": func(a, b *indexed) int {
			h, g := a.health, b.health
			return cmp.Or(cmp.Compare(badness(g.Worst), badness(h.Worst)), cmp.Compare(g.Open, h.Open), cmp.Compare(points(h), points(g)))
		},
	}[order]
	if by != nil {
		slices.SortStableFunc(list, by)
	}
}

func points(h *AppHealth) float64 {
	if h.Score.Score == nil {
		return 0
	}
	return *h.Score.Score
}

// badness orders severities.
func badness(level string) int {
	return slices.Index([]string{"low", "medium", "high", "critical"}, level) + 1
}

// is says whether the health is what a filter asks for.
func (h *AppHealth) is(filter string) bool {
	switch filter {
	case "any":
		return h.Open > 0
	case "none":
		return h.Open == 0
	}
	return h.Worst != "" && badness(h.Worst) >= badness(filter)
}

// FlowUse is when an app was last seen by each flow in the last 90 days, and
// since when anybody counted.
func (d *Desk) FlowUse(ctx context.Context, id oauth.ClientID) (map[flow.Name]time.Time, time.Time, error) {
	out := map[flow.Name]time.Time{}
	if d.Seen == nil {
		return out, time.Time{}, nil
	}
	counts, since, err := d.Seen.AppUsage(ctx, id, usage.DayOf(d.Now())-usage.Keep)
	for k, n := range counts {
		name := k.Flow
		switch k.Trait {
		case usage.Refresh:
			name = flow.RefreshToken
		case usage.Login, usage.Token:
		default:
			continue
		}
		if n.Last.After(out[name]) {
			out[name] = n.Last
		}
	}
	return out, since, err
}
