package usage_test

import (
	"testing"
	"time"

	"countersign/internal/usage"
)

func TestSpans(t *testing.T) {
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]struct{ least, most time.Duration }{
		-time.Second: {0, day}, 0: {0, day}, day: {0, day}, day + 1: {day, 7 * day},
		30 * day: {7 * day, 30 * day}, 30*day + 1: {30 * day, 90 * day}, 1000 * day: {365 * day, 0},
	} {
		least, most, ok := usage.OfIdle(d).Idle()
		if !ok || least != want.least || most != want.most {
			t.Errorf("idle for %v: over %v, at most %v, %v", d, least, most, ok)
		}
		if least, most, ok = usage.OfAge(d).Age(); !ok || least != want.least || most != want.most {
			t.Errorf("%v old: over %v, at most %v, %v", d, least, most, ok)
		}
	}
	for _, other := range []usage.Trait{usage.OfAge(day), usage.Refresh, "idle-5d", "idle-"} {
		if _, _, ok := other.Idle(); ok {
			t.Errorf("%s says how long a token was idle", other)
		}
	}
}
