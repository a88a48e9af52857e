package load

import (
	"context"
	"sync"
	"time"
)

// Counter gathers in memory, so that requests never wait for it: Flush writes
// what was gathered in one commit. Safe for concurrent use.
type Counter struct {
	Store Store
	Now   func() time.Time

	mu   sync.Mutex
	sums map[Key]*Sum
}

// mostSums bounds the memory while nothing can be written.
const mostSums = 20_000

// Observe counts one request. It never blocks on the store and never fails.
func (c *Counter) Observe(k Kind, took time.Duration) {
	class := 0
	for class < len(Bounds) && took > Bounds[class] {
		class++
	}
	at := Key{SlotOf(c.Now()), k}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sums[at]
	if s == nil {
		if len(c.sums) >= mostSums {
			return
		}
		if c.sums == nil {
			c.sums = map[Key]*Sum{}
		}
		s = new(Sum)
		c.sums[at] = s
	}
	s[class]++
}

// Flush writes what was gathered. What could not be written waits for the next
// Flush.
func (c *Counter) Flush(ctx context.Context) error {
	c.mu.Lock()
	taken := c.sums
	c.sums = nil
	c.mu.Unlock()
	if len(taken) == 0 {
		return nil
	}
	sums := make(map[Key]Sum, len(taken))
	for k, s := range taken {
		sums[k] = *s
	}
	err := c.Store.AddLoad(ctx, sums)
	if err == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, s := range c.sums {
		if old := taken[k]; old != nil {
			*s = s.Plus(*old)
		}
		taken[k] = s
	}
	c.sums = taken
	return err
}
