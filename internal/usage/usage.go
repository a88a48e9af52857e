// Package usage owns what was seen of each app: how many logins and token
// requests succeeded by each flow on each day, and what they looked like. It is
// what the review asks before it says that a scope is idle or that a change
// would break nobody. It keeps no request, no person and no full address.
package usage

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"countersign/internal/flow"
	"countersign/internal/oauth"
)

// Trait is one thing that was seen of a request and is counted by day.
type Trait string

// Traits of requests that succeeded. Login and Token count the requests
// themselves; the others say what they looked like.
const (
	Login       Trait = "login"        // credentials of a person became a code
	Token       Trait = "token"        // a code became tokens
	Refresh     Trait = "refresh"      // a refresh token became the next tokens
	NoChallenge Trait = "no-challenge" // a login without code_challenge
	InHeader    Trait = "in-header"    // a login with the person's credentials outside the POST body
	BareToken   Trait = "bare-token"   // a redemption without the app's credentials
	BareRefresh Trait = "bare-refresh" // a refresh without the app's credentials
	Repeated    Trait = "repeated"     // a refresh that presented the last token again and was answered
)

// Prefixes of traits with a word behind them.
const (
	scopePrefix   = "scope "
	secretPrefix  = "secret "
	networkPrefix = "net "
)

// OfScope is the trait of a token that holds a scope.
func OfScope(s oauth.Scope) Trait { return Trait(scopePrefix + string(s)) }

// OfNetwork is the trait of a request from a network, coarse enough that it
// names no household: /24 or /48.
func OfNetwork(p netip.Prefix) Trait { return Trait(networkPrefix + p.String()) }

// OfSecret is the trait of a request that proved the app with the secret of this
// id.
func OfSecret(id string) Trait { return Trait(secretPrefix + id) }

// Secret is the id of the secret of such a trait.
func (t Trait) Secret() (string, bool) { return strings.CutPrefix(string(t), secretPrefix) }

// OtherNetworks counts what came from more networks than are told apart.
const OtherNetworks Trait = networkPrefix + "other"

// Scope is the scope of such a trait.
func (t Trait) Scope() (oauth.Scope, bool) {
	s, ok := strings.CutPrefix(string(t), scopePrefix)
	return oauth.Scope(s), ok
}

// Network is the network of such a trait; an invalid prefix with true stands for
// OtherNetworks.
func (t Trait) Network() (netip.Prefix, bool) {
	s, ok := strings.CutPrefix(string(t), networkPrefix)
	p, _ := netip.ParsePrefix(s)
	return p, ok
}

// Key names one counter.
type Key struct {
	App   oauth.ClientID
	Flow  flow.Name
	Day   int32 // days since 1970 in UTC
	Trait Trait
}

// Count is how often something was seen, and when last.
type Count struct {
	N    int64
	Last time.Time
}

// LastUse is when requests of a kind were last seen of an app.
type LastUse struct {
	App  oauth.ClientID
	Flow flow.Name
	What Trait // Login, Token, Refresh or a scope
	At   time.Time
}

// DayOf is the day of a time.
func DayOf(t time.Time) int32 {
	return int32(t.Unix() / (24 * 60 * 60)) //nolint:gosec // until the year 5,881,580
}

// Keep is how many days are kept.
const Keep = 90

// Store keeps counters.
type Store interface {
	// CountUsage adds to counters, all in one commit.
	CountUsage(ctx context.Context, counts map[Key]Count) error
	// Usage reads the counters from a day on, and since when anything was
	// counted at all; a zero time says that nobody ever counted.
	Usage(ctx context.Context, from int32) (map[Key]Count, time.Time, error)
	// AppUsage reads the counters of one app from a day on, and since when
	// anything was counted at all.
	AppUsage(ctx context.Context, app oauth.ClientID, from int32) (map[Key]Count, time.Time, error)
	// LastUses says when each app was last seen by each flow and with each scope,
	// from a day on, and since when anything was counted at all.
	LastUses(ctx context.Context, from int32) ([]LastUse, time.Time, error)
	// LiveGrants counts the refresh families of each app that can still be used.
	LiveGrants(ctx context.Context) (map[oauth.ClientID]int, error)
}
