// Package key owns the server's signing keys: the states next, active, retiring
// and removed, and the Ring that answers from memory which key signs and which
// keys verify tokens. Keys for other uses stand beside them and never in the ring.
package key

import (
	"context"
	"errors"
	"time"

	"countersign/internal/audit"
	"countersign/internal/jose"
)

// State says what a key is for.
type State string

// Key states: published before it signs; signing; verifying only; gone.
const (
	Next     State = "next"
	Active   State = "active"
	Retiring State = "retiring"
	Removed  State = "removed"
)

// Key is one signing key, as kept. The private half is sealed.
type Key struct {
	ID        string    `json:"kid"`
	Alg       jose.Alg  `json:"alg"`
	Use       Use       `json:"use,omitempty"`
	State     State     `json:"state"`
	Created   time.Time `json:"created"`
	Activated time.Time `json:"activated,omitzero"`
	Retired   time.Time `json:"retired,omitzero"` // when it stopped signing
	Public    []byte    `json:"public"`           // PKIX DER
	Sealed    []byte    `json:"sealed"`           // PKCS#8 DER under the master key
	Version   int64     `json:"-"`
}

// Errors of a Store.
var (
	ErrNotFound = errors.New("no such key")
	ErrConflict = errors.New("the key was changed by somebody else meanwhile")
)

// Store keeps signing keys. Each change raises the configuration's version in
// the same transaction, so that every node sees it within a second.
type Store interface {
	// AddKey puts in a new key and sets k.Version. Errors: ErrConflict, if there
	// is a key of this id.
	AddKey(ctx context.Context, k *Key, e audit.Event) error
	// ReplaceKey moves a key to another state, if it still has k.Version, and
	// sets k.Version to the new one. Errors: ErrNotFound, ErrConflict.
	ReplaceKey(ctx context.Context, k *Key, e audit.Event) error
	// Keys reads all keys, oldest first, removed ones included.
	Keys(ctx context.Context) ([]*Key, error)
}
