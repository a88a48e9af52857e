package storagecheck

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

var raceChecks = []check{
	{"races", "of 64 who spend one value, one wins", raceOf("spend", func(s *scratch, id []byte) (string, []any) {
		return spend, []any{shard, slot, id, int16(1), s.id(), int32(0), int32(100)}
	})},
	{"races", "of 64 who redeem one code in one statement, one wins", raceOf("redeem", func(s *scratch, id []byte) (string, []any) {
		return redeem, []any{shard, slot, id, s.id(), s.id(), []byte("event")}
	})},
	{"races", "of 64 who rotate one family, one wins", raceRotate},
	{"races", "64 who count are all counted", raceCount},
}

const rounds = 10

// raceOf lets callers run the same statement for the same id, each with an attempt
// of its own.
func raceOf(what string, statement func(*scratch, []byte) (string, []any)) func(context.Context, *scratch) (string, error) {
	return func(ctx context.Context, s *scratch) (string, error) {
		again := 0
		for range rounds {
			id := s.id()
			won, repeated, err := s.race(ctx, func() (string, []any) { return statement(s, id) })
			if err != nil {
				return "", err
			}
			if again += repeated; won != 1 {
				return "", fmt.Errorf("%s: %d won, want 1", what, won)
			}
		}
		return told(again), nil
	}
}

func raceRotate(ctx context.Context, s *scratch) (string, error) {
	again := 0
	id, err := s.newFamily(ctx)
	if err != nil {
		return "", err
	}
	for seq := range int64(rounds) {
		won, repeated, err := s.race(ctx, func() (string, []any) { return swap, []any{shard, id, seq + 1, s.id()} })
		if err != nil {
			return "", err
		}
		if again += repeated; won != 1 {
			return "", fmt.Errorf("rotate from %d: %d won, want 1", seq+1, won)
		}
	}
	return told(again), nil
}

func raceCount(ctx context.Context, s *scratch) (string, error) {
	id, err := s.newFamily(ctx)
	if err != nil {
		return "", err
	}
	_, again, err := s.race(ctx, func() (string, []any) {
		return `UPDATE check_family SET seq = seq + 1 WHERE sk = $1 AND id = $2`, []any{shard, id}
	})
	if err != nil {
		return "", err
	}
	var n int64
	if err := s.pool.QueryRow(ctx, `SELECT seq FROM check_family WHERE sk = $1 AND id = $2`, shard, id).Scan(&n); err != nil {
		return "", err
	}
	if n != callers+1 {
		return "", fmt.Errorf("%d were counted, want %d", n-1, callers)
	}
	return told(again), nil
}

func told(again int) string {
	if again == 0 {
		return fmt.Sprintf("%d callers", callers)
	}
	return fmt.Sprintf("%d callers; %d statements were refused by the database and repeated", callers, again)
}

// race runs a statement for many callers at once. It gives how many changed a row,
// and how many tries the database refused for others to go first (40001, 40P01),
// which are repeated.
func (s *scratch) race(ctx context.Context, statement func() (string, []any)) (won, again int, err error) {
	var mu sync.Mutex
	var group sync.WaitGroup
	start := make(chan struct{})
	for range callers {
		text, args := statement()
		group.Go(func() {
			<-start
			n, repeated, failed := s.stubborn(ctx, text, args)
			mu.Lock()
			defer mu.Unlock()
			again += repeated
			if won += int(n); failed != nil {
				err = errors.Join(err, failed)
			}
		})
	}
	close(start)
	group.Wait()
	return won, again, err
}

func (s *scratch) stubborn(ctx context.Context, text string, args []any) (n int64, repeated int, err error) {
	for {
		n, err = rows(ctx, s.pool, text, args...)
		var e *pgconn.PgError
		if !errors.As(err, &e) || e.Code != "40001" && e.Code != "40P01" || repeated == 50 {
			return n, repeated, err
		}
		repeated++
	}
}

var clockChecks = []check{
	{"clock", "the database's clock and ours are less than a minute apart", clockSkew},
}

// skewBudget is what the ring of spent values allows.
const skewBudget = time.Minute

func clockSkew(ctx context.Context, s *scratch) (string, error) {
	var worst, least time.Duration
	for i := range 20 {
		before := s.o.Now()
		var us int64
		if err := s.pool.QueryRow(ctx, `SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS int8)`).Scan(&us); err != nil {
			return "", err
		}
		after := s.o.Now()
		skew := time.UnixMicro(us).Sub(before.Add(after.Sub(before) / 2))
		if i == 0 || skew.Abs() > worst.Abs() {
			worst = skew
		}
		if i == 0 || skew.Abs() < least.Abs() {
			least = skew
		}
	}
	detail := fmt.Sprintf("theirs is ahead by %v (%v at worst)", least.Round(time.Millisecond), worst.Round(time.Millisecond))
	if least.Abs() >= skewBudget {
		return "", errors.New(detail + ": let both follow the same time server")
	}
	return detail, nil
}
