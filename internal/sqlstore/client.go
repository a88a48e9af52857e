package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// CreateClient implements client.Store. The id of a deleted app is not free:
// tokens of the old app must not come alive in a new one.
func (db *DB) CreateClient(ctx context.Context, c *client.Client, e audit.Event) error {
	ver, err := db.create(ctx, kindClient, string(c.ID), c, e, client.ErrExists)
	if err != nil {
		return fmt.Errorf("create app: %w", err)
	}
	c.Version = ver
	return nil
}

// ReplaceClient implements client.Store.
func (db *DB) ReplaceClient(ctx context.Context, c *client.Client, e audit.Event) error {
	ver, err := db.replace(ctx, kindClient, string(c.ID), c.Version, c, e, client.ErrNotFound, client.ErrConflict)
	if err != nil {
		return fmt.Errorf("replace app: %w", err)
	}
	c.Version = ver
	return nil
}

// DeleteClient implements client.Store. The ending keeps the app's tokens dead
// for those who look at endings and not at apps.
func (db *DB) DeleteClient(ctx context.Context, id oauth.ClientID, e audit.Event) error {
	end := grant.Ending{ID: secret.NewID(db.o.Now()), Kind: grant.EndClient, Client: id}
	_, err := db.configure(ctx, e, func(t tx, ver int64) (bool, error) {
		found, err := t.one(deleteConfig, []any{tenant, kindClient, string(id), ver}, &ver)
		if err != nil || !found {
			return found, err
		}
		return true, putEnding(t, end)
	}, func(tx) error { return client.ErrNotFound })
	if err != nil {
		return fmt.Errorf("delete app: %w", err)
	}
	return nil
}

// Client implements client.Store.
func (db *DB) Client(ctx context.Context, id oauth.ClientID) (*client.Client, error) {
	d, err := db.document(ctx, kindClient, string(id))
	if errors.Is(err, errNoRow) {
		err = client.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read app: %w", err)
	}
	return d.client()
}

// Clients implements client.Store.
func (db *DB) Clients(ctx context.Context) ([]*client.Client, error) {
	var out []*client.Client
	err := db.documents(ctx, kindClient, func(d document) error {
		c, err := d.client()
		out = append(out, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read apps: %w", err)
	}
	slices.SortFunc(out, func(a, b *client.Client) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// NewerClients implements client.Store. The version is read first: what is
// committed meanwhile is read now, and once more the next time.
func (db *DB) NewerClients(ctx context.Context, version int64) (map[oauth.ClientID]*client.Client, int64, error) {
	out, reached := map[oauth.ClientID]*client.Client{}, version
	err := db.eng.read(ctx, func(t tx) error {
		found, err := t.one(selectVersion, nil, &reached)
		if err != nil || !found || reached == version {
			return errors.Join(errNoVersion(found || err != nil), err)
		}
		return t.each(selectNewer, []any{tenant, kindClient, version}, func(scan func(...any) error) error {
			var d document
			if err := scan(&d.kind, &d.id, &d.ver, &d.doc); err != nil {
				return err
			}
			c, err := d.client()
			if c != nil || version > 0 {
				out[oauth.ClientID(d.id)] = c
			}
			return err
		})
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read apps: %w", err)
	}
	return out, reached, nil
}

// Org implements client.Store.
func (db *DB) Org(ctx context.Context) (client.Org, error) {
	d, err := db.document(ctx, kindOrg, orgID)
	if err != nil {
		return client.Org{}, fmt.Errorf("read server settings: %w", err)
	}
	return d.org()
}

// ReplaceOrg implements client.Store.
func (db *DB) ReplaceOrg(ctx context.Context, o client.Org, e audit.Event) error {
	if _, err := db.replace(ctx, kindOrg, orgID, o.Version, o, e, errNoRow, client.ErrConflict); err != nil {
		return fmt.Errorf("replace server settings: %w", err)
	}
	return nil
}
