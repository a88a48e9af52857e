package load

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestQuantile(t *testing.T) {
	var s Sum
	if got := s.Quantile(.5); got != 0 {
		t.Errorf("of nothing: %s", got)
	}
	s[0], s[3] = 50, 50 // half up to 1 ms, half between 5 and 10 ms
	for part, want := range map[float64]time.Duration{
		.01: 20 * time.Microsecond, .5: time.Millisecond, .75: 7500 * time.Microsecond, 1: 10 * time.Millisecond,
	} {
		if got := s.Quantile(part); got != want {
			t.Errorf("%v of the requests: %s, want %s", part, got, want)
		}
	}
	s = Sum{}
	s[Classes-1] = 1
	if got := s.Quantile(.99); got != 5*time.Second {
		t.Errorf("beyond the last bound: %s", got)
	}
}

func TestSlots(t *testing.T) {
	at := time.Date(2026, 12, 1, 10, 19, 59, 0, time.UTC)
	if got := SlotOf(at).Begin(); !got.Equal(time.Date(2026, 12, 1, 10, 10, 0, 0, time.UTC)) {
		t.Errorf("the slot begins at %s", got)
	}
	if rule, ok := Refused("code.spent").Rule(); !ok || rule != "code.spent" {
		t.Errorf("rule %q, %v", rule, ok)
	}
	if _, ok := Login.Rule(); ok {
		t.Error("a login has a rule")
	}
}

// memory fails while its error is set.
type memory struct {
	err  error
	sums map[Key]Sum
}

func (m *memory) AddLoad(_ context.Context, sums map[Key]Sum) error {
	if m.err != nil {
		return m.err
	}
	for k, s := range sums {
		m.sums[k] = m.sums[k].Plus(s)
	}
	return nil
}

func (m *memory) Load(context.Context, Slot, Slot) (map[Key]Sum, error) { return m.sums, nil }

// TestCounterLosesNothing: what could not be written is written later, once.
func TestCounterLosesNothing(t *testing.T) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	m := &memory{sums: map[Key]Sum{}}
	c := &Counter{Store: m, Now: func() time.Time { return now }}
	c.Observe(Login, 30*time.Millisecond)
	c.Observe(Login, 30*time.Millisecond)
	m.err = errors.New("no database")
	if err := c.Flush(t.Context()); err == nil {
		t.Fatal("the fault was not said")
	}
	c.Observe(Login, time.Minute)
	c.Observe(Refused("code.spent"), time.Millisecond)
	m.err = nil
	for range 2 {
		if err := c.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var login, refused Sum
	login[5], login[Classes-1], refused[0] = 2, 1, 1
	want := map[Key]Sum{{SlotOf(now), Login}: login, {SlotOf(now), Refused("code.spent")}: refused}
	if diff := cmp.Diff(want, m.sums); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkObserve(b *testing.B) {
	c := &Counter{Now: time.Now}
	for b.Loop() {
		c.Observe(Login, 30*time.Millisecond)
	}
}
