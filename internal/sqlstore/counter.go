package sqlstore

import (
	"context"
	"fmt"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
)

const (
	selectCounter = `SELECT n, until_us FROM counter WHERE sk = $1 AND id = $2`
	// chargeCounter: $3 is now, $4 the cost.
	chargeCounter = `INSERT INTO counter (sk, id, until_us, n) VALUES ($1, $2, CAST($3 AS int8) + CAST($4 AS int8), 1)
ON CONFLICT (sk, id) DO UPDATE SET
n = CASE WHEN counter.until_us < CAST($3 AS int8) THEN 1 ELSE counter.n + 1 END,
until_us = CASE WHEN counter.until_us < CAST($3 AS int8) THEN CAST($3 AS int8) ELSE counter.until_us END + CAST($4 AS int8)
RETURNING n, until_us`
	deleteCounter = `DELETE FROM counter WHERE sk = $1 AND id = $2`
)

// Counters implements account.Store.
func (db *DB) Counters(ctx context.Context, keys ...account.CounterKey) ([]account.Counter, error) {
	out := make([]account.Counter, len(keys))
	err := db.eng.read(ctx, func(t tx) error {
		for i, k := range keys {
			var until int64
			found, err := t.one(selectCounter, []any{onlyShard, k[:]}, &out[i].Failures, &until)
			if err != nil {
				return err
			}
			if found {
				out[i].Until = fromMicro(until)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read counters: %w", err)
	}
	return out, nil
}

// CountFailure implements account.Store.
func (db *DB) CountFailure(ctx context.Context, now time.Time, charges []account.Charge, e audit.Event) ([]account.Counter, error) {
	out := make([]account.Counter, len(charges))
	err := db.report(ctx, e, func(t tx) error {
		for i, c := range charges {
			var until int64
			_, err := t.one(chargeCounter, []any{onlyShard, c.Key[:], now.UnixMicro(), c.Cost.Microseconds()}, &out[i].Failures, &until)
			if err != nil {
				return err
			}
			out[i].Until = fromMicro(until)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count failure: %w", err)
	}
	return out, nil
}

// ClearCounters implements account.Store.
func (db *DB) ClearCounters(ctx context.Context, keys ...account.CounterKey) error {
	err := db.change(ctx, func(t tx, _ bool) error {
		for _, k := range keys {
			if _, err := t.exec(deleteCounter, onlyShard, k[:]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("clear counters: %w", err)
	}
	return nil
}
