package storagecheck

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The statements of the contract, in the forms that the store uses.
const (
	spend = `INSERT INTO check_spent (sk, tb, id, kind, rid)
SELECT $1, $2, $3, $4, $5 WHERE CAST($2 AS int4) >= CAST($6 AS int4) AND CAST($2 AS int4) < CAST($7 AS int4)
ON CONFLICT DO NOTHING RETURNING kind`
	confirm = `UPDATE check_spent SET rid = $4 WHERE sk = $1 AND tb = $2 AND id = $3 AND rid = $4 RETURNING kind`
	family  = `INSERT INTO check_family (sk, id, app_id, seq, rid) VALUES ($1, $2, 'check', 1, $3) ON CONFLICT DO NOTHING RETURNING seq`
	swap    = `UPDATE check_family SET seq = seq + 1, rid = $4 WHERE sk = $1 AND id = $2 AND seq = $3 AND revoked_us IS NULL RETURNING seq`
	redeem  = `WITH s AS (
  INSERT INTO check_spent (sk, tb, id, kind, rid) SELECT $1, $2, $3, 1, $4 ON CONFLICT DO NOTHING RETURNING sk, id, rid
), f AS (
  INSERT INTO check_family (sk, id, app_id, seq, rid) SELECT sk, id, 'check', 1, rid FROM s RETURNING sk, seq
), o AS (
  INSERT INTO check_outbox (sk, id, ev) SELECT sk, $5, $6 FROM f
)
SELECT seq FROM f`
)

const (
	shard int16 = 0
	slot  int32 = 7
)

var contractChecks = []check{
	{"contract", "a second insert of one row writes nothing, and says so", insertTwice},
	{"contract", "a value outside of floor and ceiling is not taken", outsideFloor},
	{"contract", "compare-and-swap is told by its row, and happens once", compareAndSwap},
	{"contract", "an update to the same value finds its row", sameValue},
	{"contract", "a write that confirms finds its own attempt alone", confirmWrite},
	{"contract", "a transaction that failed leaves nothing", rolledBack},
	{"contract", "redeeming in one statement writes all three rows or none", oneStatement},
	{"contract", "TRUNCATE in a transaction is undone with it, and done with it", truncate},
	{"contract", "the floor is raised by one, and a slot emptied by one", floorOnce},
	{"contract", "what is committed is seen at once on another connection", seenAtOnce},
	{"contract", "a warning of the server reaches the client", warningSeen},
}

func insertTwice(ctx context.Context, s *scratch) (string, error) {
	args := []any{shard, slot, s.id(), int16(1), s.id(), int32(0), int32(100)}
	for i, want := range []int64{1, 0, 0} {
		n, err := rows(ctx, s.pool, spend, args...)
		if err := expect(fmt.Sprintf("insert %d of the same row", i+1), n, want, err); err != nil {
			return "", err
		}
	}
	return "", nil
}

func outsideFloor(ctx context.Context, s *scratch) (string, error) {
	for _, bound := range [][2]int32{{slot + 1, slot + 9}, {0, slot}} {
		n, err := rows(ctx, s.pool, spend, shard, slot, s.id(), int16(1), s.id(), bound[0], bound[1])
		if err := expect(fmt.Sprintf("insert of slot %d with floor %d, ceiling %d", slot, bound[0], bound[1]), n, 0, err); err != nil {
			return "", err
		}
	}
	return "", nil
}

func (s *scratch) newFamily(ctx context.Context) ([]byte, error) {
	id := s.id()
	n, err := rows(ctx, s.pool, family, shard, id, s.id())
	return id, expect("a family", n, 1, err)
}

func compareAndSwap(ctx context.Context, s *scratch) (string, error) {
	id, err := s.newFamily(ctx)
	if err != nil {
		return "", err
	}
	for _, step := range []struct{ seq, want int64 }{{2, 0}, {1, 1}, {1, 0}, {2, 1}} {
		n, err := rows(ctx, s.pool, swap, shard, id, step.seq, s.id())
		if err := expect(fmt.Sprintf("swap from %d", step.seq), n, step.want, err); err != nil {
			return "", err
		}
	}
	return "", nil
}

func sameValue(ctx context.Context, s *scratch) (string, error) {
	id, err := s.newFamily(ctx)
	if err != nil {
		return "", err
	}
	n, err := rows(ctx, s.pool, `UPDATE check_family SET seq = seq WHERE sk = $1 AND id = $2`, shard, id)
	return "", expect("an update to the same value", n, 1, err)
}

func confirmWrite(ctx context.Context, s *scratch) (string, error) {
	id, mine := s.id(), s.id()
	n, err := rows(ctx, s.pool, spend, shard, slot, id, int16(1), mine, int32(0), int32(100))
	if err := expect("insert", n, 1, err); err != nil {
		return "", err
	}
	if n, err = rows(ctx, s.pool, confirm, shard, slot, id, mine); expect("", n, 1, err) != nil {
		return "", expect("confirming one's own attempt", n, 1, err)
	}
	n, err = rows(ctx, s.pool, confirm, shard, slot, id, s.id())
	return "", expect("confirming another's attempt", n, 0, err)
}

func rolledBack(ctx context.Context, s *scratch) (string, error) {
	id := s.id()
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		return "", err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // it failed already
	if _, err := tx.Exec(ctx, family, shard, id, s.id()); err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `SELECT 1 / (sk - sk) FROM check_family`); err == nil {
		return "", errors.New("a division by zero succeeded")
	}
	var state *pgconn.PgError
	if err := tx.Commit(ctx); err == nil {
		return "", errors.New("a failed transaction was committed")
	} else if !errors.Is(err, pgx.ErrTxCommitRollback) && !errors.As(err, &state) {
		return "", err
	}
	n, err := rows(ctx, s.pool, `SELECT seq FROM check_family WHERE sk = $1 AND id = $2`, shard, id)
	return "", expect("what it had inserted", n, 0, err)
}

