package usage

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"countersign/internal/flow"
	"countersign/internal/oauth"
)

// Seen is one request that succeeded, as an endpoint saw it.
type Seen struct {
	App     oauth.ClientID
	Flow    flow.Name
	What    Trait // Login, Token or Refresh; "" for a request that is not counted
	Scopes  oauth.Scopes
	Traits  []Trait
	Address netip.Addr
}

// Counter gathers in memory what was seen, so that requests never wait for it:
// Flush writes it in one commit. Safe for concurrent use.
type Counter struct {
	Store Store
	Now   func() time.Time

	mu       sync.Mutex
	counts   map[Key]Count
	networks map[place]map[netip.Prefix]bool // told apart today
	day      int32
	dropped  uint64
}

// place is where networks are told apart.
type place struct {
	app  oauth.ClientID
	flow flow.Name
}

const (
	mostNetworks = 32      // told apart for one app, flow and day; more are counted together
	mostCounters = 100_000 // that wait for a Flush; what is more is not counted
)

// See counts one request. It never blocks and never fails.
func (c *Counter) See(s Seen) {
	if s.What == "" || s.App == "" {
		return
	}
	now := c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if day := DayOf(now); day != c.day {
		c.day, c.networks = day, map[place]map[netip.Prefix]bool{}
	}
	key := Key{App: s.App, Flow: s.Flow, Day: c.day}
	add := func(t Trait) {
		key.Trait = t
		c.add(key, Count{1, now})
	}
	add(s.What)
	for _, t := range s.Traits {
		add(t)
	}
	for _, scope := range s.Scopes {
		add(OfScope(scope))
	}
	if s.Address.IsValid() {
		add(c.network(place{s.App, s.Flow}, s.Address))
	}
}

func (c *Counter) network(at place, a netip.Addr) Trait {
	bits := 24
	if a = a.Unmap(); a.Is6() {
		bits = 48
	}
	p, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return OtherNetworks
	}
	known := c.networks[at]
	if known == nil {
		known = map[netip.Prefix]bool{}
		c.networks[at] = known
	}
	if !known[p] && len(known) >= mostNetworks {
		return OtherNetworks
	}
	known[p] = true
	return OfNetwork(p)
}

func (c *Counter) add(k Key, n Count) {
	if c.counts == nil {
		c.counts = map[Key]Count{}
	}
	old, known := c.counts[k]
	if !known && len(c.counts) >= mostCounters {
		c.dropped++
		return
	}
	if n.Last.Before(old.Last) {
		n.Last = old.Last
	}
	c.counts[k] = Count{old.N + n.N, n.Last}
}

// flushBatch is how many counters share a commit: enough for most minutes of
// most servers, few enough that no login waits behind them.
const flushBatch = 1000

// Flush writes what was gathered. What could not be written waits for the next
// Flush.
func (c *Counter) Flush(ctx context.Context) error {
	c.mu.Lock()
	counts := c.counts
	c.counts = nil
	c.mu.Unlock()
	for {
		batch := make(map[Key]Count, min(len(counts), flushBatch))
		for k, n := range counts {
			if batch[k] = n; len(batch) == flushBatch {
				break
			}
		}
		if err := c.Store.CountUsage(ctx, batch); err != nil {
			c.putBack(counts)
			return err
		}
		for k := range batch {
			delete(counts, k)
		}
		if len(counts) == 0 {
			return nil
		}
	}
}

func (c *Counter) putBack(counts map[Key]Count) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, n := range counts {
		c.add(k, n)
	}
}

// Dropped is how many observations were not counted because too many waited.
func (c *Counter) Dropped() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped
}
