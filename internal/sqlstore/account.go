package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

const (
	insertUser = `INSERT INTO users (sk, id, username, email, state, epoch, hash, password_us, created_us, updated_us, doc)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING epoch`
	userColumns     = `SELECT id, username, email, state, epoch, hash, password_us, created_us, updated_us, doc FROM users `
	selectUser      = userColumns + `WHERE sk = $1 AND id = $2`
	selectUsers     = userColumns + `WHERE sk = $1 AND id > $2 ORDER BY id LIMIT $3`
	changeUser      = `UPDATE users SET email = $3, doc = $4, updated_us = $5 WHERE sk = $1 AND id = $2 AND updated_us = $6 RETURNING epoch`
	setPassword     = `UPDATE users SET hash = $3, password_us = $4, epoch = epoch + 1 WHERE sk = $1 AND id = $2 RETURNING epoch`
	rehashPassword  = `UPDATE users SET hash = $4 WHERE sk = $1 AND id = $2 AND hash = $3 RETURNING epoch`
	setState        = `UPDATE users SET state = $3, epoch = epoch + $4 WHERE sk = $1 AND id = $2 RETURNING epoch`
	deleteUser      = `DELETE FROM users WHERE sk = $1 AND id = $2 RETURNING epoch`
	claimIdentifier = `INSERT INTO login_id (sk, id, user_id, state, claimed_us) VALUES ($1, $2, $3, 1, $4) ON CONFLICT DO NOTHING RETURNING state`
	ownerOf         = `SELECT user_id FROM login_id WHERE sk = $1 AND id = $2`
	freeIdentifier  = `DELETE FROM login_id WHERE sk = $1 AND id = $2 AND user_id = $3`
)

// details is the part of a person that no statement looks at.
type details struct {
	Profile account.Profile `json:"profile"`
	Groups  []string        `json:"groups,omitempty"`
}

