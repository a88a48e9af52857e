package accounttest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/account"
	"countersign/internal/audit"
)

func counters(t *testing.T, n Node) {
	a, b := account.CounterKey{1}, account.CounterKey{2}
	now := n.Now()
	charge := func(at time.Duration, charges ...account.Charge) []account.Counter {
		t.Helper()
		got, err := n.Store.CountFailure(t.Context(), now.Add(at), charges, event(n, audit.LoginFailed))
		must(t, err)
		return got
	}
	check := func(what string, got []account.Counter, want ...account.Counter) {
		t.Helper()
		for i := range want {
			if !want[i].Until.IsZero() {
				want[i].Until = time.UnixMicro(want[i].Until.UnixMicro()).UTC()
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	stored := func() []account.Counter {
		t.Helper()
		got, err := n.Store.Counters(t.Context(), a, b)
		must(t, err)
		return got
	}
	check("never written", stored(), account.Counter{}, account.Counter{})
	check("first", charge(0, account.Charge{Key: a, Cost: time.Minute}), account.Counter{Failures: 1, Until: now.Add(time.Minute)})
	check("both, one of them running", charge(30*time.Second, account.Charge{Key: a, Cost: time.Minute}, account.Charge{Key: b, Cost: time.Second}),
		account.Counter{Failures: 2, Until: now.Add(2 * time.Minute)}, account.Counter{Failures: 1, Until: now.Add(31 * time.Second)})
	check("exactly when it is empty", charge(31*time.Second, account.Charge{Key: b, Cost: time.Second}), account.Counter{Failures: 2, Until: now.Add(32 * time.Second)})
	check("read", stored(), account.Counter{Failures: 2, Until: now.Add(2 * time.Minute)}, account.Counter{Failures: 2, Until: now.Add(32 * time.Second)})
	check("after it was empty", charge(time.Hour, account.Charge{Key: a, Cost: time.Minute}), account.Counter{Failures: 1, Until: now.Add(time.Hour + time.Minute)})
	must(t, n.Store.ClearCounters(t.Context(), a, b))
	check("cleared", stored(), account.Counter{}, account.Counter{})
	expectEvents(t, n, audit.LoginFailed, 4)
}

// counterRace: no failure is lost between two that are counted at once.
func counterRace(t *testing.T, n Node) {
	k, now := account.CounterKey{3}, n.Now()
	race(t, nil, func(int) error {
		_, err := n.Store.CountFailure(t.Context(), now, []account.Charge{{Key: k, Cost: time.Second}}, event(n, audit.LoginFailed))
		return err
	})
	got, err := n.Store.Counters(t.Context(), k)
	must(t, err)
	if got[0].Failures != racers || got[0].Until.Sub(now).Round(time.Millisecond) != racers*time.Second {
		t.Errorf("%d failures until %v after %d", got[0].Failures, got[0].Until.Sub(now), racers)
	}
	expectEvents(t, n, audit.LoginFailed, racers)
}

func counterAnswerLost(t *testing.T, n Node) {
	k, now := account.CounterKey{4}, n.Now()
	for i, fault := range []func(int) func(func() error) error{lose, refuse} {
		n.OnCommit(fault(1))
		got, err := n.Store.CountFailure(t.Context(), now, []account.Charge{{Key: k, Cost: time.Second}}, event(n, audit.LoginFailed))
		must(t, err)
		if got[0].Failures != int32(i+1) {
			t.Errorf("%d failures counted, want %d", got[0].Failures, i+1)
		}
	}
	expectEvents(t, n, audit.LoginFailed, 2)
}
