package sqlstore

import (
	"context"

	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// kindCode marks a spent value as an authorization code.
const kindCode int16 = 1

// The statements of redeeming. Each is conditional on the attempt, so that
// repeating them all is harmless.
var (
	spendCode = eachSlot(`INSERT INTO `, ` (sk, tb, id, kind, rid)
SELECT $1, $2, $3, $4, $5 WHERE CAST($2 AS int4) >= CAST($6 AS int4) AND CAST($2 AS int4) < CAST($7 AS int4)
ON CONFLICT DO NOTHING RETURNING kind`)
	// openFamily: what ended since the code was issued ($11 on) may have been
	// written after the code was looked at. Its family is born dead, because the
	// ending found none to mark, and is forgotten long before a refresh token.
	openFamily = eachSlot(`INSERT INTO rt_family (sk, id, user_id, app_id, seq, issued_us, rid, epoch, jkt, data, revoked_us)
SELECT sk, id, $5, $6, 1, $7, rid, $8, $9, $10, (SELECT CAST($7 AS int8) FROM ended e WHERE e.sk = 0 AND e.id >= $11 AND
(e.kind = 1 AND e.family = $3 OR e.kind = 2 AND e.user_id = $5 OR e.kind = 3 AND e.app_id = $6 OR e.kind = 4 AND e.user_id = $5 AND e.app_id = $6)
LIMIT 1) FROM `, ` WHERE sk = $1 AND tb = $2 AND id = $3 AND rid = $4
ON CONFLICT DO NOTHING RETURNING seq`)
	auditRedeem = eachSlot(`INSERT INTO outbox (sk, id, ev) SELECT sk, $5, $6 FROM `,
		` WHERE sk = $1 AND tb = $2 AND id = $3 AND rid = $4 ON CONFLICT DO NOTHING`)
	// redeemFamily and redeemOnly are the same, as one statement.
	redeemFamily = eachSlot(`WITH s AS (INSERT INTO `, ` (sk, tb, id, kind, rid)
SELECT $1, $2, $3, $4, $5 WHERE CAST($2 AS int4) >= CAST($6 AS int4) AND CAST($2 AS int4) < CAST($7 AS int4)
ON CONFLICT DO NOTHING RETURNING sk, id, rid),
f AS (INSERT INTO rt_family (sk, id, user_id, app_id, seq, issued_us, rid, epoch, jkt, data, revoked_us)
SELECT sk, id, $10, $11, 1, $12, rid, $13, $14, $15, (SELECT CAST($12 AS int8) FROM ended e WHERE e.sk = 0 AND e.id >= $16 AND
(e.kind = 1 AND e.family = $3 OR e.kind = 2 AND e.user_id = $10 OR e.kind = 3 AND e.app_id = $11 OR e.kind = 4 AND e.user_id = $10 AND e.app_id = $11)
LIMIT 1) FROM s ON CONFLICT DO NOTHING),
o AS (INSERT INTO outbox (sk, id, ev) SELECT sk, $8, $9 FROM s ON CONFLICT DO NOTHING)
SELECT CAST(1 AS int8) FROM s`)
	redeemOnly = eachSlot(`WITH s AS (INSERT INTO `, ` (sk, tb, id, kind, rid)
SELECT $1, $2, $3, $4, $5 WHERE CAST($2 AS int4) >= CAST($6 AS int4) AND CAST($2 AS int4) < CAST($7 AS int4)
ON CONFLICT DO NOTHING RETURNING sk),
o AS (INSERT INTO outbox (sk, id, ev) SELECT sk, $8, $9 FROM s ON CONFLICT DO NOTHING)
SELECT CAST(1 AS int8) FROM s`)
	// confirmRedeem settles a doubt by a write: on a replicated engine a read
	// proves nothing about what a standby has.
	confirmRedeem = eachSlot(`UPDATE `, ` SET rid = $4 WHERE sk = $1 AND tb = $2 AND id = $3 AND rid = $4 RETURNING kind`)
)

// RedeemCode implements grant.Store.
//
// Spec: RFC 6749 §4.1.2.
func (db *DB) RedeemCode(ctx context.Context, r grant.Redemption) (oauth.Outcome, error) {
	if err := db.leased(ctx); err != nil {
		return oauth.Unknown, err
	}
	c := &r.Code
	if c.Slot >= db.lease.ceil() { // a long pause, or the job stalled: try to catch up
		if err := db.turnRing(ctx); err != nil || c.Slot >= db.lease.ceil() {
			return oauth.Unknown, grant.ErrLease.After(retryAfter)
		}
	}
	if r.Event.ID.IsZero() {
		r.Event.ID = secret.NewID(r.Now)
	}
	rd := redemption{
		slot: c.Slot, key: []any{c.SK, c.Slot, c.ID[:], r.Attempt[:]}, refresh: r.Refresh,
		event: []any{r.Event.ID[:], r.Event.Encode()},
	}
	if r.Refresh {
		since := secret.FirstID(c.ID.Time())
		rd.family = []any{
			string(c.User), string(c.Client), r.Now.UnixMicro(), c.Epoch, thumbprint(c.JKT), packFamily(c.Flow, c.Scopes), since[:],
		}
	}
	run := rd.run
	if db.eng.composite() {
		run = rd.runWhole
	}
	var out oauth.Outcome
	err := db.change(ctx, func(t tx, doubt bool) (err error) {
		out, err = run(t, doubt)
		return err
	})
	if err != nil {
		return undecided("redeem code", err)
	}
	return out, nil
}

// redemption is a RedeemCode made ready: everything but SQL was done before.
type redemption struct {
	slot    int32
	key     []any // sk, tb, id, rid
	refresh bool
	family  []any
	event   []any
}

func (r *redemption) run(t tx, doubt bool) (oauth.Outcome, error) {
	floor, ceil := t.slots()
	var n int64
	spent, err := t.one(spendCode.at(r.slot), []any{r.key[0], r.key[1], r.key[2], kindCode, r.key[3], floor, ceil}, &n)
	if err == nil && !spent && doubt {
		spent, err = t.one(confirmRedeem.at(r.slot), r.key, &n)
		if err == nil && spent {
			return oauth.Won, nil // an earlier try of this request, family and event included
		}
	}
	if err != nil || !spent {
		return oauth.Lost, err
	}
	if r.refresh {
		if _, err := t.one(openFamily.at(r.slot), append(r.key[:4:4], r.family...), &n); err != nil {
			return oauth.Unknown, err
		}
	}
	return oauth.Won, t.last(auditRedeem.at(r.slot), append(r.key[:4:4], r.event...)...)
}

// runWhole is run in one statement, where the engine has such: a third of the
// round trips, half of the work.
func (r *redemption) runWhole(t tx, doubt bool) (oauth.Outcome, error) {
	floor, ceil := t.slots()
	text, args := redeemOnly.at(r.slot), []any{r.key[0], r.key[1], r.key[2], kindCode, r.key[3], floor, ceil, r.event[0], r.event[1]}
	if r.refresh {
		text, args = redeemFamily.at(r.slot), append(args, r.family...)
	}
	var n int64
	won, err := t.whole(text, args, &n)
	if err == nil && !won && doubt {
		won, err = t.one(confirmRedeem.at(r.slot), r.key, &n)
	}
	if err != nil || !won {
		return oauth.Lost, err
	}
	return oauth.Won, nil
}

// thumbprint keeps a missing key binding as NULL.
func thumbprint(jkt [32]byte) []byte {
	if jkt == ([32]byte{}) {
		return nil
	}
	return jkt[:]
}