// RegisterAccount implements account.Store. With one shard, identifiers and
// person are one transaction; login_id.state is for engines with several, where
// a claim comes first and is settled last.
func (db *DB) RegisterAccount(ctx context.Context, a *account.Account, e audit.Event) error {
	doc, err := json.Marshal(details{a.Profile, a.Groups})
	if err != nil {
		return fmt.Errorf("register person: %w", err)
	}
	err = db.report(ctx, e, func(t tx) error {
		if err := db.claim(t, a.Username, a.ID); err != nil {
			return err
		}
		if a.Email != "" {
			if err := db.claim(t, a.Email, a.ID); err != nil {
				return err
			}
		}
		var epoch int32
		fresh, err := t.one(insertUser, []any{
			onlyShard, string(a.ID), a.Username, a.Email, string(a.State), a.Epoch, a.PasswordHash,
			toMicro(a.LastPassword), a.Created.UnixMicro(), a.Updated.UnixMicro(), doc,
		}, &epoch)
		if err == nil && !fresh {
			err = fmt.Errorf("a person with the id %s exists already", a.ID)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("register person: %w", err)
	}
	return nil
}

// claim takes an identifier for a person. Errors: account.ErrTaken.
func (db *DB) claim(t tx, identifier string, id oauth.UserID) error {
	row, ok := db.identifierID(identifier)
	if !ok {
		return account.ErrTaken // a text that belongs to nobody, ever
	}
	var state int16
	won, err := t.one(claimIdentifier, []any{onlyShard, row[:], string(id), db.o.Now().UnixMicro()}, &state)
	if err != nil || won {
		return err
	}
	var owner string
	if _, err := t.one(ownerOf, []any{onlyShard, row[:]}, &owner); err != nil {
		return err
	}
	if owner != string(id) { // one's own: the user name is the e-mail address
		return account.ErrTaken
	}
	return nil
}

// Account implements account.Store.
func (db *DB) Account(ctx context.Context, id oauth.UserID) (*account.Account, error) {
	var a *account.Account
	err := db.eng.read(ctx, func(t tx) (err error) {
		a, err = readUser(t, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read person: %w", err)
	}
	return a, nil
}

// AccountByIdentifier implements account.Store.
func (db *DB) AccountByIdentifier(ctx context.Context, identifier string) (*account.Account, error) {
	row, ok := db.identifierID(identifier)
	if !ok {
		return nil, fmt.Errorf("read person: %w", account.ErrNotFound)
	}
	var a *account.Account
	err := db.eng.read(ctx, func(t tx) error {
		var owner string
		found, err := t.one(ownerOf, []any{onlyShard, row[:]}, &owner)
		if err == nil && !found {
			err = account.ErrNotFound
		}
		if err != nil {
			return err
		}
		a, err = readUser(t, oauth.UserID(owner))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read person: %w", err)
	}
	return a, nil
}

// Accounts implements account.Store.
func (db *DB) Accounts(ctx context.Context, after oauth.UserID, limit int) ([]*account.Account, error) {
	var out []*account.Account
	err := db.eng.read(ctx, func(t tx) error {
		return t.each(selectUsers, []any{onlyShard, string(after), limit}, func(scan func(...any) error) error {
			a, err := scanUser(scan)
			out = append(out, a)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	return out, nil
}

// ChangeAccount implements account.Store.
func (db *DB) ChangeAccount(ctx context.Context, a *account.Account, e audit.Event) error {
	doc, err := json.Marshal(details{a.Profile, a.Groups})
	if err != nil {
		return fmt.Errorf("change person: %w", err)
	}
	old := a.Updated.UnixMicro()
	updated := max(db.o.Now().UnixMicro(), old+1)
	err = db.report(ctx, e, func(t tx) error {
		was, err := readUser(t, a.ID)
		if err != nil {
			return err
		}
		var epoch int32
		won, err := t.one(changeUser, []any{onlyShard, string(a.ID), a.Email, doc, updated, old}, &epoch)
		if err != nil {
			return err
		}
		if !won {
			return account.ErrConflict
		}
		return db.moveEmail(t, was, a.Email)
	})
	if err != nil {
		return fmt.Errorf("change person: %w", err)
	}
	a.Updated = fromMicro(updated)
	return nil
}

// moveEmail claims the new e-mail address and frees the old one, unless that is
// the user name, too.
func (db *DB) moveEmail(t tx, was *account.Account, email string) error {
	name, _ := db.identifierID(was.Username)
	before, had := db.identifierID(was.Email)
	after, has := db.identifierID(email)
	if had && before != name && (!has || before != after) {
		if _, err := t.exec(freeIdentifier, onlyShard, before[:], string(was.ID)); err != nil {
			return err
		}
	}
	if email == "" {
		return nil
	}
	return db.claim(t, email, was.ID)
}

// SetPassword implements account.Store.
func (db *DB) SetPassword(ctx context.Context, id oauth.UserID, hash string, e audit.Event) error {
	now := db.o.Now()
	return db.endPerson(ctx, "set password", id, now, e, setPassword, []any{onlyShard, string(id), hash, now.UnixMicro()}, nil)
}

// SetState implements account.Store.
func (db *DB) SetState(ctx context.Context, id oauth.UserID, s account.State, e audit.Event) error {
	if s == account.Active {
		err := db.report(ctx, e, func(t tx) error {
			return mustFind(t, setState, onlyShard, string(id), string(s), int32(0))
		})
		if err != nil {
			return fmt.Errorf("switch person on: %w", err)
		}
		return nil
	}
	return db.endPerson(ctx, "switch person off", id, db.o.Now(), e, setState, []any{onlyShard, string(id), string(s), int32(1)}, nil)
}

// DeleteAccount implements account.Store.
func (db *DB) DeleteAccount(ctx context.Context, id oauth.UserID, e audit.Event) error {
	return db.endPerson(ctx, "delete person", id, db.o.Now(), e, deleteUser, []any{onlyShard, string(id)}, func(t tx) error {
		// Locks the row first: nobody moves an identifier to a person who goes.
		if err := mustFind(t, raiseEpoch, onlyShard, string(id)); err != nil {
			return err
		}
		was, err := readUser(t, id)
		if err != nil {
			return err
		}
		for _, text := range []string{was.Username, was.Email} {
			if row, ok := db.identifierID(text); ok {
				if _, err := t.exec(freeIdentifier, onlyShard, row[:], string(id)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// endPerson changes a person's row by a statement that raises the epoch or
// removes it, and ends everything they were granted, in one transaction.
func (db *DB) endPerson(ctx context.Context, what string, id oauth.UserID, now time.Time, e audit.Event, text string, args []any, before func(tx) error) error {
	end := grant.Ending{ID: secret.NewID(now), Kind: grant.EndUser, User: id}
	err := db.report(ctx, e, func(t tx) error {
		if before != nil {
			if err := before(t); err != nil {
				return err
			}
		}
		if err := mustFind(t, text, args...); err != nil {
			return err
		}
		_, err := endUser(t, end)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	db.ended(end)
	return nil
}

// mustFind runs a statement that returns the epoch of the person it changed.
func mustFind(t tx, text string, args ...any) error {
	var epoch int32
	found, err := t.one(text, args, &epoch)
	if err == nil && !found {
		err = account.ErrNotFound
	}
	return err
}

// Rehash implements account.Store. The event is written only with the change.
func (db *DB) Rehash(ctx context.Context, id oauth.UserID, old, hash string, e audit.Event) error {
	err := db.report(ctx, e, func(t tx) error {
		var epoch int32
		won, err := t.one(rehashPassword, []any{onlyShard, string(id), old, hash}, &epoch)
		if err == nil && !won {
			err = errRaceLost
		}
		return err
	})
	if err != nil && !isRaceLost(err) {
		return fmt.Errorf("rehash password: %w", err)
	}
	return nil
}
