package sqlstore

import (
	"context"
	"fmt"
	"time"

	"countersign/internal/audit"
	"countersign/internal/flow"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

const (
	swapGeneration = `UPDATE rt_family SET seq = seq + 1, issued_us = $4, rid = $5
WHERE sk = $1 AND id = $2 AND seq = $3 AND revoked_us IS NULL RETURNING seq`
	rotateWhole = `WITH u AS (UPDATE rt_family SET seq = seq + 1, issued_us = $4, rid = $5
WHERE sk = $1 AND id = $2 AND seq = $3 AND revoked_us IS NULL RETURNING sk, seq),
o AS (INSERT INTO outbox (sk, id, ev) SELECT sk, $6, $7 FROM u ON CONFLICT DO NOTHING)
SELECT seq FROM u`
	auditRotation = `INSERT INTO outbox (sk, id, ev) SELECT sk, $4, $5 FROM rt_family WHERE sk = $1 AND id = $2 AND rid = $3
ON CONFLICT DO NOTHING`
	confirmRotation = `UPDATE rt_family SET rid = $4 WHERE sk = $1 AND id = $2 AND seq = $3 AND rid = $4 RETURNING seq`
	touchFamily     = `UPDATE rt_family SET used_us = $3
WHERE sk = $1 AND id = $2 AND revoked_us IS NULL AND COALESCE(used_us, issued_us) >= $4 RETURNING seq`
	selectFamily = familyColumns + `WHERE sk = $1 AND id = $2`
)

// RotateRefresh implements grant.Store.
//
// Spec: RFC 9700 §4.14.2.
func (db *DB) RotateRefresh(ctx context.Context, r grant.Rotation) (oauth.Outcome, error) {
	if err := db.leased(ctx); err != nil {
		return oauth.Unknown, err
	}
	if r.Event.ID.IsZero() {
		r.Event.ID = secret.NewID(r.Now)
	}
	f := &r.Refresh
	swap := []any{f.SK, f.ID[:], f.Seq, r.Now.UnixMicro(), r.Attempt[:]}
	event := []any{f.SK, f.ID[:], r.Attempt[:], r.Event.ID[:], r.Event.Encode()}
	whole := db.eng.composite()
	var out oauth.Outcome
	err := db.change(ctx, func(t tx, doubt bool) error {
		var seq int64
		var won bool
		var err error
		if whole {
			won, err = t.whole(rotateWhole, append(swap[:5:5], event[3], event[4]), &seq)
		} else {
			won, err = t.one(swapGeneration, swap, &seq)
		}
		if err == nil && !won && doubt {
			if won, err = t.one(confirmRotation, []any{f.SK, f.ID[:], f.Seq + 1, r.Attempt[:]}, &seq); err == nil && won {
				out = oauth.Won // an earlier try of this request, event included
				return nil
			}
		}
		if out = oauth.Lost; err != nil || !won {
			return err
		}
		if out = oauth.Won; whole {
			return nil
		}
		return t.last(auditRotation, event...)
	})
	if err != nil {
		return undecided("rotate refresh token", err)
	}
	return out, nil
}

// TouchRefresh implements grant.Store.
func (db *DB) TouchRefresh(ctx context.Context, f secret.ID, sk int16, now, idleSince time.Time, e audit.Event) (oauth.Outcome, error) {
	if err := db.leased(ctx); err != nil {
		return oauth.Unknown, err
	}
	if e.ID.IsZero() {
		e.ID = secret.NewID(now)
	}
	event := []any{onlyShard, e.ID[:], e.Encode()}
	var since int64
	if !idleSince.IsZero() {
		since = idleSince.UnixMicro()
	}
	var out oauth.Outcome
	err := db.change(ctx, func(t tx, _ bool) error {
		var seq int64
		won, err := t.one(touchFamily, []any{sk, f[:], now.UnixMicro(), since}, &seq)
		if out = oauth.Lost; err != nil || !won {
			return err
		}
		out = oauth.Won
		return t.last(insertEvent, event...) // a second try meets the first one's
	})
	if err != nil {
		return undecided("touch refresh token", err)
	}
	return out, nil
}

// Family implements grant.Store.
func (db *DB) Family(ctx context.Context, id secret.ID, sk int16) (grant.Family, error) {
	var f grant.Family
	err := db.eng.read(ctx, func(t tx) error {
		found := false
		err := t.each(selectFamily, []any{sk, id[:]}, func(scan func(...any) error) (err error) {
			found = true
			f, err = scanFamily(scan)
			return err
		})
		if err == nil && !found {
			err = grant.ErrNotFound
		}
		return err
	})
	if err != nil {
		return grant.Family{}, fmt.Errorf("read grant: %w", err)
	}
	return f, nil
}

func scanFamily(scan func(...any) error) (grant.Family, error) {
	var f grant.Family
	var id, rid, data []byte
	var user, app string
	var issued int64
	var used, revoked *int64
	if err := scan(&id, &user, &app, &f.Epoch, &f.Seq, &issued, &used, &rid, &data, &revoked, &f.SK); err != nil {
		return f, err
	}
	copy(f.ID[:], id)
	copy(f.Attempt[:], rid)
	f.User, f.Client, f.Issued = oauth.UserID(user), oauth.ClientID(app), fromMicro(issued)
	if used != nil {
		f.Used = fromMicro(*used)
	}
	if revoked != nil {
		f.Ended = fromMicro(*revoked)
	}
	var err error
	f.Flow, f.Scopes, err = unpackFamily(data)
	return f, err
}

func fromMicro(us int64) time.Time { return time.UnixMicro(us).UTC() }

// packFamily writes the part of a family that no statement looks at.
func packFamily(f flow.Name, s oauth.Scopes) []byte {
	return new(secret.Packer).Number(1).Text(string(f)).Text(s.String()).Content()
}

func unpackFamily(data []byte) (flow.Name, oauth.Scopes, error) {
	u := secret.Unpack(data)
	_ = u.Number() // version of this form
	name, text := u.Text(), u.Text()
	scopes, err := oauth.ParseScopes(text)
	if err == nil {
		err = u.Done()
	}
	if err != nil {
		return "", nil, fmt.Errorf("data of a grant: %w", err)
	}
	return flow.Name(name), scopes, nil
}
