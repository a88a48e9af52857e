package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"countersign/internal/audit"
	"countersign/internal/review"
	"countersign/internal/secret"
)

const (
	insertRun  = `INSERT INTO review_run (sk, id, score, grade, fails, doc) VALUES ($1, $2, $3, $4, $5, $6)`
	selectRuns = `SELECT id, score, grade, fails FROM review_run WHERE sk = $1 ORDER BY id DESC`
	selectRun  = `SELECT id, score, grade, fails, doc FROM review_run WHERE sk = $1 AND id = $2`
	newestRun  = `SELECT id, score, grade, fails, doc FROM review_run WHERE sk = $1 ORDER BY id DESC LIMIT 1`
	cutRuns    = `DELETE FROM review_run WHERE sk = $1 AND id <> $2 AND (id < $3 OR id < COALESCE((SELECT id FROM review_run WHERE sk = $1 ORDER BY id DESC LIMIT 1 OFFSET $4), $3))`
)

// AddWaiver implements review.Book.
func (db *DB) AddWaiver(ctx context.Context, w *review.KeptWaiver, e audit.Event) error {
	ver, err := db.create(ctx, kindWaiver, w.ID, w, e, review.ErrWaiverChanged)
	if err != nil {
		return fmt.Errorf("add waiver: %w", err)
	}
	w.Version = ver
	return nil
}

// EndWaiver implements review.Book.
func (db *DB) EndWaiver(ctx context.Context, w *review.KeptWaiver, e audit.Event) error {
	ver, err := db.replace(ctx, kindWaiver, w.ID, w.Version, w, e, review.ErrNoWaiver, review.ErrWaiverChanged)
	if err != nil {
		return fmt.Errorf("end waiver: %w", err)
	}
	w.Version = ver
	return nil
}

// Waivers implements review.Book.
func (db *DB) Waivers(ctx context.Context) ([]review.KeptWaiver, error) {
	out := []review.KeptWaiver{}
	err := db.documents(ctx, kindWaiver, func(d document) error {
		w := review.KeptWaiver{Version: d.ver}
		err := d.decode(&w)
		out = append(out, w)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read waivers: %w", err)
	}
	slices.SortFunc(out, func(a, b review.KeptWaiver) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// KeepRun implements review.Book.
func (db *DB) KeepRun(ctx context.Context, r review.KeptRun, e audit.Event) error {
	id, err := secret.ParseID(r.ID)
	if err != nil {
		return fmt.Errorf("keep run: %w", err)
	}
	oldest := secret.FirstID(db.o.Now().Add(-review.KeepRuns))
	err = db.report(ctx, e, func(t tx) error {
		if _, err := t.exec(insertRun, onlyShard, id[:], r.Score, string(r.Grade), int64(r.Fails), r.Document); err != nil {
			return err
		}
		_, err := t.exec(cutRuns, onlyShard, id[:], oldest[:], int64(review.MostRuns-1))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep run: %w", err)
	}
	return nil
}

// ReviewRuns implements review.Book.
func (db *DB) ReviewRuns(ctx context.Context) ([]review.KeptRun, error) {
	out := []review.KeptRun{}
	err := db.eng.read(ctx, func(t tx) error {
		return t.each(selectRuns, []any{onlyShard}, func(scan func(...any) error) error {
			var row runRow
			if err := scan(&row.id, &row.score, &row.grade, &row.fails); err != nil {
				return err
			}
			out = append(out, row.run())
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	return out, nil
}

// ReviewRun implements review.Book.
func (db *DB) ReviewRun(ctx context.Context, name string) (review.KeptRun, error) {
	text, args := newestRun, []any{onlyShard}
	if name != "" {
		id, err := secret.ParseID(name)
		if err != nil {
			return review.KeptRun{}, fmt.Errorf("%q: %w", name, review.ErrNoRun)
		}
		text, args = selectRun, []any{onlyShard, id[:]}
	}
	var row runRow
	err := db.eng.read(ctx, func(t tx) error {
		found, err := t.one(text, args, &row.id, &row.score, &row.grade, &row.fails, &row.doc)
		if err == nil && !found {
			err = review.ErrNoRun
		}
		return err
	})
	if err != nil {
		return review.KeptRun{}, fmt.Errorf("read run: %w", err)
	}
	return row.run(), nil
}

type runRow struct {
	id, doc      []byte
	score, grade string
	fails        int64
}

func (r runRow) run() review.KeptRun {
	var id secret.ID
	copy(id[:], r.id)
	return review.KeptRun{
		ID: id.String(), Taken: id.Time().UTC(), Score: r.score, Grade: review.Grade(r.grade), Fails: int(r.fails), Document: r.doc,
	}
}
