package sqlstore

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"countersign/internal/account"
	"countersign/internal/oauth"
)

// errRaceLost rolls back a change that somebody else made unnecessary.
var errRaceLost = errors.New("somebody else was first")

func isRaceLost(err error) bool { return errors.Is(err, errRaceLost) }

// identifierID is the row id of a user name or e-mail address: a hash, keyed
// where a key was given, so that the table tells nobody who has an account. It
// says false for a text that can be no identifier.
func (db *DB) identifierID(text string) (id [16]byte, ok bool) {
	normal := account.Identifier(text)
	if normal == "" {
		return id, false
	}
	h := sha256.New()
	if len(db.o.IdentifierKey) > 0 {
		h = hmac.New(sha256.New, db.o.IdentifierKey)
	}
	h.Write([]byte(tenant + "\x00" + normal))
	copy(id[:], h.Sum(nil))
	return id, true
}

// readUser reads one person. Errors: account.ErrNotFound.
func readUser(t tx, id oauth.UserID) (*account.Account, error) {
	var a *account.Account
	err := t.each(selectUser, []any{onlyShard, string(id)}, func(scan func(...any) error) (err error) {
		a, err = scanUser(scan)
		return err
	})
	if err == nil && a == nil {
		err = account.ErrNotFound
	}
	return a, err
}

func scanUser(scan func(...any) error) (*account.Account, error) {
	var a account.Account
	var id, state string
	var password, created, updated int64
	var doc []byte
	if err := scan(&id, &a.Username, &a.Email, &state, &a.Epoch, &a.PasswordHash, &password, &created, &updated, &doc); err != nil {
		return nil, err
	}
	var d details
	if err := json.Unmarshal(doc, &d); err != nil {
		return nil, fmt.Errorf("profile of %s: %w", id, err)
	}
	a.ID, a.State, a.Profile, a.Groups = oauth.UserID(id), account.State(state), d.Profile, d.Groups
	a.Created, a.Updated = fromMicro(created), fromMicro(updated)
	if password != 0 {
		a.LastPassword = fromMicro(password)
	}
	return &a, nil
}

// toMicro keeps "never" as 0.
func toMicro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}
