package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"countersign/internal/audit"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

const (
	insertEnding = `INSERT INTO ended (sk, id, kind, family, user_id, app_id) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`
	revokeFamily = `UPDATE rt_family SET revoked_us = $3 WHERE sk = $1 AND id = $2 AND revoked_us IS NULL`
	revokeUser   = `UPDATE rt_family SET revoked_us = $3 WHERE sk = $1 AND user_id = $2 AND revoked_us IS NULL`
	revokePair   = `UPDATE rt_family SET revoked_us = $3 WHERE sk = $1 AND user_id = $2 AND app_id = $4 AND revoked_us IS NULL`
	raiseEpoch   = `UPDATE users SET epoch = epoch + 1 WHERE sk = $1 AND id = $2 RETURNING epoch`
)

// putEnding writes an ending; every node reads it within a second.
func putEnding(t tx, e grant.Ending) error {
	_, err := t.exec(insertEnding, onlyShard, e.ID[:], int16(e.Kind), e.Family[:], string(e.User), string(e.Client))
	return err
}

// EndGrant implements grant.Store.
//
// Spec: RFC 7009 §2.1; RFC 9700 §4.14.2.
func (db *DB) EndGrant(ctx context.Context, id secret.ID, sk int16, now time.Time, e audit.Event) (oauth.Outcome, error) {
	end := grant.Ending{ID: secret.NewID(now), Kind: grant.EndFamily, Family: id}
	return db.end(ctx, "end grant", end, e, func(t tx) error {
		_, err := t.exec(revokeFamily, sk, id[:], now.UnixMicro())
		return err
	})
}

// EndAccess implements grant.Store.
//
// Spec: RFC 7009 §2.1.
func (db *DB) EndAccess(ctx context.Context, token secret.ID, now time.Time, e audit.Event) (oauth.Outcome, error) {
	end := grant.Ending{ID: secret.NewID(now), Kind: grant.EndAccess, Family: token}
	return db.end(ctx, "end access token", end, e, func(tx) error { return nil })
}

// end writes an ending, what goes with it, and the event, in one transaction.
func (db *DB) end(ctx context.Context, what string, end grant.Ending, e audit.Event, more func(t tx) error) (oauth.Outcome, error) {
	if err := db.leased(ctx); err != nil {
		return oauth.Unknown, err
	}
	err := db.report(ctx, e, func(t tx) error {
		if err := more(t); err != nil {
			return err
		}
		return putEnding(t, end)
	})
	if err != nil {
		return undecided(what, err)
	}
	db.ended(end)
	return oauth.Won, nil
}

var errEndNothing = errors.New("end grants: neither a person nor an app was named")

// EndGrants implements grant.Store.
//
// Spec: RFC 7009 §2.1.
func (db *DB) EndGrants(ctx context.Context, user oauth.UserID, app oauth.ClientID, now time.Time, e audit.Event) (int, error) {
	if err := db.leased(ctx); err != nil {
		return 0, err
	}
	end := grant.Ending{ID: secret.NewID(now), User: user, Client: app}
	var n int64
	var err error
	switch {
	case user == "" && app == "":
		return 0, errEndNothing
	case user == "":
		end.Kind = grant.EndClient
		return db.endApp(ctx, end, e)
	case app == "":
		end.Kind = grant.EndUser
		err = db.report(ctx, e, func(t tx) error {
			var epoch int32
			if _, err := t.one(raiseEpoch, []any{onlyShard, string(user)}, &epoch); err != nil {
				return err
			}
			k, err := endUser(t, end)
			n = k
			return err
		})
	default:
		end.Kind = grant.EndPair
		err = db.report(ctx, e, func(t tx) error {
			k, err := t.exec(revokePair, onlyShard, string(user), now.UnixMicro(), string(app))
			if n = k; err != nil {
				return err
			}
			return putEnding(t, end)
		})
	}
	if err != nil {
		return 0, fmt.Errorf("end grants: %w", err)
	}
	db.ended(end)
	return int(n), nil
}

// endUser marks every family of a person and writes the ending. The caller
// raises the epoch in the same transaction.
func endUser(t tx, end grant.Ending) (int64, error) {
	n, err := t.exec(revokeUser, onlyShard, string(end.User), end.ID.Time().UnixMicro())
	if err != nil {
		return 0, err
	}
	return n, putEnding(t, end)
}
