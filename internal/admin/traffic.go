package admin

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/review"
	"countersign/internal/usage"
)

// traffic is what was seen of all apps, arranged for questions.
type traffic struct {
	since  time.Time // zero: nobody ever counted
	now    time.Time
	counts map[usage.Key]usage.Count
	apps   map[oauth.ClientID][]usage.Key
}

// Seen is one counter of an app: how often something was seen of it on a day. Its
// JSON names are stable.
type Seen struct {
	App   oauth.ClientID `json:"client_id"`
	Flow  flow.Name      `json:"flow"`
	Day   string         `json:"day"`   // in UTC
	Trait usage.Trait    `json:"trait"` // what was seen, as docs/reference names it
	Count int64          `json:"count"`
	Last  time.Time      `json:"last"`
}

// UsageOf reads the counters of an app, or of every app if it is empty, of the
// last days, newest first. since says when counting began; zero: nobody counted.
func (d *Desk) UsageOf(ctx context.Context, app oauth.ClientID, days int) (list []Seen, since time.Time, err error) {
	list = []Seen{}
	if d.Seen == nil {
		return list, since, nil
	}
	days = min(max(days, 1), usage.Keep)
	counts, since, err := d.Seen.Usage(ctx, usage.DayOf(d.Now())-int32(days)+1)
	if err != nil {
		return nil, since, fmt.Errorf("read usage: %w", err)
	}
	for k, c := range counts {
		if app != "" && k.App != app {
			continue
		}
		day := time.Unix(int64(k.Day)*24*60*60, 0).UTC().Format(time.DateOnly)
		list = append(list, Seen{k.App, k.Flow, day, k.Trait, c.N, c.Last.UTC()})
	}
	slices.SortFunc(list, func(a, b Seen) int {
		return cmp.Or(cmp.Compare(b.Day, a.Day), cmp.Compare(a.App, b.App), cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.Trait, b.Trait))
	})
	return list, since, nil
}

// recentDays is how far back a forecast looks.
const recentDays = 30

// traffic reads the counters of the last 90 days.
func (d *Desk) traffic(ctx context.Context) (*traffic, error) {
	t := &traffic{now: d.Now(), apps: map[oauth.ClientID][]usage.Key{}}
	if d.Seen == nil {
		return t, nil
	}
	var err error
	if t.counts, t.since, err = d.Seen.Usage(ctx, usage.DayOf(t.now)-usage.Keep); err != nil {
		return nil, err
	}
	for k := range t.counts {
		t.apps[k.App] = append(t.apps[k.App], k)
	}
	return t, nil
}

// days is how many days a forecast rests on.
func (t *traffic) days() int {
	return min(recentDays, int(t.now.Sub(t.since)/(24*time.Hour))+1)
}

// recent adds up what was seen of an app lately. A nil choice takes every flow.
func (t *traffic) recent(app oauth.ClientID, of flow.Name, traits ...usage.Trait) (n int64, last time.Time) {
	from := usage.DayOf(t.now) - recentDays + 1
	for _, k := range t.apps[app] {
		if k.Day < from || of != "" && k.Flow != of || !slices.Contains(traits, k.Trait) {
			continue
		}
		c := t.counts[k]
		if n += c.N; c.Last.After(last) {
			last = c.Last
		}
	}
	return n, last
}

// use is what the review asks of an app: the last 90 days.
func (t *traffic) use(app oauth.ClientID, live int) *Usage {
	var last time.Time
	scopes := map[oauth.Scope]bool{}
	for _, k := range t.apps[app] {
		if s, ok := k.Trait.Scope(); ok {
			scopes[s] = true
		}
		if at := t.counts[k].Last; at.After(last) {
			last = at
		}
	}
	return useOf(last, scopes, live, t.now)
}

func useOf(last time.Time, scopes map[oauth.Scope]bool, live int, now time.Time) *Usage {
	u := &Usage{LastUsed: last, LiveTokens: live, ScopesUsed: oauth.Scopes(slices.Sorted(maps.Keys(scopes)))}
	if u.LiveTokens == 0 && now.Sub(u.LastUsed) < accessMayLive {
		u.LiveTokens = 1 // no refresh token, but an access token may be alive
	}
	return u
}

// accessMayLive is the longest life of an access token that nobody refreshes.
const accessMayLive = 24 * time.Hour

// facts are those of the configuration, with what was seen and accepted.
func (d *Desk) facts(ctx context.Context) (Facts, *traffic, error) {
	f := d.About
	t, err := d.traffic(ctx)
	if err != nil {
		return f, nil, err
	}
	if f.Waivers, err = d.waivers(ctx); err != nil {
		return f, nil, err
	}
	if t.since.IsZero() {
		return f, t, nil
	}
	live, err := d.Seen.LiveGrants(ctx)
	if err != nil {
		return f, nil, err
	}
	apps, err := d.Apps.Clients(ctx)
	if err != nil {
		return f, nil, err
	}
	f.Usage = map[oauth.ClientID]*Usage{}
	for _, c := range apps {
		f.Usage[c.ID] = t.use(c.ID, live[c.ID])
	}
	return f, t, nil
}

// forecast says who would be refused if a patch were applied.
func (t *traffic) forecast(apps []review.App) review.Forecast {
	by := map[string]review.App{}
	for _, a := range apps {
		by[a.ID] = a
	}
	return func(id string, patch []review.Step) review.Breakage {
		if t.since.IsZero() {
			return review.Breakage{}
		}
		b := review.Breakage{Known: true, Days: t.days()}
		if id != "" {
			t.foretell(&b, by[id], patch)
			return b
		}
		for _, a := range apps {
			t.foretell(&b, a, patch)
		}
		return b
	}
}

// foretell adds one app to a forecast. Steps that would break the same requests
// are counted twice, but never beyond all of them.
func (t *traffic) foretell(b *review.Breakage, a review.App, patch []review.Step) {
	id := oauth.ClientID(a.ID)
	all, _ := t.recent(id, "", usage.Login, usage.Token, usage.Refresh)
	b.Of += int(all)
	if all == 0 {
		return
	}
	var failed int64
	var last time.Time
	for _, step := range patch {
		n, at, known := t.broken(a, step)
		if !known {
			b.Known = false
			return
		}
		if failed += n; at.After(last) {
			last = at
		}
	}
	if failed = min(failed, all); failed == 0 {
		return
	}
	b.Failed += int(failed)
	owner, _ := a.Values["app.usage.owner"].Data.(string)
	b.Callers = append(b.Callers, review.Caller{Who: a.ID, App: a.ID, Count: int(failed), Last: last.UTC().Format(time.RFC3339), Owner: owner})
}
