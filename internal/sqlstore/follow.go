package sqlstore

import (
	"context"
	"fmt"
	"sync"
	"time"

	"countersign/internal/client"
	"countersign/internal/grant"
	"countersign/internal/key"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// Changes are what a poll found new. Values are immutable once they are given
// out.
type Changes struct {
	Org     *client.Org                       // nil: as before
	Clients map[oauth.ClientID]*client.Client // a nil app was deleted
	Keys    []*key.Key                        // nil: as before; otherwise every key, oldest first
	Endings []grant.Ending                    // may repeat one that was given before
}

// follower carries changes to the memory of this node.
type follower struct {
	mu    sync.Mutex // one caller of apply at a time, in the order of versions
	apply func(Changes)
	told  bool  // apply was given everything once
	ver   int64 // of the configuration that apply was given
	keys  map[string]*key.Key
	seen  given     // endings that were given: those of the overlap and longer
	last  time.Time // of the newest ending that was given, but never beyond this node's clock
}

const (
	// selectPoll is all that a poll asks when nothing is new.
	selectPoll = `SELECT v.ver, f.floor_tb, f.ceil_tb, (SELECT count(*) FROM ended WHERE sk = 0 AND id > $1)
FROM config_version v, slot_floor f WHERE v.id = 1 AND f.id = 1`
	selectChanged = `SELECT kind, id, ver, doc FROM config WHERE tenant = $1 AND ver > $2 ORDER BY ver`
	selectEnded   = `SELECT id, kind, family, user_id, app_id FROM ended WHERE sk = $1 AND id > $2 ORDER BY id`
	countEnded    = `SELECT count(*) FROM ended WHERE sk = $1 AND id > $2 AND id <= $3`
)

const (
	// seenFor is longer than the overlap of any engine.
	seenFor = 5 * time.Minute
	// settling is how long after its id was drawn an ending is usually committed.
	settling = time.Second
)

// Follow sets what is told about configuration and endings: everything at the
// next Poll, from then on what changed; the own changes of this DB before the
// method that made them returns. Calls come one at a time; apply must not call
// the DB. A second Follow replaces the first.
func (db *DB) Follow(apply func(Changes)) {
	f := &db.follow
	f.mu.Lock()
	defer f.mu.Unlock()
	f.apply, f.told, f.ver, f.last = apply, false, 0, time.Time{}
	f.keys, f.seen = map[string]*key.Key{}, nil
	db.eng.settle(0)
}

// Poll reads the version of the configuration, the floor and ceiling of the ring
// and what ended, once, and renews the lease of this node. A poll that finds
// nothing new costs microseconds.
func (db *DB) Poll(ctx context.Context) error {
	f := &db.follow
	f.mu.Lock()
	defer f.mu.Unlock()
	sent := db.mono()
	token, moved, err := db.eng.moved(ctx)
	if err == nil && moved {
		if err = db.catchUp(ctx); err == nil {
			db.eng.settle(token)
		}
	}
	if err != nil {
		return fmt.Errorf("poll database: %w", err)
	}
	db.lease.renew(sent)
	return nil
}

// catchUp reads what is new and tells it. The caller holds the follower.
func (db *DB) catchUp(ctx context.Context) error {
	f := &db.follow
	var c Changes
	var ver int64
	var fresh []secret.ID
	err := db.eng.look(ctx, func(t tx) error {
		var floor, ceil int32
		var rows int64
		from := f.overlapping(db.eng.overlap())
		found, err := t.one(selectPoll, []any{from[:]}, &ver, &floor, &ceil, &rows)
		if err != nil || !found {
			return err
		}
		db.lease.slots(floor, ceil)
		if f.apply == nil {
			return nil
		}
		if ver > f.ver {
			if ver, err = f.readConfig(t, &c); err != nil {
				return err
			}
		}
		if rows != int64(f.seen.between(from, lastID())) {
			fresh, err = f.readEnded(t, db.eng.overlap(), &c)
		}
		return err
	})
	if err != nil || f.apply == nil {
		return err
	}
	f.note(ver, fresh, db.o.Now())
	db.stats.version.Store(f.ver)
	db.stats.endings.Store(int64(len(f.seen)))
	if !f.told || c.Org != nil || c.Clients != nil || c.Keys != nil || c.Endings != nil {
		f.told = true
		f.apply(c)
	}
	return nil
}

// readConfig reads documents with a newer version and returns the newest one.
// The row of config_version is locked by every change, so versions are committed
// in order and none is stepped over.
func (f *follower) readConfig(t tx, c *Changes) (int64, error) {
	newest, keysChanged := f.ver, false
	err := t.each(selectChanged, []any{tenant, f.ver}, func(scan func(...any) error) error {
		var d document
		if err := scan(&d.kind, &d.id, &d.ver, &d.doc); err != nil {
			return err
		}
		newest = max(newest, d.ver)
		switch d.kind {
		case kindOrg:
			org, err := d.org()
			c.Org = &org
			return err
		case kindClient:
			if c.Clients == nil {
				c.Clients = map[oauth.ClientID]*client.Client{}
			}
			app, err := d.client()
			c.Clients[oauth.ClientID(d.id)] = app
			return err
		case kindKey:
			k, err := d.key()
			f.keys[d.id], keysChanged = k, true
			return err
		}
		return nil // a kind of a newer release
	})
	if keysChanged {
		c.Keys = sortedKeys(f.keys)
	}
	return newest, err
}

// readEnded reads endings with ids beyond the newest one seen, less the overlap:
// ids of other nodes may be committed out of order.
func (f *follower) readEnded(t tx, overlap time.Duration, c *Changes) (fresh []secret.ID, err error) {
	from, err := f.unread(t, overlap)
	if err != nil {
		return nil, err
	}
	err = t.each(selectEnded, []any{onlyShard, from[:]}, func(scan func(...any) error) error {
		e, err := scanEnding(scan)
		if err != nil {
			return err
		}
		if !f.seen.has(e.ID) {
			c.Endings = append(c.Endings, e)
			fresh = append(fresh, e.ID)
		}
		return nil
	})
	return fresh, err
}

// overlapping is the id behind which an ending may be new.
func (f *follower) overlapping(overlap time.Duration) (from secret.ID) {
	if !f.last.IsZero() {
		from = secret.FirstID(f.last.Add(-overlap))
	}
	return from
}

// unread is where to begin reading: at the overlap, unless all of it but the last
// second is known to be read. To count rows costs a twentieth of reading them,
// and in a storm of logouts the overlap holds many.
func (f *follower) unread(t tx, overlap time.Duration) (from secret.ID, err error) {
	if f.last.IsZero() {
		return from, nil
	}
	from = f.overlapping(overlap)
	recent := secret.FirstID(f.last.Add(-min(settling, overlap)))
	var rows int64
	_, err = t.one(countEnded, []any{onlyShard, from[:], recent[:]}, &rows)
	if rows == int64(f.seen.between(from, recent)) {
		from = recent
	}
	return from, err
}

// note remembers what was given out, and forgets what no poll will read again.
// One ending of a node whose clock is far ahead must not hide all that follow:
// hence now.
func (f *follower) note(ver int64, fresh []secret.ID, now time.Time) {
	f.ver = max(f.ver, ver)
	for _, id := range fresh {
		f.seen.add(id)
		if at := id.Time(); at.After(f.last) && !at.After(now) {
			f.last = at
		}
	}
	f.seen.forget(secret.FirstID(f.last.Add(-seenFor)))
}

// configured tells the follower about this node's own change of configuration,
// and the ending that may belong to it, before the method that made it returns. The change is durable already: if
// reading it back fails, the next poll brings it.
func (db *DB) configured(ctx context.Context) {
	f := &db.follow
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.apply != nil && f.told {
		_ = db.catchUp(context.WithoutCancel(ctx))
	}
}

// ended tells the follower about this node's own endings.
func (db *DB) ended(list ...grant.Ending) {
	f := &db.follow
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.apply != nil && f.told {
		f.apply(Changes{Endings: list})
	}
}
