package token

import (
	"sync"
	"time"

	"countersign/internal/fault"
	"countersign/internal/oauth"
)

// ErrQuota answers an app that took as many tokens as its policy allows in an
// hour. The grant is not spent: the same request can succeed later.
var ErrQuota = oauth.Refuse(oauth.RateLimited, "token.quota", "RFC 6585 §4",
	"the app has used up its token requests for now; wait as long as Retry-After says")

// quota counts the token requests of each app that has a rate limit (GCRA): a
// bucket holds an hour's worth and fills evenly. It is asked when a request is
// known to be good, so that nobody without a grant or the app's credentials
// can use up what belongs to the app. Each node counts alone.
type quota struct {
	mu   sync.Mutex
	full map[oauth.ClientID]time.Time // when the bucket will be full again; one for each app with a limit
}

// take counts one request of an app that may make so many an hour; 0: no limit.
// Errors: ErrQuota.
func (q *quota) take(app oauth.ClientID, hourly int, now time.Time) error {
	if hourly <= 0 || fault.Is(fault.QuotaIgnored) {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.full == nil {
		q.full = map[oauth.ClientID]time.Time{}
	}
	at := q.full[app]
	if at.Before(now) {
		at = now
	}
	at = at.Add(time.Hour / time.Duration(hourly))
	if wait := at.Sub(now) - time.Hour; wait > 0 {
		return ErrQuota.After(wait)
	}
	q.full[app] = at
	return nil
}
