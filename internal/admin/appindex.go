package admin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/usage"
)

// AppIndex keeps in memory what lists of apps are made of: the apps, when each
// was last used, and its health. It reads again only what changed. Health is
// worked out when somebody asks for it. The zero value is ready; all desks of a
// process share one.
type AppIndex struct {
	mu      sync.Mutex
	version int64
	apps    map[oauth.ClientID]*indexed
	order   []*indexed // by name, then id

	uses    map[oauth.ClientID]*uses
	since   time.Time // when counting began
	lastDay int32     // the last day that uses hold
	lastAt  time.Time // when uses were read

	live   map[oauth.ClientID]int
	liveAt time.Time

	stage   *stage
	stageOf int64 // version of the configuration that it was looked up at
}

// indexed is one app of the index.
type indexed struct {
	*client.Client
	words  string // what a search looks at, in lower case
	health *AppHealth
	judged judgedAt
}

// uses is when an app was last seen.
type uses struct {
	flows  map[flow.Name]time.Time
	scopes map[oauth.Scope]bool
	last   time.Time
}

// judgedAt says by what a health was worked out; anything else makes it stale.
type judgedAt struct {
	stage   *stage
	counted bool
	day     int32 // of the last use
	recent  bool
	scopes  int
	live    int
}

// How long what does not depend on the configuration may be remembered: counters
// are written once a minute. What ages by days is judged anew each day.
const (
	usesKeep = time.Minute
	liveKeep = 5 * time.Minute
)

// refresh brings the apps and their last uses up to date.
func (x *AppIndex) refresh(ctx context.Context, d *Desk) error {
	changed, version, err := d.Apps.NewerClients(ctx, x.version)
	if err != nil {
		return fmt.Errorf("index of apps: %w", err)
	}
	if x.apps == nil {
		x.apps = map[oauth.ClientID]*indexed{}
	}
	for id, c := range changed {
		delete(x.apps, id)
		if c != nil {
			x.apps[id] = &indexed{Client: c, words: wordsOf(c)}
		}
	}
	if x.version = version; len(changed) > 0 {
		x.order = x.order[:0]
		for _, a := range x.apps {
			x.order = append(x.order, a)
		}
		slices.SortFunc(x.order, func(a, b *indexed) int {
			return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
		})
	}
	return x.readUses(ctx, d)
}

func wordsOf(c *client.Client) string {
	parts := append([]string{c.Name, string(c.ID), c.Owner}, c.Settings.RedirectURIs...)
	return strings.ToLower(strings.Join(parts, "\n"))
}

// readUses reads the last uses: of 90 days the first time of a day, later of the
// days that may have changed.
func (x *AppIndex) readUses(ctx context.Context, d *Desk) error {
	now := d.Now()
	today := usage.DayOf(now)
	if d.Seen == nil || !x.lastAt.IsZero() && now.Sub(x.lastAt) < usesKeep && !now.Before(x.lastAt) {
		return nil
	}
	from := today - 1
	if x.lastDay != today {
		from, x.uses = today-usage.Keep, map[oauth.ClientID]*uses{}
	}
	list, since, err := d.Seen.LastUses(ctx, from)
	if err != nil {
		x.lastDay = 0
		return fmt.Errorf("index of apps: %w", err)
	}
	for _, u := range list {
		x.note(u)
	}
	x.since, x.lastDay, x.lastAt = since, today, now
	return nil
}

func (x *AppIndex) note(u usage.LastUse) {
	of := x.uses[u.App]
	if of == nil {
		of = &uses{flows: map[flow.Name]time.Time{}, scopes: map[oauth.Scope]bool{}}
		x.uses[u.App] = of
	}
	if u.At.After(of.last) {
		of.last = u.At
	}
	if s, ok := u.What.Scope(); ok {
		of.scopes[s] = true
		return
	}
	name := u.Flow
	if u.What == usage.Refresh {
		name = flow.RefreshToken
	}
	if u.At.After(of.flows[name]) {
		of.flows[name] = u.At
	}
}

// seen is when the app was last used.
func (x *AppIndex) seen(id oauth.ClientID) *uses {
	if of := x.uses[id]; of != nil {
		return of
	}
	return &uses{}
}

// liveGrants counts the living grants of each app, every few minutes.
func (x *AppIndex) liveGrants(ctx context.Context, d *Desk) (map[oauth.ClientID]int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.countLive(ctx, d)
}

func (x *AppIndex) countLive(ctx context.Context, d *Desk) (map[oauth.ClientID]int, error) {
	if now := d.Now(); x.live == nil || now.Sub(x.liveAt) >= liveKeep || now.Before(x.liveAt) {
		live, err := d.Seen.LiveGrants(ctx)
		if err != nil {
			return nil, fmt.Errorf("count living grants: %w", err)
		}
		x.live, x.liveAt = live, now
	}
	return x.live, nil
}
