// Package account owns people: who they are, the hashes of their passwords, the
// state of their accounts and the counters of failed logins. It checks one
// password against one hash; whether somebody may try at all is login's question.
package account

import (
	"context"
	"errors"
	"time"

	"countersign/internal/audit"
	"countersign/internal/oauth"
)

// State says whether a person may sign in.
type State string

// Account states.
const (
	Active   State = "active"
	Disabled State = "disabled"
)

// Account is one person, as kept.
type Account struct {
	ID           oauth.UserID `json:"id"`
	Username     string       `json:"username"`
	Email        string       `json:"email"`
	State        State        `json:"state"`
	Epoch        int32        `json:"-"` // raised when every token of the person must die
	PasswordHash string       `json:"-"` // PHC string; empty: no password
	Profile      Profile      `json:"profile"`
	Groups       []string     `json:"groups,omitempty"`
	Created      time.Time    `json:"created"`
	Updated      time.Time    `json:"updated"`
	LastPassword time.Time    `json:"password_changed,omitzero"`
}

// Profile are the claims about a person that apps may see.
type Profile struct {
	Name          string `json:"name,omitempty"`
	GivenName     string `json:"given_name,omitempty"`
	FamilyName    string `json:"family_name,omitempty"`
	Nickname      string `json:"nickname,omitempty"`
	Picture       string `json:"picture,omitempty"`
	Locale        string `json:"locale,omitempty"`   // BCP 47, de-AT
	Zone          string `json:"zoneinfo,omitempty"` // IANA, Europe/Vienna
	Phone         string `json:"phone_number,omitempty"`
	PhoneVerified bool   `json:"phone_number_verified,omitempty"`
	EmailVerified bool   `json:"email_verified,omitempty"`
}

// Errors of a Store.
var (
	ErrNotFound = errors.New("no such person")
	ErrTaken    = errors.New("this user name or e-mail address belongs to somebody already")
	ErrConflict = errors.New("the person was changed by somebody else meanwhile")
)

// Counter is the state of one throttle bucket that is kept in the database:
// failures that still count, and until when the next try is refused.
type Counter struct {
	Failures int32
	Until    time.Time // the bucket is empty again at this time (GCRA's theoretical arrival time)
}

// CounterKey names a throttle bucket: a keyed hash, so that the table tells
// nobody which names were tried.
type CounterKey [16]byte

// Store keeps people. Every change is one transaction with its audit event, and
// is durable when the method returns nil.
type Store interface {
	// RegisterAccount puts in a new person and claims the user name and, if it
	// is not empty, the e-mail address. Errors: ErrTaken.
	RegisterAccount(ctx context.Context, a *Account, e audit.Event) error
	// Account reads a person by id. Errors: ErrNotFound.
	Account(ctx context.Context, id oauth.UserID) (*Account, error)
	// AccountByIdentifier reads a person by user name or e-mail address, both
	// normalised by Identifier. Errors: ErrNotFound.
	AccountByIdentifier(ctx context.Context, identifier string) (*Account, error)
	// ChangeAccount replaces profile, e-mail address and groups of the person,
	// if nobody changed them since a.Updated, and sets a.Updated. Tokens live on.
	// A change of password or state in between is no conflict. Errors:
	// ErrNotFound, ErrTaken, ErrConflict.
	ChangeAccount(ctx context.Context, a *Account, e audit.Event) error
	// SetPassword replaces the hash and ends every token of the person: within
	// a second they are dead on every node. Errors: ErrNotFound.
	SetPassword(ctx context.Context, id oauth.UserID, hash string, e audit.Event) error
	// Rehash replaces the hash by one of the same password, if it still is old;
	// tokens live on. A lost race is no error.
	Rehash(ctx context.Context, id oauth.UserID, old, hash string, e audit.Event) error
	// SetState switches the person on or off; switching off ends every token.
	// Errors: ErrNotFound.
	SetState(ctx context.Context, id oauth.UserID, s State, e audit.Event) error
	// DeleteAccount removes the person and frees the identifiers; every token
	// is dead. The id is never used again. Errors: ErrNotFound.
	DeleteAccount(ctx context.Context, id oauth.UserID, e audit.Event) error
	// Accounts reads people ordered by id (so by age), after the given id, at
	// most limit.
	Accounts(ctx context.Context, after oauth.UserID, limit int) ([]*Account, error)
	// Counters reads buckets; one that was never written is zero.
	Counters(ctx context.Context, keys ...CounterKey) ([]Counter, error)
	// CountFailure charges each bucket with cost, atomically, and writes the
	// event: until = max(until, now) + cost, failures + 1 (from zero again when
	// until lay before now). It returns the buckets after the charge.
	CountFailure(ctx context.Context, now time.Time, charges []Charge, e audit.Event) ([]Counter, error)
	// ClearCounters forgets buckets: an administrator helps somebody in again.
	ClearCounters(ctx context.Context, keys ...CounterKey) error
}

// Charge is what one failure costs one bucket.
type Charge struct {
	Key  CounterKey
	Cost time.Duration
}
