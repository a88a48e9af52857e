package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"countersign/internal/load"
)

const (
	addLoad = `INSERT INTO load_slot (sk, slot, kind, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (sk, slot, kind) DO UPDATE SET c0 = load_slot.c0 + excluded.c0, c1 = load_slot.c1 + excluded.c1,
c2 = load_slot.c2 + excluded.c2, c3 = load_slot.c3 + excluded.c3, c4 = load_slot.c4 + excluded.c4, c5 = load_slot.c5 + excluded.c5,
c6 = load_slot.c6 + excluded.c6, c7 = load_slot.c7 + excluded.c7, c8 = load_slot.c8 + excluded.c8, c9 = load_slot.c9 + excluded.c9,
c10 = load_slot.c10 + excluded.c10, c11 = load_slot.c11 + excluded.c11`
	selectLoad = `SELECT slot, kind, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11 FROM load_slot WHERE sk = $1 AND slot >= $2 AND slot < $3`
	cutLoad    = `DELETE FROM load_slot WHERE sk = $1 AND slot < $2`
)

// AddLoad implements load.Store. A retry after a lost answer may count twice:
// these are statistics, and a row for each try would cost more than they are
// worth.
func (db *DB) AddLoad(ctx context.Context, sums map[load.Key]load.Sum) error {
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b load.Key) int { // one order, so that nodes never wait for each other
		return cmp.Or(cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.Kind, b.Kind))
	})
	err := db.change(ctx, func(t tx, _ bool) error {
		for _, k := range keys {
			args := []any{onlyShard, int32(k.Slot), string(k.Kind)}
			for _, n := range sums[k] {
				args = append(args, n)
			}
			if _, err := t.exec(addLoad, args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count load: %w", err)
	}
	return nil
}

// Load implements load.Store.
func (db *DB) Load(ctx context.Context, from, before load.Slot) (map[load.Key]load.Sum, error) {
	out := map[load.Key]load.Sum{}
	err := db.eng.read(ctx, func(t tx) error {
		return t.each(selectLoad, []any{onlyShard, int32(from), int32(before)}, func(scan func(...any) error) error {
			var slot int32
			var kind string
			var s load.Sum
			dest := []any{&slot, &kind}
			for i := range s {
				dest = append(dest, &s[i])
			}
			err := scan(dest...)
			out[load.Key{Slot: load.Slot(slot), Kind: load.Kind(kind)}] = s
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read load: %w", err)
	}
	return out, nil
}

// sweepLoad forgets what is too old to be drawn.
func (db *DB) sweepLoad(ctx context.Context, now time.Time) error {
	before := int32(load.SlotOf(now) - load.Keep)
	if db.stats.loadCut.Swap(before) == before {
		return nil
	}
	return db.change(ctx, func(t tx, _ bool) error {
		n, err := t.exec(cutLoad, onlyShard, before)
		db.stats.swept.Add(uint64(n)) //nolint:gosec // never negative
		return err
	})
}
