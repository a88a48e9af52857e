package web

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"countersign/internal/audit"
	"countersign/internal/oauth"
)

// Recorder makes audit events of refusals and of what else changes no state: one each, until one rule, app and
// address refuse so often that somebody is hammering. Then they are counted, and
// the minute's count becomes one event with the detail times. It never blocks a
// request: events wait in memory until Flush writes them in one commit.
type Recorder struct {
	Write func(ctx context.Context, events ...audit.Event) error
	Now   func() time.Time
	Log   *slog.Logger

	mu      sync.Mutex
	waiting []audit.Event
	tallies map[tallyKey]*tally
	single  int // events of their own in this minute
	minute  time.Time
	dropped int    // since the last Flush
	lost    uint64 // since the start
}

// How much is recorded in one minute.
const (
	ownEvents   = 5     // of one rule, app and address; more are counted
	allEvents   = 3000  // of all; more are counted by rule
	maxWaiting  = 10000 // events not yet written; more are dropped, and that is logged
	tallyPeriod = time.Minute
)

type tallyKey struct {
	rule string // or the name of an event that is no refusal
	app  oauth.ClientID
	net  netip.Prefix // /64 of an IPv6 address
}

type tally struct {
	seen, counted int
	last          audit.Event
}

// recordedByCore are the rules whose refusals are not recorded here, because the
// core wrote an event of their own: a failed login, a login refused unread, a
// replay.
var recordedByCore = []string{"login.failed", "login.throttled", "code.spent", "refresh.reused"}

// Refused notes a refusal.
func (c *Recorder) Refused(e Event, refusal *oauth.Error) {
	if slices.Contains(recordedByCore, refusal.Rule) {
		return
	}
	c.gather(tallyKey{refusal.Rule, e.App, Network(e.Address)}, func(now time.Time, key tallyKey) audit.Event {
		return refused(now, e, refusal, key)
	})
}

// Note keeps an event that no change of state is reported by, such as a token
// that an app obtained for itself: many of one kind, app and address become one
// event a minute, as refusals do.
func (c *Recorder) Note(e audit.Event) {
	from, _ := netip.ParseAddr(e.Address)
	c.gather(tallyKey{string(e.Name), e.App, Network(from)}, func(now time.Time, key tallyKey) audit.Event {
		if key.app == "" { // counted with those of others
			return audit.New(now, e.Name)
		}
		return e
	})
}

// gather keeps an event, or counts it. The function makes it, and is told the key that
// it is counted under.
func (c *Recorder) gather(key tallyKey, event func(time.Time, tallyKey) audit.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Now()
	if now.Sub(c.minute) >= tallyPeriod {
		c.turn(now)
	}
	t := c.tallies[key]
	if t == nil && c.single >= allEvents { // so there are never many tallies
		key = tallyKey{rule: key.rule}
		t = c.tallies[key]
	}
	if t == nil {
		t = &tally{}
		if c.tallies == nil {
			c.tallies = map[tallyKey]*tally{}
		}
		c.tallies[key] = t
	}
	t.seen++
	if t.seen > ownEvents || c.single >= allEvents {
		t.counted++
		t.last = event(now, key)
		return
	}
	c.single++
	c.wait(event(now, key))
}

func refused(now time.Time, e Event, refusal *oauth.Error, key tallyKey) audit.Event {
	out := audit.New(now, audit.RequestRefused)
	out.Rule = refusal.Rule
	if !key.net.IsValid() && e.Address.IsValid() { // counted with those of others
		return out
	}
	out.App, out.User, out.RequestID = e.App, e.User, e.RequestID
	if e.Address.IsValid() {
		out.Address = e.Address.String()
	}
	return out
}

// turn ends the minute: what was counted becomes events.
func (c *Recorder) turn(now time.Time) {
	for _, t := range c.tallies {
		if t.counted > 0 {
			c.wait(t.last.With("times", strconv.Itoa(t.counted)))
		}
	}
	clear(c.tallies)
	c.single, c.minute = 0, now
}

func (c *Recorder) wait(e audit.Event) {
	if len(c.waiting) >= maxWaiting {
		c.dropped++
		return
	}
	c.waiting = append(c.waiting, e)
}

// Flush writes what waits, in one commit. Events that could not be written wait
// for the next Flush.
func (c *Recorder) Flush(ctx context.Context) { c.flush(ctx, false) }

func (c *Recorder) flush(ctx context.Context, last bool) {
	c.mu.Lock()
	if now := c.Now(); last || now.Sub(c.minute) >= tallyPeriod {
		c.turn(now)
	}
	events, dropped := c.waiting, c.dropped
	c.waiting, c.dropped = nil, 0
	c.lost += uint64(dropped) //nolint:gosec // never negative
	c.mu.Unlock()
	if dropped > 0 {
		c.Log.LogAttrs(ctx, slog.LevelError, "audit events dropped", slog.Int("events", dropped))
	}
	if len(events) == 0 {
		return
	}
	if err := c.Write(ctx, events...); err != nil {
		c.Log.LogAttrs(ctx, slog.LevelError, "refusals not recorded", slog.Int("events", len(events)), slog.String("fault", err.Error()))
		c.mu.Lock()
		defer c.mu.Unlock()
		keep := min(len(events), maxWaiting-len(c.waiting))
		c.waiting = append(events[:keep:keep], c.waiting...)
		c.dropped += len(events) - keep
	}
}

// Lost is how many events were dropped since the start because too many waited.
func (c *Recorder) Lost() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// Run flushes at every tick until the context ends, then once more, with what
// was counted so far.
func (c *Recorder) Run(ctx context.Context, tick <-chan time.Time) {
	for {
		select {
		case <-tick:
			c.Flush(ctx)
		case <-ctx.Done():
			c.flush(context.WithoutCancel(ctx), true)
			return
		}
	}
}

// Network is what failures of an address are counted under: the address itself,
// or the /64 of an IPv6 address, which one subscriber has at least.
func Network(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}
