package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"countersign/internal/grant"
	"countersign/internal/secret"
)

// leaseFor is how long a node trusts its last good poll, counted from when the
// poll was sent.
const leaseFor = 10 * time.Second

// lease is what the last good poll allows this node to do.
type lease struct {
	sent  atomic.Int64 // monotonic nanoseconds + 1 when the last good poll was sent; 0: never
	bound atomic.Int64 // floor in the upper half, ceiling in the lower
}

func (l *lease) renew(sent time.Duration) { l.sent.Store(int64(sent) + 1) }

func (l *lease) slots(floor, ceil int32) {
	l.bound.Store(int64(floor)<<32 | int64(uint32(ceil))) //nolint:gosec // two halves of a word
}

func (l *lease) floor() int32 { return int32(l.bound.Load() >> 32) } //nolint:gosec // upper half
func (l *lease) ceil() int32  { return int32(l.bound.Load()) }       //nolint:gosec // lower half

func (l *lease) age(now time.Duration) time.Duration {
	sent := l.sent.Load()
	if sent == 0 {
		return time.Duration(1<<63 - 1)
	}
	return now - time.Duration(sent-1)
}

// leased says whether this node may change grants: its last good poll is young.
// A short command does not poll in the background, so it polls here.
//
// Spec: storage contract §9.
func (db *DB) leased(ctx context.Context) error {
	if db.Fresh() == nil {
		return nil
	}
	if !db.running.Load() && db.Poll(ctx) == nil {
		return nil
	}
	return grant.ErrLease.After(retryAfter)
}

// Fresh says whether this node's last good poll is young, so that it knows what
// ended. Errors: grant.ErrLease.
func (db *DB) Fresh() error {
	if db.lease.age(db.mono()) > leaseFor {
		return grant.ErrLease.After(retryAfter)
	}
	return nil
}

// slotsBehind is how far the ring's ceiling is from where it should be.
func (db *DB) slotsBehind() int {
	want := secret.SlotOf(db.o.Now()) - 1 + ringSize
	return int(max(want-db.lease.ceil(), 0))
}

// behindLimit is when a node calls itself not ready: one slot behind is normal
// for the moment between two polls; at this many, half an hour is left before a
// code is refused.
const behindLimit = 3

// Reasons for not being ready.
var (
	errNoLease = errors.New("no good poll of the database for ten seconds: nothing is issued or redeemed")
	errRing    = errors.New("the ring of spent values is not being emptied")
	errClock   = errors.New("the clock was ahead and has been set back")
)

// Ready says whether this node may issue and redeem: nil while the lease holds,
// the last commit succeeded, the ring is emptied in time and not ahead of the
// clock; otherwise why not.
func (db *DB) Ready() error {
	switch {
	case db.closed.Load():
		return ErrClosed
	case db.lease.age(db.mono()) > leaseFor:
		return errNoLease
	}
	if err := db.eng.fault(); err != nil {
		return fmt.Errorf("the last change could not be written: %w", err)
	}
	if n := db.slotsBehind(); n >= behindLimit {
		return fmt.Errorf("%w: %d slots behind", errRing, n)
	}
	if floor := db.lease.floor(); floor > secret.SlotOf(db.o.Now()) {
		at := time.Unix(int64(floor)*secret.SlotSeconds, 0).UTC().Format(time.RFC3339)
		return fmt.Errorf("%w: codes are refused as spent until it is %s again", errClock, at)
	}
	return nil
}
