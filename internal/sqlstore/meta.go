package sqlstore

import (
	"context"
	"fmt"
)

const (
	selectMeta = `SELECT value FROM meta WHERE name = $1`
	insertMeta = `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING name`
)

// Meta reads a small fact about this database; nil if it was never set.
func (db *DB) Meta(ctx context.Context, name string) ([]byte, error) {
	var value []byte
	err := db.eng.read(ctx, func(t tx) error {
		_, err := t.one(selectMeta, []any{name}, &value)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return value, nil
}

// SetMetaOnce sets a fact unless it is set already, and says whether this call
// set it: of several callers one does.
func (db *DB) SetMetaOnce(ctx context.Context, name string, value []byte) (bool, error) {
	set := false
	err := db.change(ctx, func(t tx, doubt bool) error {
		var n string
		won, err := t.one(insertMeta, []any{name, value}, &n)
		if err != nil || won || !doubt {
			set = won
			return err
		}
		// An earlier try of this call may have set it; nobody can tell two equal
		// values apart, and nobody needs to.
		var old []byte
		_, err = t.one(selectMeta, []any{name}, &old)
		set = string(old) == string(value)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("set %s: %w", name, err)
	}
	return set, nil
}
