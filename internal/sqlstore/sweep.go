package sqlstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"countersign/internal/client"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// Sweeps: how long things are kept, and how gently they are removed.
const (
	endedKeep  = client.AccessTokenCeiling + time.Hour
	sweepEvery = 5 * time.Second
	sweepBatch = 500 // rows looked at or removed in one step of one table
)

const (
	// A range at the old end of a table in order of time: $3 rows at most.
	oldEnded  = `SELECT id FROM ended WHERE sk = $1 AND id < $2 ORDER BY id LIMIT $3`
	oldOutbox = `SELECT id FROM outbox WHERE sk = $1 AND id < $2 ORDER BY id LIMIT $3`
	cutEnded  = `DELETE FROM ended WHERE sk = $1 AND id <= $2`
	cutOutbox = `DELETE FROM outbox WHERE sk = $1 AND id <= $2`

	walkCounters = `SELECT id, until_us FROM counter WHERE sk = $1 AND id > $2 ORDER BY id LIMIT $3`
	cutCounter   = `DELETE FROM counter WHERE sk = $1 AND id = $2 AND until_us < $3`
	walkFamilies = `SELECT id, app_id, issued_us, used_us, revoked_us FROM rt_family WHERE sk = $1 AND id > $2 ORDER BY id LIMIT $3`
	cutFamily    = `DELETE FROM rt_family WHERE sk = $1 AND id = $2`
)

// sweeper is where this node's sweeps are.
type sweeper struct {
	mu       sync.Mutex
	last     time.Duration
	started  bool
	counters secret.ID
	families secret.ID
	remarked secret.ID
}

// sweep does one small step of cleaning in each table, some seconds after the
// last one.
func (db *DB) sweep(ctx context.Context) error {
	s := &db.sweeper
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started && db.mono()-s.last < sweepEvery {
		return nil
	}
	s.started, s.last = true, db.mono()
	now := db.o.Now()
	err := errors.Join(
		db.cut(ctx, oldEnded, cutEnded, now.Add(-endedKeep)),
		db.sweepCounters(ctx, now),
		db.sweepFamilies(ctx, now),
		db.sweepUsage(ctx, now),
		db.sweepLoad(ctx, now),
		db.remark(ctx, now),
		db.sweepStaff(ctx, now),
	)
	if db.o.AuditKeep > 0 {
		err = errors.Join(err, db.cut(ctx, oldOutbox, cutOutbox, now.Add(-db.o.AuditKeep)))
	}
	return err
}

// cut removes the oldest rows of a table in order of time, one batch.
func (db *DB) cut(ctx context.Context, find, remove string, before time.Time) error {
	bound := secret.FirstID(before)
	var last []byte
	err := db.eng.read(ctx, func(t tx) error {
		return t.each(find, []any{onlyShard, bound[:], sweepBatch}, func(scan func(...any) error) error { return scan(&last) })
	})
	if err != nil || last == nil {
		return err
	}
	return db.change(ctx, func(t tx, _ bool) error {
		n, err := t.exec(remove, onlyShard, last)
		db.stats.swept.Add(uint64(n)) //nolint:gosec // never negative
		return err
	})
}

func (db *DB) sweepCounters(ctx context.Context, now time.Time) error {
	var empty [][]byte
	err := db.walk(ctx, walkCounters, &db.sweeper.counters, func(scan func(...any) error) ([]byte, error) {
		var id []byte
		var until int64
		err := scan(&id, &until)
		if until < now.UnixMicro() {
			empty = append(empty, id)
		}
		return id, err
	})
	if err != nil || len(empty) == 0 {
		return err
	}
	return db.change(ctx, func(t tx, _ bool) error {
		for _, id := range empty {
			n, err := t.exec(cutCounter, onlyShard, id, now.UnixMicro())
			if err != nil {
				return err
			}
			db.stats.swept.Add(uint64(n)) //nolint:gosec // never negative
		}
		return nil
	})
}

// walk reads the next batch of a table behind the cursor and moves the cursor;
// at the end of the table it starts again.
func (db *DB) walk(ctx context.Context, text string, cursor *secret.ID, row func(scan func(...any) error) ([]byte, error)) error {
	n, at := 0, *cursor
	err := db.eng.read(ctx, func(t tx) error {
		return t.each(text, []any{onlyShard, at[:], sweepBatch}, func(scan func(...any) error) error {
			id, err := row(scan)
			copy(cursor[:], id)
			n++
			return err
		})
	})
	if n < sweepBatch {
		*cursor = secret.ID{}
	}
	return err
}

// sweepFamilies removes families that no token can bring back: ended, of an app
// that is gone, or beyond the life that the app's policy gives.
func (db *DB) sweepFamilies(ctx context.Context, now time.Time) error {
	lives, err := db.lives(ctx)
	if err != nil {
		return err
	}
	var dead [][]byte
	err = db.walk(ctx, walkFamilies, &db.sweeper.families, func(scan func(...any) error) ([]byte, error) {
		var id []byte
		var app string
		var issued int64
		var used, revoked *int64
		if err := scan(&id, &app, &issued, &used, &revoked); err != nil {
			return nil, err
		}
		f := grant.Family{Client: oauth.ClientID(app), Issued: fromMicro(issued)}
		copy(f.ID[:], id)
		if used != nil {
			f.Issued = fromMicro(max(*used, issued))
		}
		if revoked != nil {
			f.Ended = fromMicro(*revoked)
		}
		if overdue(f, lives[f.Client], now.Add(-endedKeep)) {
			dead = append(dead, id)
		}
		return id, nil
	})
	if err != nil || len(dead) == 0 {
		return err
	}
	return db.change(ctx, func(t tx, _ bool) error {
		for _, id := range dead {
			n, err := t.exec(cutFamily, onlyShard, id)
			if err != nil {
				return err
			}
			db.stats.swept.Add(uint64(n)) //nolint:gosec // never negative
		}
		return nil
	})
}

// lives are the effective values of every app.
func (db *DB) lives(ctx context.Context) (map[oauth.ClientID]*client.Effective, error) {
	org, err := db.Org(ctx)
	if err != nil {
		return nil, err
	}
	apps, err := db.Clients(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[oauth.ClientID]*client.Effective, len(apps))
	for _, c := range apps {
		out[c.ID] = client.Resolve(org, c)
	}
	return out, nil
}

// overdue says whether a family was dead at the given time already. Its Issued
// is the last use.
func overdue(f grant.Family, e *client.Effective, before time.Time) bool {
	switch {
	case f.ID.Time().After(before):
		return false
	case !f.Ended.IsZero():
		return f.Ended.Before(before)
	case e == nil:
		return true
	}
	return e.RefreshIdle > 0 && f.Issued.Add(e.RefreshIdle).Before(before) ||
		e.RefreshAbsolute > 0 && f.ID.Time().Add(e.RefreshAbsolute).Before(before)
}
