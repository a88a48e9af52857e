package endpoint

import (
	"slices"
	"sync/atomic"
	"time"

	"countersign/internal/client"
	"countersign/internal/oauth"
)

// Origins answers whose pages may read answers: those at the origins that an app
// registered. It is what web.Site asks.
type Origins struct {
	Directory *client.Directory
	Now       func() time.Time
	any       atomic.Pointer[union]
}

// union are the origins of all apps. It is gathered anew when it is asked for
// and older than unionAge, so that a stranger's Origin never costs a walk over
// all apps.
type union struct {
	made time.Time
	set  map[string]struct{}
}

const unionAge = 250 * time.Millisecond

// Allowed says whether a page at the origin may read answers to the app, or, if
// the id is empty, to any app.
//
// Spec: RFC 10017 §6.3.2.
func (o *Origins) Allowed(origin string, app oauth.ClientID) bool {
	if app != "" {
		entry := o.Directory.Lookup(app)
		return entry != nil && slices.Contains(entry.Settings.Origins, origin)
	}
	u, now := o.any.Load(), o.Now()
	if u == nil || now.Sub(u.made) > unionAge {
		u = &union{made: now, set: map[string]struct{}{}}
		o.Directory.All(func(e *client.Entry) bool {
			for _, origin := range e.Settings.Origins {
				u.set[origin] = struct{}{}
			}
			return true
		})
		o.any.Store(u)
	}
	_, ok := u.set[origin]
	return ok
}
