package gate

import (
	"context"
	"errors"
	"strings"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/oauth"
	"countersign/internal/staff"
)

// prefix stands before the names of administrators where login counts failures.
// It has a colon, which no user name of a person may have.
const prefix = "staff:"

// names shows administrators to login as accounts. Of the store behind it, only
// the counters are used.
type names struct {
	account.Store
	members staff.Store
}

// AccountByIdentifier finds the administrator of a name.
func (n names) AccountByIdentifier(ctx context.Context, identifier string) (*account.Account, error) {
	name, ok := strings.CutPrefix(identifier, prefix)
	if !ok {
		return nil, account.ErrNotFound
	}
	m, err := n.members.MemberByName(ctx, name)
	if errors.Is(err, staff.ErrNotFound) {
		return nil, account.ErrNotFound
	} else if err != nil {
		return nil, err
	}
	a := &account.Account{ID: oauth.UserID(m.ID), Username: m.Name, State: account.Active, PasswordHash: m.PasswordHash}
	if m.State != staff.Active {
		a.State = account.Disabled
	}
	return a, nil
}

// Rehash puts a better hash of the same password in place. A lost race is no
// error: the next sign-in tries again.
func (n names) Rehash(ctx context.Context, id oauth.UserID, old, hash string, e audit.Event) error {
	m, err := n.members.Member(ctx, staff.ID(id))
	if err != nil || m.PasswordHash != old {
		return err
	}
	m.PasswordHash = hash
	if err := n.members.ChangeMember(ctx, m, e); !errors.Is(err, staff.ErrConflict) {
		return err
	}
	return nil
}
