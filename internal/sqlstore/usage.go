package sqlstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/usage"
)

const (
	addUsage = `INSERT INTO app_usage (sk, day, app_id, flow, trait, n, last_us) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (sk, day, app_id, flow, trait) DO UPDATE SET n = app_usage.n + excluded.n,
last_us = CASE WHEN excluded.last_us > app_usage.last_us THEN excluded.last_us ELSE app_usage.last_us END`
	selectUsage = `SELECT day, app_id, flow, trait, n, last_us FROM app_usage WHERE sk = $1 AND day >= $2`
	selectOf    = `SELECT flow, trait, n, last_us FROM app_usage WHERE sk = $1 AND day = $2 AND app_id = $3`
	selectLasts = `SELECT app_id, flow, trait, max(last_us) FROM app_usage WHERE sk = $1 AND day >= $2
AND (trait IN ('login', 'token', 'refresh') OR trait LIKE 'scope %') GROUP BY app_id, flow, trait`
	cutUsage   = `DELETE FROM app_usage WHERE sk = $1 AND day < $2`
	beginUsage = `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`

	usageSince = "usage counted since"
)

// CountUsage implements usage.Store. A retry after a lost answer may count
// twice: these are statistics, and a row for each try would cost more than they
// are worth. Called with nothing it notes that somebody counts.
func (db *DB) CountUsage(ctx context.Context, counts map[usage.Key]usage.Count) error {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b usage.Key) int {
		return strings.Compare(string(a.App)+"\x00"+string(a.Flow)+"\x00"+string(a.Trait), string(b.App)+"\x00"+string(b.Flow)+"\x00"+string(b.Trait))
	})
	now := []byte(db.o.Now().UTC().Format(time.RFC3339))
	begun := db.stats.usage.Load()
	if len(keys) == 0 && begun {
		return nil
	}
	err := db.change(ctx, func(t tx, _ bool) error {
		if !begun {
			if _, err := t.exec(beginUsage, usageSince, now); err != nil {
				return err
			}
		}
		for _, k := range keys {
			c := counts[k]
			if _, err := t.exec(addUsage, onlyShard, k.Day, string(k.App), string(k.Flow), string(k.Trait), c.N, c.Last.UnixMicro()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count usage: %w", err)
	}
	db.stats.usage.Store(true)
	return nil
}

// Usage implements usage.Store.
func (db *DB) Usage(ctx context.Context, from int32) (map[usage.Key]usage.Count, time.Time, error) {
	out := map[usage.Key]usage.Count{}
	var begun time.Time
	err := db.eng.read(ctx, func(t tx) (err error) {
		if begun, err = since(t); err != nil || begun.IsZero() {
			return err
		}
		return t.each(selectUsage, []any{onlyShard, from}, func(scan func(...any) error) error {
			var k usage.Key
			var app, by, trait string
			var n, last int64
			err := scan(&k.Day, &app, &by, &trait, &n, &last)
			k.App, k.Flow, k.Trait = oauth.ClientID(app), flow.Name(by), usage.Trait(trait)
			out[k] = usage.Count{N: n, Last: fromMicro(last)}
			return err
		})
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read usage: %w", err)
	}
	return out, begun, nil
}

// since reads when counting began; zero if it never did.
func since(t tx) (time.Time, error) {
	var text []byte
	found, err := t.one(selectMeta, []any{usageSince}, &text)
	if err != nil || !found {
		return time.Time{}, err
	}
	begun, _ := time.Parse(time.RFC3339, string(text))
	return begun, nil
}

// AppUsage implements usage.Store. It asks day by day, since the rows of a day
// stand together, ordered by app.
func (db *DB) AppUsage(ctx context.Context, app oauth.ClientID, from int32) (map[usage.Key]usage.Count, time.Time, error) {
	out, today := map[usage.Key]usage.Count{}, usage.DayOf(db.o.Now())
	var begun time.Time
	err := db.eng.read(ctx, func(t tx) (err error) {
		if begun, err = since(t); err != nil || begun.IsZero() {
			return err
		}
		for day := max(from, usage.DayOf(begun)); day <= today+1 && err == nil; day++ { // a clock of another node may be ahead
			err = t.each(selectOf, []any{onlyShard, day, string(app)}, func(scan func(...any) error) error {
				var by, trait string
				var n, last int64
				err := scan(&by, &trait, &n, &last)
				out[usage.Key{App: app, Flow: flow.Name(by), Day: day, Trait: usage.Trait(trait)}] = usage.Count{N: n, Last: fromMicro(last)}
				return err
			})
		}
		return err
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read usage: %w", err)
	}
	return out, begun, nil
}

// LastUses implements usage.Store.
func (db *DB) LastUses(ctx context.Context, from int32) ([]usage.LastUse, time.Time, error) {
	var out []usage.LastUse
	var begun time.Time
	err := db.eng.read(ctx, func(t tx) (err error) {
		if begun, err = since(t); err != nil || begun.IsZero() {
			return err
		}
		return t.each(selectLasts, []any{onlyShard, from}, func(scan func(...any) error) error {
			var app, by, trait string
			var last int64
			err := scan(&app, &by, &trait, &last)
			out = append(out, usage.LastUse{App: oauth.ClientID(app), Flow: flow.Name(by), What: usage.Trait(trait), At: fromMicro(last)})
			return err
		})
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read last uses: %w", err)
	}
	return out, begun, nil
}

const walkLiving = `SELECT id, app_id, issued_us, used_us FROM rt_family WHERE sk = $1 AND id > $2 AND revoked_us IS NULL ORDER BY id LIMIT $3`

// livingBatch is larger than that of the sweeps: a review waits for it.
const livingBatch = 5000

// LiveGrants implements usage.Store. It reads every living family, some thousand
// at a time, so that it never holds back the writer's checkpoints.
func (db *DB) LiveGrants(ctx context.Context) (map[oauth.ClientID]int, error) {
	lives, err := db.lives(ctx)
	if err != nil {
		return nil, err
	}
	now, out, at := db.o.Now(), map[oauth.ClientID]int{}, secret.ID{}
	for n := livingBatch; n == livingBatch; {
		n = 0
		from := at
		err := db.eng.read(ctx, func(t tx) error {
			return t.each(walkLiving, []any{onlyShard, from[:], livingBatch}, func(scan func(...any) error) error {
				var id []byte
				var app string
				var issued int64
				var used *int64
				if err := scan(&id, &app, &issued, &used); err != nil {
					return err
				}
				copy(at[:], id)
				f := grant.Family{ID: at, Client: oauth.ClientID(app), Issued: fromMicro(issued)}
				if used != nil {
					f.Issued = fromMicro(max(*used, issued))
				}
				if !overdue(f, lives[f.Client], now) {
					out[f.Client]++
				}
				n++
				return nil
			})
		})
		if err != nil {
			return nil, fmt.Errorf("count living grants: %w", err)
		}
	}
	return out, nil
}

// sweepUsage forgets what is too old to be asked for.
func (db *DB) sweepUsage(ctx context.Context, now time.Time) error {
	before := usage.DayOf(now) - usage.Keep
	if db.stats.usageCut.Swap(before) == before {
		return nil
	}
	return db.change(ctx, func(t tx, _ bool) error {
		n, err := t.exec(cutUsage, onlyShard, before)
		db.stats.swept.Add(uint64(n)) //nolint:gosec // never negative
		return err
	})
}