func oneStatement(ctx context.Context, s *scratch) (string, error) {
	id, event := s.id(), s.id()
	for i, want := range []int64{1, 0} {
		n, err := rows(ctx, s.pool, redeem, shard, slot, id, s.id(), event, []byte("event"))
		if err := expect(fmt.Sprintf("redeeming, time %d", i+1), n, want, err); err != nil {
			return "", err
		}
	}
	for table, key := range map[string][]byte{"check_spent": id, "check_family": id, "check_outbox": event} {
		n, err := rows(ctx, s.pool, `SELECT sk FROM `+table+` WHERE sk = $1 AND id = $2`, shard, key)
		if err := expect("rows of it in "+table, n, 1, err); err != nil {
			return "", err
		}
	}
	// The event's id exists already: nothing of the statement may stay.
	id = s.id()
	_, err := rows(ctx, s.pool, redeem, shard, slot, id, s.id(), event, []byte("event"))
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return "", fmt.Errorf("a statement whose last part must fail did not: %w", err)
	}
	n, err := rows(ctx, s.pool, `SELECT sk FROM check_spent WHERE sk = $1 AND id = $2`, shard, id)
	return "", expect("rows of the failed statement", n, 0, err)
}

func truncate(ctx context.Context, s *scratch) (string, error) {
	if _, err := rows(ctx, s.pool, spend, shard, slot, s.id(), int16(1), s.id(), int32(0), int32(100)); err != nil {
		return "", err
	}
	counted := func() (n int64, err error) {
		return n, s.pool.QueryRow(ctx, `SELECT count(*) FROM check_spent`).Scan(&n)
	}
	before, err := counted()
	if err != nil {
		return "", err
	}
	for _, end := range []struct {
		what string
		how  func(pgx.Tx) error
		want int64
	}{
		{"after the rollback", func(tx pgx.Tx) error { return tx.Rollback(ctx) }, before},
		{"after the commit", func(tx pgx.Tx) error { return tx.Commit(ctx) }, 0},
	} {
		tx, err := s.pool.Begin(ctx)
		if err != nil {
			return "", err
		}
		if _, err := tx.Exec(ctx, `TRUNCATE check_spent`); err != nil {
			_ = tx.Rollback(ctx)
			return "", fmt.Errorf("%w; the ring can be emptied by guarded DELETE alone", err)
		}
		if err := end.how(tx); err != nil {
			return "", err
		}
		if n, err := counted(); err != nil || n != end.want {
			return "", expect(end.what, n, end.want, err)
		}
	}
	return fmt.Sprintf("%d rows", before), nil
}

func floorOnce(ctx context.Context, s *scratch) (string, error) {
	if _, err := rows(ctx, s.pool, `INSERT INTO check_floor (id, floor_tb, ceil_tb) VALUES (1, 1, 9) ON CONFLICT DO NOTHING`); err != nil {
		return "", err
	}
	for i, want := range []int64{1, 0} {
		n, err := rows(ctx, s.pool, `UPDATE check_floor SET floor_tb = 2 WHERE id = 1 AND floor_tb < 2 RETURNING ceil_tb`)
		if err := expect(fmt.Sprintf("raising the floor, time %d", i+1), n, want, err); err != nil {
			return "", err
		}
		n, err = rows(ctx, s.pool, `UPDATE check_floor SET ceil_tb = 10 WHERE id = 1 AND floor_tb = 2 AND ceil_tb = 9 RETURNING ceil_tb`)
		if err := expect(fmt.Sprintf("raising the ceiling, time %d", i+1), n, want, err); err != nil {
			return "", err
		}
	}
	return "", nil
}

// seenAtOnce holds two connections, and reads on one what the other was told is
// committed.
func seenAtOnce(ctx context.Context, s *scratch) (string, error) {
	const times = 100
	a, err := s.pool.Acquire(ctx)
	if err != nil {
		return "", err
	}
	defer a.Release()
	b, err := s.pool.Acquire(ctx)
	if err != nil {
		return "", err
	}
	defer b.Release()
	for range times {
		id, rid := s.id(), s.id()
		if _, err := a.Exec(ctx, family, shard, id, rid); err != nil {
			return "", err
		}
		var got []byte
		if err := b.QueryRow(ctx, `SELECT rid FROM check_family WHERE sk = $1 AND id = $2`, shard, id).Scan(&got); err != nil {
			return "", fmt.Errorf("reading what was just committed: %w", err)
		}
		if !bytes.Equal(got, rid) {
			return "", errors.New("another connection read another value than was committed")
		}
	}
	return fmt.Sprintf("%d times", times), nil
}

// warningSeen: a commit that no standby has is told by a warning alone.
func warningSeen(ctx context.Context, s *scratch) (string, error) {
	config, err := pgx.ParseConfig(s.url(s.schema))
	if err != nil {
		return "", err
	}
	warned := false
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { warned = warned || n.SeverityUnlocalized == "WARNING" }
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is under way on it
	if _, err := conn.Exec(ctx, `DO $$ BEGIN RAISE WARNING 'a warning of countersign storage-check'; END $$`); err != nil {
		return "", fmt.Errorf("%w: %w", errSkipped, err)
	}
	if !warned {
		return "", errors.New("no notice of severity WARNING arrived: something on the way swallows them")
	}
	return "", nil
}
