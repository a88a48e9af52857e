package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"countersign/internal/audit"
	"countersign/internal/key"
)

// AddKey implements key.Store.
func (db *DB) AddKey(ctx context.Context, k *key.Key, e audit.Event) error {
	ver, err := db.create(ctx, kindKey, k.ID, k, e, key.ErrConflict)
	if err != nil {
		return fmt.Errorf("add signing key: %w", err)
	}
	k.Version = ver
	return nil
}

// ReplaceKey implements key.Store.
func (db *DB) ReplaceKey(ctx context.Context, k *key.Key, e audit.Event) error {
	ver, err := db.replace(ctx, kindKey, k.ID, k.Version, k, e, key.ErrNotFound, key.ErrConflict)
	if err != nil {
		return fmt.Errorf("replace signing key: %w", err)
	}
	k.Version = ver
	return nil
}

// Keys implements key.Store.
func (db *DB) Keys(ctx context.Context) ([]*key.Key, error) {
	all := map[string]*key.Key{}
	err := db.documents(ctx, kindKey, func(d document) error {
		k, err := d.key()
		all[d.id] = k
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	return sortedKeys(all), nil
}

// sortedKeys lists keys oldest first.
func sortedKeys(all map[string]*key.Key) []*key.Key {
	return slices.SortedFunc(maps.Values(all), func(a, b *key.Key) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
}
