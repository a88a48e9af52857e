package login

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"countersign/internal/account"
)

// Defaults of NewPool. At 25 ms a hash, two workers empty the queue in the time
// somebody waits in it.
const (
	DefaultQueue = 256
	DefaultWait  = 3 * time.Second
)

// Pool bounds the hashing of passwords, so that logins never starve the rest of
// the server nor fill its memory. A worker is one core and the memory of one
// hash with today's parameters; a hash that needs more memory takes several
// workers, one that only takes longer (bcrypt) keeps its worker longer and
// counts for more in the queue. Who came first is served first, whatever it
// weighs. Safe for concurrent use.
type Pool struct {
	// Run calls work, and returns when it is done: elsewhere, if that is better.
	// Set it before the first Do; nil: where Do was called.
	Run func(work func())

	workers, queue int
	wait           time.Duration

	mu      sync.Mutex
	stats   PoolStats
	waiting []*waiter // in order of arrival
}

type waiter struct {
	slots, work int
	ready       chan struct{} // closed when the slots are the waiter's
}

// PoolStats are the pool's numbers for metrics. The last four only grow.
type PoolStats struct {
	Workers     int
	Busy        int    // workers in use
	Waiting     int    // tries in the queue
	WaitingWork int    // what they weigh, in hashes with today's parameters
	Done        uint64 // tries that were served
	Overflowed  uint64 // refused at once: the queue was full
	Expired     uint64 // refused after waiting too long
	Cancelled   uint64 // gone while they waited
}

// NewPool makes a pool of so many workers (0: one for each core), with room in
// the queue for so much work (in hashes with today's parameters; 0: nobody
// waits), where nobody waits longer than wait. It fills at most workers × the
// memory of one hash, or what the single largest hash needs that ParseHash
// accepts, whichever is more.
//
// Spec: draft-ietf-oauth-first-party-apps-04 §9.3.
func NewPool(workers, queue int, wait time.Duration) *Pool {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return &Pool{workers: workers, queue: queue, wait: wait, stats: PoolStats{Workers: workers}}
}

// Stats reads the pool's numbers.
func (p *Pool) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

// Do calls work when the pool has room for its weight, and returns when it is
// done. Work is never interrupted. Errors: ErrBusy, or the context's, and then
// work was not called.
func (p *Pool) Do(ctx context.Context, w account.Weight, work func()) error {
	slots := min(max(w.Memory, 1), p.workers)
	if err := p.acquire(ctx, slots, max(w.Work, 1)); err != nil {
		return err
	}
	defer p.release(slots)
	if p.Run != nil {
		p.Run(work)
	} else {
		work()
	}
	return nil
}

func (p *Pool) acquire(ctx context.Context, slots, work int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	me, err := p.enter(slots, work)
	if me == nil {
		return err
	}
	deadline, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	select {
	case <-me.ready:
		return nil
	case <-deadline.Done():
		return p.giveUp(me, ctx.Err())
	}
}

// enter takes the slots, or a place in the queue, or neither.
func (p *Pool) enter(slots, work int) (*waiter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 && p.workers-p.stats.Busy >= slots {
		p.stats.Busy += slots
		return nil, nil
	}
	// One alone may wait however much it weighs, or it never could.
	alone := len(p.waiting) == 0 && p.queue > 0
	if !alone && p.stats.WaitingWork+work > p.queue {
		p.stats.Overflowed++
		return nil, p.busy()
	}
	me := &waiter{slots: slots, work: work, ready: make(chan struct{})}
	p.waiting = append(p.waiting, me)
	p.stats.Waiting++
	p.stats.WaitingWork += work
	return me, nil
}

// giveUp leaves the queue, unless the slots came at the last moment and are
// still wanted.
func (p *Pool) giveUp(me *waiter, gone error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.waiting, me)
	switch {
	case i < 0 && gone == nil:
		return nil
	case i < 0:
		p.stats.Busy -= me.slots
	default:
		p.waiting = slices.Delete(p.waiting, i, i+1)
		p.stats.Waiting--
		p.stats.WaitingWork -= me.work
	}
	p.serve()
	if gone != nil {
		p.stats.Cancelled++
		return gone
	}
	p.stats.Expired++
	return p.busy()
}

func (p *Pool) release(slots int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Busy -= slots
	p.stats.Done++
	p.serve()
}

// serve hands free slots to those who wait, in order.
func (p *Pool) serve() {
	for len(p.waiting) > 0 && p.workers-p.stats.Busy >= p.waiting[0].slots {
		next := p.waiting[0]
		p.waiting = p.waiting[1:]
		p.stats.Waiting--
		p.stats.WaitingWork -= next.work
		p.stats.Busy += next.slots
		close(next.ready)
	}
}

func (p *Pool) busy() error { return ErrBusy.After(max(roundUp(p.wait), time.Second)) }

// roundUp gives whole seconds, as Retry-After has them.
func roundUp(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}
