package login

import (
	"sync"
	"time"

	"countersign/internal/account"
)

// ledger keeps one point in time for each key, in bounded memory: when a bucket
// is empty again, or until when something is remembered. The zero value is
// ready.
type ledger struct {
	shards [shards]struct {
		mu    sync.Mutex
		until map[account.CounterKey]int64 // Unix nanoseconds
	}
}

// shards keep nodes with many cores from waiting for one lock. Keys are hashes,
// so any byte of them spreads evenly.
const shards = 16

func shardOf(key account.CounterKey) int { return int(key[0]) % shards }

// take charges one failure to the bucket, or says how long it is full.
func (l *ledger) take(key account.CounterKey, now time.Time, rate Rate, most int) time.Duration {
	if rate.Burst < 0 {
		return 0
	}
	s := &l.shards[shardOf(key)]
	s.mu.Lock()
	defer s.mu.Unlock()
	empty := max(s.until[key], now.UnixNano()) + int64(rate.Every)
	if wait := empty - now.Add(time.Duration(rate.Burst)*rate.Every).UnixNano(); wait > 0 {
		return time.Duration(wait)
	}
	s.until = keep(s.until, key, empty, now.UnixNano(), most/shards)
	return 0
}

// refund takes a charge back.
func (l *ledger) refund(key account.CounterKey, now time.Time, rate Rate) {
	if rate.Burst < 0 {
		return
	}
	s := &l.shards[shardOf(key)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if left := s.until[key] - int64(rate.Every); left > now.UnixNano() {
		s.until[key] = left
	} else {
		delete(s.until, key)
	}
}

// mark remembers the key until then.
func (l *ledger) mark(key account.CounterKey, now, until time.Time, most int) {
	s := &l.shards[shardOf(key)]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = keep(s.until, key, until.UnixNano(), now.UnixNano(), most/shards)
}

// marked says whether the key is remembered.
func (l *ledger) marked(key account.CounterKey, now time.Time) bool {
	s := &l.shards[shardOf(key)]
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.until[key] > now.UnixNano()
}

// keep puts an entry in. When the table is full, something goes: of a few
// entries that the map's random order gives, those that are over, or else the
// one that ends first. To push one's own entry out, one must fill the table.
func keep(table map[account.CounterKey]int64, key account.CounterKey, until, now int64, most int) map[account.CounterKey]int64 {
	if table == nil {
		table = make(map[account.CounterKey]int64)
	}
	if _, old := table[key]; !old && len(table) >= max(most, 1) {
		evict(table, now)
	}
	table[key] = until
	return table
}

const sampled = 8

func evict(table map[account.CounterKey]int64, now int64) {
	var first account.CounterKey
	soonest, seen, over := int64(1<<63-1), 0, false
	for key, until := range table {
		if until <= now {
			delete(table, key)
			over = true
		} else if until < soonest {
			first, soonest = key, until
		}
		if seen++; seen == sampled {
			break
		}
	}
	if !over {
		delete(table, first)
	}
}

// crowd counts the tries that are under way for each key. The zero value is
// ready; it holds no more keys than there are tries.
type crowd struct {
	shards [shards]struct {
		mu    sync.Mutex
		count map[account.CounterKey]int
	}
}

// enter counts one more and says how many were there before.
func (c *crowd) enter(key account.CounterKey) int {
	s := &c.shards[shardOf(key)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count == nil {
		s.count = make(map[account.CounterKey]int)
	}
	n := s.count[key]
	s.count[key] = n + 1
	return n
}

// leave counts one less.
func (c *crowd) leave(key account.CounterKey) {
	s := &c.shards[shardOf(key)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count[key]--; s.count[key] <= 0 {
		delete(s.count, key)
	}
}
