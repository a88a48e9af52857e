package sqlstore

import (
	"context"
	"errors"
	"time"

	"countersign/internal/secret"
)

// Run polls until the context ends, turns the ring and keeps tables small. It
// returns nil when the context ended. A failed poll is no error here: the lease
// runs out by itself, and Ready says so.
func (db *DB) Run(ctx context.Context) error {
	if db.running.Swap(true) {
		return errors.New("the database is polled already")
	}
	defer db.running.Store(false)
	tick := time.NewTicker(db.o.PollEvery)
	defer tick.Stop()
	for {
		db.beat(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Tend makes one round of Run's work at once, for a process whose clock jumps.
func (db *DB) Tend(ctx context.Context) { db.beat(ctx) }

// beat is one round: poll, ring, a write to find out whether a fault is over, a
// little cleaning.
func (db *DB) beat(ctx context.Context) {
	limit, cancel := context.WithTimeout(ctx, leaseFor)
	defer cancel()
	if err := db.Poll(limit); err != nil {
		db.stats.failedPolls.Add(1)
		return
	}
	if db.o.ReadOnly {
		return
	}
	if db.eng.fault() != nil && !db.probe(limit) {
		return
	}
	if err := db.turnRing(limit); err != nil {
		db.stats.failedJobs.Add(1)
		return
	}
	if err := db.sweep(limit); err != nil && limit.Err() == nil {
		db.stats.failedJobs.Add(1)
	}
}

const putMeta = `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`

// probe writes something and says whether that worked. So a node whose disk was
// full becomes ready again though nobody sends it requests any more.
func (db *DB) probe(ctx context.Context) bool {
	now := []byte(db.o.Now().UTC().Format(time.RFC3339Nano))
	err := db.eng.change(ctx, func(t tx) error {
		_, err := t.exec(putMeta, "last write probe", append(now, secret.Bytes(8)...))
		return err
	})
	if err != nil {
		return false
	}
	db.eng.recovered()
	return true
}
