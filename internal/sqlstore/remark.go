package sqlstore

import (
	"context"
	"fmt"
	"time"

	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

const (
	settledEnded = `SELECT id, kind, family, user_id, app_id FROM ended WHERE sk = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4`
	remarkFamily = `UPDATE rt_family SET revoked_us = $3 WHERE sk = $1 AND id = $2 AND revoked_us IS NULL`
	remarkUser   = `UPDATE rt_family SET revoked_us = $3 WHERE sk = $1 AND user_id = $2 AND id < $4 AND revoked_us IS NULL`
	remarkPair   = `UPDATE rt_family SET revoked_us = $3 WHERE sk = $1 AND user_id = $2 AND id < $4 AND app_id = $5 AND revoked_us IS NULL`
)

// remarkFrom is how far back a node looks when it starts: longer than another one
// takes to be missed.
const remarkFrom = 10 * time.Minute

// remark marks the families of what ended once more, some time later. Where
// changes run side by side, a code may be redeemed in the very moment in which its
// grant is ended: neither sees the other, and the family is not marked. Until the
// ending is forgotten every node holds it dead all the same; a refresh token lives
// longer than that. By now whatever ran then is committed.
func (db *DB) remark(ctx context.Context, now time.Time) error {
	if !db.eng.sideBySide() {
		return nil
	}
	from, to := db.sweeper.remarked, secret.FirstID(now.Add(-db.eng.overlap()))
	if first := secret.FirstID(now.Add(-remarkFrom)); string(from[:]) < string(first[:]) {
		from = first
	}
	list, err := db.settledEndings(ctx, from, to)
	if err != nil {
		return fmt.Errorf("mark again: %w", err)
	}
	if len(list) == 0 {
		return nil
	}
	err = db.change(ctx, func(t tx, _ bool) error {
		for _, e := range list {
			if err := remarkOne(t, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("mark again: %w", err)
	}
	db.sweeper.remarked = list[len(list)-1].ID
	return nil
}

func (db *DB) settledEndings(ctx context.Context, from, to secret.ID) (out []grant.Ending, err error) {
	err = db.eng.read(ctx, func(t tx) error {
		return t.each(settledEnded, []any{onlyShard, from[:], to[:], groupMax}, func(scan func(...any) error) error {
			e, err := scanEnding(scan)
			out = append(out, e)
			return err
		})
	})
	return out, err
}

func remarkOne(t tx, e grant.Ending) (err error) {
	at := e.ID.Time().UnixMicro()
	switch e.Kind {
	case grant.EndFamily:
		_, err = t.exec(remarkFamily, onlyShard, e.Family[:], at)
	case grant.EndUser:
		_, err = t.exec(remarkUser, onlyShard, string(e.User), at, e.ID[:])
	case grant.EndPair:
		_, err = t.exec(remarkPair, onlyShard, string(e.User), at, e.ID[:], string(e.Client))
	case grant.EndClient, grant.EndAccess: // the app's NotBefore holds; a token has no family
	}
	return err
}

func scanEnding(scan func(...any) error) (e grant.Ending, err error) {
	var id, family []byte
	var kind int16
	var user, app string
	if err := scan(&id, &kind, &family, &user, &app); err != nil {
		return e, err
	}
	copy(e.ID[:], id)
	copy(e.Family[:], family)
	e.Kind, e.User, e.Client = grant.EndingKind(kind), oauth.UserID(user), oauth.ClientID(app)
	return e, nil
}
