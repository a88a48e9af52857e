package client

import (
	"context"
	"errors"

	"countersign/internal/audit"
	"countersign/internal/oauth"
)

// ErrNotFound says that no app has this id.
var ErrNotFound = errors.New("no app has this client_id")

// ErrExists says that an app with this id exists already.
var ErrExists = errors.New("an app with this client_id exists already")

// ErrConflict says that the app changed since it was read: read it again, apply
// the change again.
var ErrConflict = errors.New("the app was changed by somebody else meanwhile")

// Store keeps apps and the server-wide settings. Each change raises the
// configuration's version in the same transaction, so that every node sees it
// within a second, and writes its audit event in that transaction too. A change
// is all or nothing; when the method returns nil it is durable.
type Store interface {
	// CreateClient puts in a new app and sets c.Version. The id of a deleted app
	// stays taken, so that its tokens cannot come alive in another one. Errors:
	// ErrExists.
	CreateClient(ctx context.Context, c *Client, e audit.Event) error
	// ReplaceClient puts the app in place of the one with the same id and
	// c.Version, and sets c.Version to the new one. Errors: ErrNotFound,
	// ErrConflict.
	ReplaceClient(ctx context.Context, c *Client, e audit.Event) error
	// DeleteClient removes the app; its tokens are dead within a second.
	// Errors: ErrNotFound.
	DeleteClient(ctx context.Context, id oauth.ClientID, e audit.Event) error
	// Client reads one app from the database, not from a Directory. Errors:
	// ErrNotFound.
	Client(ctx context.Context, id oauth.ClientID) (*Client, error)
	// Clients reads all apps, ordered by name, then id.
	Clients(ctx context.Context) ([]*Client, error)
	// NewerClients reads what changed of apps after a version of the configuration
	// (0: all of them); an app that is nil was deleted. It returns the version
	// that was reached. Asked with the present version it costs one row.
	NewerClients(ctx context.Context, version int64) (map[oauth.ClientID]*Client, int64, error)
	// Org reads the server-wide settings; they exist since the database was
	// made.
	Org(ctx context.Context) (Org, error)
	// ReplaceOrg puts new server-wide settings in place of those with
	// o.Version. Errors: ErrConflict.
	ReplaceOrg(ctx context.Context, o Org, e audit.Event) error
}
