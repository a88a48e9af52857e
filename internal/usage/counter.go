package usage

import (
	"context"
	"net/netip"
	"strings"
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
	Secret  string // the id of the app's secret that proved the app, if one did
	Address netip.Addr
}

// Counter gathers in memory what was seen, so that requests never wait for it:
// Flush writes it in one commit. Safe for concurrent use.
type Counter struct {
	Store Store
	Now   func() time.Time

	mu       sync.Mutex
	shapes   map[shape]Count // since the last Flush
	counts   map[Key]Count   // of a Flush that failed
	networks map[place]map[netip.Prefix]bool
	day      int32
	dropped  uint64
}

// shape is what equal requests have in common: one entry for many of them.
type shape struct {
	place
	day     int32
	what    Trait
	traits  string
	scopes  string
	secret  string
	network Trait
}

// place is where networks are told apart, anew each day.
type place struct {
	app  oauth.ClientID
	flow flow.Name
}

const (
	mostNetworks = 32      // told apart for one app, flow and day; more are counted together
	mostShapes   = 50_000  // that wait for a Flush; what is more is not counted
	mostCounters = 100_000 // that wait for another try to write them
)

// See counts one request. It never blocks and never fails.
func (c *Counter) See(s Seen) {
	if s.What == "" || s.App == "" {
		return
	}
	now := c.Now()
	at := shape{place: place{s.App, s.Flow}, day: DayOf(now), what: s.What, scopes: s.Scopes.String(), secret: s.Secret}
	for _, t := range s.Traits {
		at.traits += string(t) + " "
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.day != c.day || c.networks == nil {
		c.day, c.networks = at.day, map[place]map[netip.Prefix]bool{}
	}
	if s.Address.IsValid() {
		at.network = c.network(at.place, s.Address)
	}
	old, known := c.shapes[at]
	if !known && len(c.shapes) >= mostShapes {
		c.dropped++
		return
	}
	if c.shapes == nil {
		c.shapes = map[shape]Count{}
	}
	c.shapes[at] = Count{old.N + 1, now}
}

// keys are the counters that requests of a shape raise.
func (s shape) keys() []Key {
	traits := []Trait{s.what}
	for t := range strings.FieldsSeq(s.traits) {
		traits = append(traits, Trait(t))
	}
	for scope := range strings.FieldsSeq(s.scopes) {
		traits = append(traits, OfScope(oauth.Scope(scope)))
	}
	if s.secret != "" {
		traits = append(traits, OfSecret(s.secret))
	}
	if s.network != "" {
		traits = append(traits, s.network)
	}
	out := make([]Key, len(traits))
	for i, t := range traits {
		out[i] = Key{s.app, s.flow, s.day, t}
	}
	return out
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

// add raises a counter in a map that is bounded.
func add(counts map[Key]Count, k Key, n Count) (counted bool) {
	old, known := counts[k]
	if !known && len(counts) >= mostCounters {
		return false
	}
	if n.Last.Before(old.Last) {
		n.Last = old.Last
	}
	counts[k] = Count{old.N + n.N, n.Last}
	return true
}

// take empties the memory into counters.
func (c *Counter) take() map[Key]Count {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := c.counts
	if counts == nil {
		counts = map[Key]Count{}
	}
	for s, n := range c.shapes {
		for _, k := range s.keys() {
			if !add(counts, k, n) {
				c.dropped += uint64(n.N) //nolint:gosec // never negative
			}
		}
	}
	c.counts, c.shapes = nil, nil
	return counts
}

// flushBatch is how many counters share a commit: enough for most minutes of
// most servers, few enough that no login waits behind them.
const flushBatch = 1000

// Flush writes what was gathered. What could not be written waits for the next
// Flush.
func (c *Counter) Flush(ctx context.Context) error {
	counts := c.take()
	for {
		batch := make(map[Key]Count, min(len(counts), flushBatch))
		for k, n := range counts {
			if batch[k] = n; len(batch) == flushBatch {
				break
			}
		}
		if err := c.Store.CountUsage(ctx, batch); err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.counts = counts
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

// Dropped is how many observations were not counted because too many waited.
func (c *Counter) Dropped() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped
}
