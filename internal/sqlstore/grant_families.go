package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"countersign/internal/audit"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

const (
	familyColumns      = `SELECT id, user_id, app_id, epoch, seq, issued_us, used_us, rid, data, revoked_us, sk FROM rt_family `
	selectUserFamilies = familyColumns + `WHERE sk = $1 AND user_id = $2 AND revoked_us IS NULL ORDER BY id DESC`
	selectFamiliesDown = familyColumns + `WHERE sk = $1 AND id < $2 ORDER BY id DESC LIMIT $3`
)

const (
	familyLimit = 1000
	familyBatch = 500
)

// Families implements grant.Store.
func (db *DB) Families(ctx context.Context, user oauth.UserID, app oauth.ClientID, limit int) ([]grant.Family, error) {
	if limit <= 0 {
		limit = familyLimit
	}
	var out []grant.Family
	keep := func(f grant.Family) bool {
		if f.Ended.IsZero() && (app == "" || f.Client == app) {
			out = append(out, f)
		}
		return len(out) < limit
	}
	var err error
	if user != "" {
		err = db.userFamilies(ctx, user, keep)
	} else {
		err = db.scanFamilies(ctx, keep)
	}
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	return out, nil
}

func (db *DB) userFamilies(ctx context.Context, user oauth.UserID, keep func(grant.Family) bool) error {
	more := true
	return db.eng.read(ctx, func(t tx) error {
		return t.each(selectUserFamilies, []any{onlyShard, string(user)}, func(scan func(...any) error) error {
			f, err := scanFamily(scan)
			if err == nil && more {
				more = keep(f)
			}
			return err
		})
	})
}

// scanFamilies reads every family, newest first, until keep says no. There is no
// index by app: it would be paid for by every login, and is wanted by a rare
// administrator.
func (db *DB) scanFamilies(ctx context.Context, keep func(grant.Family) bool) error {
	to := lastID()
	for {
		batch, err := db.families(ctx, selectFamiliesDown, to)
		if err != nil {
			return err
		}
		for _, f := range batch {
			if !keep(f) {
				return nil
			}
			to = f.ID
		}
		if len(batch) < familyBatch {
			return nil
		}
	}
}

// families reads one batch.
func (db *DB) families(ctx context.Context, text string, bound secret.ID) ([]grant.Family, error) {
	var out []grant.Family
	err := db.eng.read(ctx, func(t tx) error {
		return t.each(text, []any{onlyShard, bound[:], familyBatch}, func(scan func(...any) error) error {
			f, err := scanFamily(scan)
			out = append(out, f)
			return err
		})
	})
	return out, err
}

const revokeOld = `UPDATE rt_family SET revoked_us = $3 WHERE sk = $1 AND id = $2 AND app_id = $4 AND revoked_us IS NULL`

// endApp ends every grant to an app. One transaction makes all tokens dead: the
// ending, the event and the app's NotBefore, which outlives the ending. Then the
// families, of which there may be millions, are marked in small batches; if that
// is cut short, NotBefore still holds.
func (db *DB) endApp(ctx context.Context, end grant.Ending, e audit.Event) (int, error) {
	_, err := db.configure(ctx, e, func(t tx, ver int64) (bool, error) {
		if err := notBefore(t, end, ver); err != nil {
			return false, err
		}
		return true, putEnding(t, end)
	}, func(tx) error { return nil })
	if err != nil {
		return 0, fmt.Errorf("end grants of an app: %w", err)
	}
	total := 0
	var batch []grant.Family
	var failed error
	flush := func() bool {
		n, err := db.revoke(ctx, batch, end)
		total, failed, batch = total+n, err, batch[:0]
		return err == nil
	}
	err = db.scanFamilies(ctx, func(f grant.Family) bool {
		if f.Client == end.Client && f.Ended.IsZero() && !f.ID.Time().After(end.ID.Time()) {
			if batch = append(batch, f); len(batch) == groupMax {
				return flush()
			}
		}
		return true
	})
	if err == nil && failed == nil {
		flush()
	}
	if err = errors.Join(err, failed); err != nil {
		return total, fmt.Errorf("mark grants of an app: %w", err)
	}
	return total, nil
}

// revoke marks a batch of families and returns how many were alive.
func (db *DB) revoke(ctx context.Context, batch []grant.Family, end grant.Ending) (int, error) {
	if len(batch) == 0 {
		return 0, nil
	}
	var n int64
	err := db.change(ctx, func(t tx, _ bool) error {
		n = 0
		for _, f := range batch {
			k, err := t.exec(revokeOld, f.SK, f.ID[:], end.ID.Time().UnixMicro(), string(end.Client))
			if err != nil {
				return err
			}
			n += k
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return int(n), nil
}

// notBefore raises the app's NotBefore to the ending, if there is such an app:
// as with an ending, what began in that very millisecond is dead, too.
func notBefore(t tx, end grant.Ending, ver int64) error {
	d := document{kind: kindClient, id: string(end.Client)}
	found, err := t.one(selectConfig, []any{tenant, d.kind, d.id}, &d.ver, &d.doc)
	if err != nil || !found {
		return err
	}
	c, err := d.client()
	if err != nil {
		return err
	}
	if at := end.ID.Time(); at.After(c.NotBefore) {
		c.NotBefore = at
	}
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = t.one(replaceConfig, []any{tenant, d.kind, d.id, ver, text, d.ver}, &ver)
	return err
}
