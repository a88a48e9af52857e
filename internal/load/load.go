// Package load owns how many requests of which kind came, how they ended and how
// long they took, by slots of ten minutes: what the console draws over time. It
// keeps no app, person, address or text of a request.
package load

import (
	"context"
	"math"
	"strings"
	"time"
)

// Kind is what a request was for, or how it failed.
type Kind string

// Kinds of requests that succeeded.
const (
	Login         Kind = "login"         // credentials of a person became a code
	Exchange      Kind = "exchange"      // a code became tokens
	Refresh       Kind = "refresh"       // a refresh token became the next tokens
	Client        Kind = "client"        // an app got a token for itself
	Introspection Kind = "introspection" // a resource server asked about a token
	Userinfo      Kind = "userinfo"      // an app asked about a person
	Revocation    Kind = "revocation"    // an app ended a token
	Other         Kind = "other"         // metadata, keys, pages
)

// Fault is a request that failed by a fault of ours.
const Fault Kind = "fault"

const refusedPrefix = "refused "

// Refused is the kind of a request that a rule refused.
func Refused(rule string) Kind { return Kind(refusedPrefix + rule) }

// Rule is the rule of such a kind.
func (k Kind) Rule() (string, bool) { return strings.CutPrefix(string(k), refusedPrefix) }

// SlotLength is how long requests are counted together.
const SlotLength = 10 * time.Minute

// Slot is a number of slots since 1970.
type Slot int32

// SlotOf is the slot of a time.
func SlotOf(t time.Time) Slot {
	return Slot(t.Unix() / int64(SlotLength/time.Second)) //nolint:gosec // until the year 42,000
}

// Begin is when the slot begins.
func (s Slot) Begin() time.Time { return time.Unix(int64(s)*int64(SlotLength/time.Second), 0).UTC() }

// Keep is how many slots are kept: 31 days.
const Keep Slot = 31 * 24 * 6

// Bounds are the upper ends of the classes of duration; the last class has none.
var Bounds = [...]time.Duration{
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 5 * time.Second,
}

// Classes is the number of classes of duration.
const Classes = len(Bounds) + 1

// Sum is how many requests there were, by class of duration.
type Sum [Classes]int64

// N is how many there were.
func (s Sum) N() int64 {
	var n int64
	for _, c := range s {
		n += c
	}
	return n
}

// Plus adds two sums.
func (s Sum) Plus(t Sum) Sum {
	for i := range s {
		s[i] += t[i]
	}
	return s
}

// Quantile is the duration that a part of the requests did not exceed, read off
// between the bounds of its class; 0 if there were none.
func (s Sum) Quantile(part float64) time.Duration {
	n := s.N()
	if n == 0 {
		return 0
	}
	rank := int64(math.Ceil(part * float64(n)))
	var below int64
	for i, c := range s {
		if below+c < rank || c == 0 {
			below += c
			continue
		}
		if i == len(Bounds) {
			return Bounds[i-1] // and more
		}
		var low time.Duration
		if i > 0 {
			low = Bounds[i-1]
		}
		return low + time.Duration(float64(Bounds[i]-low)*float64(rank-below)/float64(c))
	}
	return Bounds[len(Bounds)-1]
}

// Key names one sum.
type Key struct {
	Slot Slot
	Kind Kind
}

// Store keeps sums.
type Store interface {
	// AddLoad adds to sums, all in one commit.
	AddLoad(ctx context.Context, sums map[Key]Sum) error
	// Load reads the sums of the slots from one on and before another.
	Load(ctx context.Context, from, before Slot) (map[Key]Sum, error)
}
