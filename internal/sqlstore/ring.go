package sqlstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"countersign/internal/secret"
)

// ringSize is how many tables the ring of spent values has.
const ringSize = 8

const (
	selectSlots = `SELECT floor_tb, ceil_tb FROM slot_floor WHERE id = 1`
	insertSlots = `INSERT INTO slot_floor (id, floor_tb, ceil_tb) VALUES (1, $1, $2) ON CONFLICT DO NOTHING`
	raiseFloor  = `UPDATE slot_floor SET floor_tb = $1 WHERE id = 1 AND floor_tb < $1 RETURNING ceil_tb`
	clearRing   = `UPDATE slot_floor SET ceil_tb = $3 WHERE id = 1 AND floor_tb = $1 AND ceil_tb = $2 RETURNING ceil_tb`
)

// perSlot is a statement once for each table of the ring.
type perSlot [ringSize]string

func (p *perSlot) at(slot int32) string { return p[slot%ringSize] }

func eachSlot(before, after string) (p perSlot) {
	for i := range p {
		p[i] = before + "spent_" + string(rune('0'+i)) + after
	}
	return p
}

// emptySlot has no WHERE: SQLite then frees the pages without reading the rows.
var emptySlot = eachSlot("DELETE FROM ", "")

// ring is this node's part of the job that empties tables of the ring.
type ring struct {
	mu    sync.Mutex
	floor int32         // the floor this node saw last
	since time.Duration // when it first saw it
}

// turnRing raises the floor to the present and, once no node can hold an older
// one, empties the tables of the slots that passed. It is the only place where a
// clock could make a value spendable twice, hence the order: floor first, then
// the tables and the ceiling in one transaction that somebody else may have won.
// Any number of nodes may do it.
func (db *DB) turnRing(ctx context.Context) error {
	r := &db.ring
	r.mu.Lock()
	defer r.mu.Unlock()
	want := secret.SlotOf(db.o.Now()) - 1
	if want > db.lease.floor() { // once in ten minutes, or always if this node's clock is ahead
		present, err := db.eng.present(ctx, db.o.Now())
		if err != nil {
			return err
		}
		want = min(want, secret.SlotOf(present)-1)
	}
	if want > db.lease.floor() {
		err := db.change(ctx, func(t tx, _ bool) error {
			var ceil int32
			_, err := t.one(raiseFloor, []any{want}, &ceil)
			return err
		})
		if err = errors.Join(err, db.readSlots(ctx)); err != nil {
			return err
		}
	}
	floor, ceil := db.lease.floor(), db.lease.ceil()
	if r.floor != floor {
		r.floor, r.since = floor, db.mono()
	}
	if ceil >= floor+ringSize || db.mono()-r.since < db.eng.ringWait() {
		return nil
	}
	err := db.change(ctx, func(t tx, _ bool) error {
		var now int32
		won, err := t.one(clearRing, []any{floor, ceil, floor + ringSize}, &now)
		if err != nil || !won {
			return err
		}
		for slot := max(ceil-ringSize, floor-ringSize); slot < floor; slot++ {
			if err := db.eng.empty(t, slot); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, db.readSlots(ctx))
}

// readSlots takes floor and ceiling into the lease, without renewing it.
func (db *DB) readSlots(ctx context.Context) error {
	return db.eng.look(ctx, func(t tx) error {
		var floor, ceil int32
		found, err := t.one(selectSlots, nil, &floor, &ceil)
		if err == nil && found {
			db.lease.slots(floor, ceil)
		}
		return err
	})
}

// seed puts in the rows that every database has: the ring's bounds and the
// server-wide settings.
func (db *DB) seed(ctx context.Context) error {
	floor := secret.SlotOf(db.o.Now()) - 1
	org, err := firstOrg(db.o.Now())
	if err != nil {
		return err
	}
	var seeded bool
	err = db.eng.read(ctx, func(t tx) error {
		var floor, ceil int32
		var err error
		seeded, err = t.one(selectSlots, nil, &floor, &ceil)
		return err
	})
	if err != nil || seeded {
		return err
	}
	return db.change(ctx, func(t tx, _ bool) error {
		if _, err := t.exec(insertSlots, floor, floor+ringSize); err != nil {
			return err
		}
		_, err := t.exec(insertConfig, tenant, kindOrg, orgID, int64(1), org)
		return err
	})
}
