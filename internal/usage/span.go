package usage

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// day is as long as one of the counters.
const day = 24 * time.Hour

// spans are the lengths of time that are told apart: those that policies of
// refresh tokens are made of. Each refresh counts to the longest that it exceeds.
var spans = []time.Duration{0, day, 7 * day, 30 * day, 90 * day, 365 * day}

// Prefixes of traits with a length of time behind them.
const (
	idlePrefix = "idle-"
	agePrefix  = "age-"
)

// OfIdle is the trait of a refresh whose token was not used for so long.
func OfIdle(d time.Duration) Trait { return ofSpan(idlePrefix, d) }

// OfAge is the trait of a refresh so long after the login.
func OfAge(d time.Duration) Trait { return ofSpan(agePrefix, d) }

func ofSpan(prefix string, d time.Duration) Trait {
	longest := spans[0]
	for _, s := range spans {
		if d > s {
			longest = s
		}
	}
	return Trait(prefix + strconv.Itoa(int(longest/day)) + "d")
}

// Idle is what a trait of OfIdle says: the token was not used for longer than
// least and for most at most. A most of 0 has no end.
func (t Trait) Idle() (least, most time.Duration, ok bool) { return t.span(idlePrefix) }

// Age is what a trait of OfAge says, as Idle.
func (t Trait) Age() (least, most time.Duration, ok bool) { return t.span(agePrefix) }

func (t Trait) span(prefix string) (least, most time.Duration, ok bool) {
	text, ok := strings.CutPrefix(string(t), prefix)
	if !ok {
		return 0, 0, false
	}
	days, err := strconv.Atoi(strings.TrimSuffix(text, "d"))
	i := slices.Index(spans, time.Duration(days)*day)
	if err != nil || i < 0 {
		return 0, 0, false
	}
	if i+1 < len(spans) {
		most = spans[i+1]
	}
	return spans[i], most, true
}
