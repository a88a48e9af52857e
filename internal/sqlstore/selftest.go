package sqlstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"countersign/internal/secret"
)

const (
	swapMeta   = `UPDATE meta SET value = $3 WHERE name = $1 AND value = $2 RETURNING name`
	touchMeta  = `UPDATE meta SET value = $2 WHERE name = $1`
	deleteMeta = `DELETE FROM meta WHERE name = $1`
)

// selfTest makes sure that the database counts rows as "spent once" relies on:
// replay gates of others have accepted used codes because a row count was not
// what they took it for. It uses one scratch row and removes it.
func (db *DB) selfTest(ctx context.Context) error {
	id := secret.NewID(db.o.Now())
	name := "self-test " + id.String()
	err := errors.Join(db.testCounts(ctx, name), db.testRivals(ctx, name+" rivals"))
	clean := db.change(ctx, func(t tx, _ bool) error {
		_, err := t.exec(deleteMeta, name+" rivals")
		return err
	})
	if err = errors.Join(err, clean); err != nil {
		return fmt.Errorf("self-test of the database: %w", err)
	}
	return nil
}

// testCounts runs in a transaction that is rolled back.
func (db *DB) testCounts(ctx context.Context, name string) error {
	done := errors.New("roll back")
	first, second := []byte("1"), []byte("2")
	err := db.change(ctx, func(t tx, _ bool) error {
		var s string
		for _, step := range []struct {
			what string
			want bool
			text string
			args []any
		}{
			{"the first insert wins", true, insertMeta, []any{name, first}},
			{"a second insert of the same id loses", false, insertMeta, []any{name, second}},
			{"compare-and-swap with a wrong value loses", false, swapMeta, []any{name, second, second}},
			{"compare-and-swap with the right value wins", true, swapMeta, []any{name, first, second}},
			{"an update to the same value finds its row", true, swapMeta, []any{name, second, second}},
		} {
			got, err := t.one(step.text, step.args, &s)
			if err != nil {
				return err
			}
			if got != step.want {
				return fmt.Errorf("expected that %s", step.what)
			}
		}
		if n, err := t.exec(touchMeta, name, second); err != nil || n != 1 {
			return errors.Join(fmt.Errorf("expected that an update to the same value counts one row, not %d", n), err)
		}
		return done
	})
	if errors.Is(err, done) {
		return nil
	}
	return err
}

// testRivals inserts the same row on two connections: one must win.
func (db *DB) testRivals(ctx context.Context, name string) error {
	insert := func(won *bool) func(tx) error {
		return func(t tx) (err error) {
			var s string
			*won, err = t.one(insertMeta, []any{name, bytes.Repeat([]byte("x"), 16)}, &s)
			return err
		}
	}
	var a, b bool
	other := make(chan error, 1)
	go func() { other <- db.eng.rival(ctx, insert(&b)) }()
	err := errors.Join(db.change(ctx, func(t tx, _ bool) error { return insert(&a)(t) }), <-other)
	if err == nil && a == b {
		err = fmt.Errorf("expected that of two inserts of one row on two connections one wins, not both or none")
	}
	return err
}
