package storagecheck

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/sqlstore"
)

// speedChecks measure the hot statements through the store. They fail when a
// statement fails; whether a speed is enough is for the operator to say.
var speedChecks = []check{
	{speedArea, "redeem a code", speedOf(func(ctx context.Context, s *scratch, db *sqlstore.DB, _ *client) error {
		return won(db.RedeemCode(ctx, s.redemption()))
	})},
	{speedArea, "rotate a refresh token", speedOf(func(ctx context.Context, s *scratch, db *sqlstore.DB, c *client) error {
		c.seq++
		return won(db.RotateRefresh(ctx, s.rotation(c.family, c.seq)))
	})},
	{speedArea, "look at a family", speedOf(func(ctx context.Context, _ *scratch, db *sqlstore.DB, c *client) error {
		_, err := db.Family(ctx, c.family.Code.ID, c.family.Code.SK)
		return err
	})},
	{speedArea, "end a grant", speedOf(func(ctx context.Context, s *scratch, db *sqlstore.DB, _ *client) error {
		now := s.o.Now()
		return won(db.EndGrant(ctx, s.redemption().Code.ID, shard, now, audit.New(now, audit.GrantRevoked)))
	})},
	{speedArea, "count a failed password", speedOf(func(ctx context.Context, s *scratch, db *sqlstore.DB, c *client) error {
		now := s.o.Now()
		var key account.CounterKey
		copy(key[:], c.family.Code.ID[:])
		_, err := db.CountFailure(ctx, now, []account.Charge{{Key: key, Cost: time.Second}}, audit.New(now, audit.LoginFailed))
		return err
	})},
	{speedArea, "record an event", speedOf(func(ctx context.Context, s *scratch, db *sqlstore.DB, _ *client) error {
		return db.Record(ctx, audit.New(s.o.Now(), audit.LoginSucceeded))
	})},
	{speedArea, "poll", speedOf(func(ctx context.Context, _ *scratch, db *sqlstore.DB, _ *client) error { return db.Poll(ctx) })},
}

const speedArea = "speed"

// client is one of those that ask at the same time; each has a family of its own.
type client struct {
	family grant.Redemption
	seq    int64
}

func won(out oauth.Outcome, err error) error {
	if err == nil && out != oauth.Won {
		err = fmt.Errorf("the outcome was %s, want won", out)
	}
	return err
}

// speedOf lets clients do one thing after another, for as long as was asked for.
func speedOf(do func(context.Context, *scratch, *sqlstore.DB, *client) error) func(context.Context, *scratch) (string, error) {
	return func(ctx context.Context, s *scratch) (string, error) {
		db, err := s.open(ctx)
		if err != nil {
			return "", err
		}
		clients := make([]*client, connections)
		for i := range clients {
			c := &client{}
			if _, c.family, err = s.redeemed(ctx); err != nil {
				return "", err
			}
			clients[i] = c
		}
		var mu sync.Mutex
		var group sync.WaitGroup
		var all []time.Duration
		began := time.Now()
		for _, c := range clients {
			group.Go(func() {
				var took []time.Duration
				var failed error
				for time.Since(began) < s.o.Each && failed == nil && ctx.Err() == nil {
					start := time.Now()
					failed = do(ctx, s, db, c)
					took = append(took, time.Since(start))
				}
				mu.Lock()
				defer mu.Unlock()
				all, err = append(all, took...), errors.Join(err, failed)
			})
		}
		group.Wait()
		if err != nil {
			return "", err
		}
		return speed(all, time.Since(began)), nil
	}
}

func speed(took []time.Duration, all time.Duration) string {
	if len(took) == 0 {
		return "none"
	}
	slices.Sort(took)
	at := func(p float64) float64 { return float64(took[int(p*float64(len(took)-1))].Microseconds()) / 1000 }
	return fmt.Sprintf("%.0f/s, p50 %.1f ms, p99 %.1f ms, %d clients", float64(len(took))/all.Seconds(), at(.5), at(.99), connections)
}
