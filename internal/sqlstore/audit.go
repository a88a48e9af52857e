package sqlstore

import (
	"context"
	"fmt"

	"countersign/internal/audit"
	"countersign/internal/secret"
)

const (
	selectEventsUp   = `SELECT id, ev FROM outbox WHERE sk = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4`
	selectEventsDown = `SELECT id, ev FROM outbox WHERE sk = $1 AND id > $2 AND id < $3 ORDER BY id DESC LIMIT $4`
)

const (
	eventLimit = 1000 // of a list whose filter names none
	eventBatch = 500  // rows of one read
)

// Record implements audit.Log: all events in one commit.
func (db *DB) Record(ctx context.Context, events ...audit.Event) error {
	if len(events) == 0 {
		return nil
	}
	rows := make([][]any, len(events))
	for i, e := range events {
		if e.ID.IsZero() {
			e.ID = secret.NewID(db.o.Now())
		}
		rows[i] = []any{onlyShard, append([]byte(nil), e.ID[:]...), e.Encode()}
	}
	err := db.change(ctx, func(t tx, doubt bool) error {
		for _, row := range rows {
			if doubt { // a row that an earlier try wrote must be written, not met
				var sk int16
				if found, err := t.one(confirmEvent, row, &sk); err != nil {
					return err
				} else if found {
					continue
				}
			}
			if _, err := t.exec(insertEvent, row...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("record audit events: %w", err)
	}
	return nil
}

// List implements audit.Log. It reads in order of id, some hundred rows at a
// time, so that a long list never holds back the writer's checkpoints.
func (db *DB) List(ctx context.Context, f audit.Filter) ([]audit.Event, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = eventLimit
	}
	from, to := f.After, lastID()
	if !f.Before.IsZero() {
		to = f.Before
	}
	if since := before(secret.FirstID(f.Since)); !f.Since.IsZero() && string(since[:]) > string(from[:]) {
		from = since
	}
	text := selectEventsUp
	if f.Newest {
		text = selectEventsDown
	}
	var out []audit.Event
	for {
		batch, err := db.events(ctx, text, from, to)
		if err != nil {
			return nil, fmt.Errorf("list audit events: %w", err)
		}
		for _, e := range batch {
			if f.Newest {
				to = e.ID
			} else {
				from = e.ID
			}
			if !f.Match(e) {
				continue
			}
			if out = append(out, e); len(out) == limit {
				return out, nil
			}
		}
		if len(batch) < eventBatch {
			return out, nil
		}
	}
}

func (db *DB) events(ctx context.Context, text string, from, to secret.ID) ([]audit.Event, error) {
	var out []audit.Event
	err := db.eng.read(ctx, func(t tx) error {
		return t.each(text, []any{onlyShard, from[:], to[:], eventBatch}, func(scan func(...any) error) error {
			var raw, ev []byte
			if err := scan(&raw, &ev); err != nil {
				return err
			}
			var id secret.ID
			copy(id[:], raw)
			e, err := audit.Decode(id, ev)
			out = append(out, e)
			return err
		})
	})
	return out, err
}

// lastID is an id beyond every other.
func lastID() (id secret.ID) {
	for i := range id {
		id[i] = 0xff
	}
	return id
}

// before is the id just before another one.
func before(id secret.ID) secret.ID {
	for i := len(id) - 1; i >= 0; i-- {
		id[i]--
		if id[i] != 0xff {
			break
		}
	}
	return id
}
