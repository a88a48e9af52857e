package sqlstore

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/load"
)

// TestLoadAddsUp: what several nodes count is added, a span is read by its ends,
// and what is too old is forgotten.
func TestLoadAddsUp(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		a, b := c.open(t), c.open(t)
		slot := load.SlotOf(c.clock.Now())
		one := load.Sum{0: 1, load.Classes - 1: 2}
		old := load.Key{Slot: slot - load.Keep, Kind: load.Login}
		for _, db := range []*DB{a, b} {
			if err := db.AddLoad(t.Context(), map[load.Key]load.Sum{{Slot: slot, Kind: load.Login}: one, {Slot: slot, Kind: load.Refused("code.spent")}: one, old: one}); err != nil {
				t.Fatal(err)
			}
		}
		two := one.Plus(one)
		read := func(from, before load.Slot) map[load.Key]load.Sum {
			got, err := a.Load(t.Context(), from, before)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		want := map[load.Key]load.Sum{{Slot: slot, Kind: load.Login}: two, {Slot: slot, Kind: load.Refused("code.spent")}: two}
		if diff := cmp.Diff(want, read(slot, slot+1)); diff != "" {
			t.Error(diff)
		}
		if got := read(slot-1, slot); len(got) != 0 {
			t.Errorf("before the slot: %v", got)
		}
		c.clock.Add(load.SlotLength)
		if err := a.sweepLoad(t.Context(), c.clock.Now()); err != nil {
			t.Fatal(err)
		}
		want[old] = two
		delete(want, old)
		if diff := cmp.Diff(want, read(0, slot+10)); diff != "" {
			t.Errorf("after the sweep: %s", diff)
		}
	})
}
