package login

import (
	"encoding/binary"
	"sync"
	"testing"
	"time"

	"countersign/internal/account"
)

func keyNumber(n int) (key account.CounterKey) {
	key[0] = byte(n)
	binary.BigEndian.PutUint64(key[1:], uint64(n))
	return key
}

func TestLedgerRate(t *testing.T) {
	var l ledger
	rate, key, now := Rate{Burst: 3, Every: 2 * time.Second}, keyNumber(1), day0
	take := func(want time.Duration) {
		t.Helper()
		if got := l.take(key, now, rate, 1000); got != want {
			t.Errorf("wait %v, want %v", got, want)
		}
	}
	take(0)
	take(0)
	take(0)
	take(2 * time.Second)
	now = now.Add(1500 * time.Millisecond)
	take(500 * time.Millisecond)
	now = now.Add(500 * time.Millisecond)
	take(0)
	take(2 * time.Second)
	l.refund(key, now, rate)
	take(0)
	take(2 * time.Second)
	if wait := l.take(keyNumber(2), now, rate, 1000); wait > 0 {
		t.Error("another key shares the bucket")
	}
	if wait := l.take(key, now, Rate{Burst: -1, Every: time.Second}, 1000); wait > 0 {
		t.Error("a rate that is switched off refuses")
	}
	now = now.Add(time.Hour)
	for range 3 {
		take(0)
	}
	for range 5 {
		l.refund(key, now, rate) // more than was taken
	}
	take(0)
	take(0)
	take(0)
	take(2 * time.Second)
}

func (l *ledger) size() (n int) {
	for i := range l.shards {
		n += len(l.shards[i].until)
	}
	return n
}

func TestLedgerIsBounded(t *testing.T) {
	const most = 64 * shards
	var l ledger
	rate := Rate{Burst: 1, Every: time.Hour}
	for i := range 10 * most {
		l.take(keyNumber(i), day0, rate, most)
	}
	if l.size() > most {
		t.Errorf("%d entries, want at most %d", l.size(), most)
	}
	later := day0.Add(2 * time.Hour)
	for i := range most {
		l.mark(keyNumber(-i), later, later.Add(time.Hour), most)
	}
	if l.size() > most {
		t.Errorf("%d entries, want at most %d", l.size(), most)
	}
}

// When all entries are in force, the one that ends last is the last to go.
func TestLedgerKeepsTheFullest(t *testing.T) {
	var l ledger
	strong := account.CounterKey{} // shard 0, like every other key here
	l.mark(strong, day0, day0.Add(24*time.Hour), 4*shards)
	for i := range 1000 {
		l.mark(keyNumber((i+1)*256), day0, day0.Add(time.Minute), 4*shards)
	}
	if !l.marked(strong, day0) {
		t.Error("entries of a minute pushed out one of a day")
	}
	if l.marked(strong, day0.Add(24*time.Hour)) {
		t.Error("an entry holds beyond its end")
	}
}

func TestLedgerRace(t *testing.T) {
	var l ledger
	var c crowd
	var wg sync.WaitGroup
	var mu sync.Mutex
	passed := 0
	for range 64 {
		wg.Go(func() {
			c.enter(keyNumber(1))
			defer c.leave(keyNumber(1))
			if l.take(keyNumber(1), day0, Rate{Burst: 10, Every: time.Hour}, 1000) == 0 {
				mu.Lock()
				passed++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if passed != 10 {
		t.Errorf("%d of 64 passed a burst of 10", passed)
	}
	if n := c.enter(keyNumber(1)); n != 0 {
		t.Errorf("%d are still under way", n)
	}
}
