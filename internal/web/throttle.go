package web

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"countersign/internal/oauth"
)

// ErrThrottled answers an app's wrong credentials after too many of them from one
// network. RetryAfter says when to come back.
var ErrThrottled = oauth.Refuse(oauth.RateLimited, "client.throttled", "OAuth 2.1 §2.4.1",
	"too many failed client authentications; wait as long as Retry-After says")

// Throttle counts failed client authentications in memory, for each app and
// network, and for each network (GCRA). The secrets it guards have 256 bits and
// are never chosen by people: nobody guesses one, however often. So it slows
// who sends wrong ones, and never keeps the right one out, or whoever shares a
// network with an app could. It is enough that one node counts.
type Throttle struct {
	Now  func() time.Time
	seed maphash.Seed
	once sync.Once
	mu   sync.Mutex
	full map[throttleKey]time.Time // when the bucket will be empty again
}

type throttleKey struct {
	app uint64 // 0: the network alone
	net netip.Prefix
}

// One failure leaves a bucket after failureEvery; a bucket holds so many.
const (
	failureEvery = time.Second
	appFailures  = 30
	netFailures  = 120
	maxThrottled = 20000 // buckets; beyond, some are forgotten
)

func (t *Throttle) keys(app oauth.ClientID, from netip.Addr) (byApp, byNet throttleKey) {
	t.once.Do(func() { t.seed = maphash.MakeSeed() })
	n := Network(from)
	return throttleKey{maphash.String(t.seed, string(app)) | 1, n}, throttleKey{net: n}
}

// wait is the time until the bucket has room for one more failure.
func (t *Throttle) wait(k throttleKey, room int, now time.Time) time.Duration {
	at, ok := t.full[k]
	if !ok {
		return 0
	}
	return at.Sub(now) - time.Duration(room-1)*failureEvery
}

// Failed counts one failure. While a bucket is full, whatever app the id names
// and whether it exists, it counts no more and says when there is room. Errors:
// ErrThrottled.
//
// Spec: OAuth 2.1 §2.4.1.
func (t *Throttle) Failed(app oauth.ClientID, from netip.Addr) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.Now()
	if t.full == nil {
		t.full = map[throttleKey]time.Time{}
	}
	byApp, byNet := t.keys(app, from)
	if wait := max(t.wait(byApp, appFailures, now), t.wait(byNet, netFailures, now)); wait > 0 {
		return ErrThrottled.After(wait)
	}
	if len(t.full) >= maxThrottled {
		t.sweep(now)
	}
	for _, k := range [...]throttleKey{byApp, byNet} {
		at := t.full[k]
		if at.Before(now) {
			at = now
		}
		t.full[k] = at.Add(failureEvery)
	}
	return nil
}

// sweep forgets empty buckets and, while too many are left, any others.
func (t *Throttle) sweep(now time.Time) {
	for k, at := range t.full {
		if !at.After(now) {
			delete(t.full, k)
		}
	}
	for k := range t.full {
		if len(t.full) <= maxThrottled*3/4 {
			return
		}
		delete(t.full, k)
	}
}
