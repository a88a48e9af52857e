package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// PasswordRules say how new passwords are judged and hashed.
type PasswordRules struct {
	Params  account.Params
	Policy  account.PasswordPolicy
	Context []string // words nobody's password may consist of: the service's name
}

// NewUser is a person to be registered.
type NewUser struct {
	Username string
	Password string // empty: none yet
	Hash     string // instead of a password: a hash that was made elsewhere
	Sets     []Set  // of UserFields
}

// UserFields is everything that can be set on a person; the user name stays.
var UserFields = []Field[account.Account]{
	text("email", "E-MAIL", "The e-mail address; it may be used to sign in.", func(a *account.Account) *string { return &a.Email }, checkEmail),
	onOff("email-verified", "Somebody made sure that mail arrives there.", "OpenID Connect Core 1.0 §5.1", func(a *account.Account) *bool { return &a.Profile.EmailVerified }),
	text("name", "NAME", "The full name.", func(a *account.Account) *string { return &a.Profile.Name }, checkShort),
	text("given-name", "NAME", "The given name.", func(a *account.Account) *string { return &a.Profile.GivenName }, checkShort),
	text("family-name", "NAME", "The family name.", func(a *account.Account) *string { return &a.Profile.FamilyName }, checkShort),
	text("nickname", "NAME", "The nickname.", func(a *account.Account) *string { return &a.Profile.Nickname }, checkShort),
	text("picture", "URL", "Where a picture is.", func(a *account.Account) *string { return &a.Profile.Picture }, checkPicture),
	text("locale", "de-AT", "The language, as in BCP 47.", func(a *account.Account) *string { return &a.Profile.Locale }, checkShort),
	text("zoneinfo", "Europe/Vienna", "The time zone, by its IANA name.", func(a *account.Account) *string { return &a.Profile.Zone }, checkZone),
	text("phone-number", "+43…", "The phone number.", func(a *account.Account) *string { return &a.Profile.Phone }, checkPhone),
	onOff("phone-number-verified", "Somebody made sure that the phone number is the person's.", "OpenID Connect Core 1.0 §5.1", func(a *account.Account) *bool { return &a.Profile.PhoneVerified }),
	list("group", "GROUP", "Groups, which apps can be restricted to.", "", func(a *account.Account) *[]string { return &a.Groups }, checkWord),
}

// CreateUser registers a person. Errors: Invalid, account.ErrTaken, refusals of
// the password.
func (d *Desk) CreateUser(ctx context.Context, n NewUser) (*account.Account, error) {
	now := d.Now().UTC().Truncate(time.Millisecond)
	a := &account.Account{
		ID: oauth.UserID(secret.NewRecordID(secret.PrefixUser, now)), Username: n.Username, State: account.Active,
		Created: now, Updated: now,
	}
	var faults Invalid
	if err := account.ValidUsername(n.Username); err != nil {
		faults = append(faults, Fault{"username", err.Error()})
	}
	faults = append(faults, apply(UserFields, a, n.Sets, now, true)...)
	if n.Password != "" || n.Hash != "" {
		hash, err := d.passwordHash(a, n.Password, n.Hash)
		if err != nil {
			faults = append(faults, Fault{"password", err.Error()})
		}
		a.PasswordHash, a.LastPassword = hash, now
	}
	if len(faults) > 0 {
		return nil, faults
	}
	e := d.event(audit.UserCreated)
	e.User = a.ID
	if err := d.People.RegisterAccount(ctx, a, e); err != nil {
		return nil, fmt.Errorf("create user %q: %w", n.Username, err)
	}
	return a, nil
}

// passwordHash judges a new password and hashes it, or takes over a hash.
//
// Spec: NIST SP 800-63B-4 §3.1.1.2.
func (d *Desk) passwordHash(a *account.Account, password, hash string) (string, error) {
	if hash != "" {
		if password != "" {
			return "", errors.New("give a password or a hash, not both")
		}
		_, err := account.ParseHash(hash)
		return hash, err
	}
	context := append(slices.Clone(d.Password.Context), a.Username, a.Email)
	if err := account.CheckNewPassword(d.Password.Policy, password, context...); err != nil {
		return "", err
	}
	return account.HashPassword(d.Password.Params, password)
}

// User finds a person by id (15 or 18 characters), user name or e-mail address.
// Errors: account.ErrNotFound.
func (d *Desk) User(ctx context.Context, text string) (*account.Account, error) {
	a, err := d.findUser(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	return a, nil
}

func (d *Desk) findUser(ctx context.Context, text string) (*account.Account, error) {
	if secret.ValidRecordID(secret.PrefixUser, text) {
		a, err := d.People.Account(ctx, oauth.UserID(secret.RecordID18(text)))
		if !errors.Is(err, account.ErrNotFound) {
			return a, err
		}
	}
	id := account.Identifier(text)
	if id == "" {
		return nil, account.ErrNotFound
	}
	return d.People.AccountByIdentifier(ctx, id)
}

// Users reads people in order of age, after the given id, at most limit.
func (d *Desk) Users(ctx context.Context, after oauth.UserID, limit int) ([]*account.Account, error) {
	return d.People.Accounts(ctx, after, limit)
}

// ChangeUser sets fields of a person; tokens live on. Errors: Invalid,
// account.ErrNotFound, account.ErrTaken, ErrChanged.
func (d *Desk) ChangeUser(ctx context.Context, id oauth.UserID, sets []Set) (*account.Account, []Change, error) {
	for try := 1; ; try++ {
		old, err := d.People.Account(ctx, id)
		if err != nil {
			return nil, nil, fmt.Errorf("change user: %w", err)
		}
		if err := d.current(VersionOfUser(old)); err != nil {
			return nil, nil, err
		}
		next := *old
		if faults := apply(UserFields, &next, sets, d.Now(), false); len(faults) > 0 {
			return nil, nil, faults
		}
		changes := diff(UserFields, old, &next)
		if len(changes) == 0 {
			return &next, nil, nil
		}
		e := d.event(audit.UserChanged)
		for _, c := range changes { // which, not what: profiles are personal data and the log lives long
			e = e.With(c.Name, "changed")
		}
		e.User = id
		err = d.People.ChangeAccount(ctx, &next, e)
		if errors.Is(err, account.ErrConflict) && try < maxTries {
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("change user: %w", err)
		}
		return &next, changes, nil
	}
}

// VersionOfUser is what a change of a person's profile is decided on.
func VersionOfUser(a *account.Account) int64 { return a.Updated.UnixMicro() }

// SetPassword gives a person a new password, or a hash made elsewhere, and ends
// all their tokens. Errors: account.ErrNotFound, Invalid.
func (d *Desk) SetPassword(ctx context.Context, a *account.Account, password, hash string) error {
	text, err := d.passwordHash(a, password, hash)
	if err != nil {
		return Invalid{{"password", err.Error()}}
	}
	e := d.event(audit.PasswordChanged)
	e.User = a.ID
	if err := d.People.SetPassword(ctx, a.ID, text, e); err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	return nil
}

// DisableUser ends every token of a person and lets them in no more. Errors:
// account.ErrNotFound.
func (d *Desk) DisableUser(ctx context.Context, id oauth.UserID) error {
	return d.setState(ctx, id, account.Disabled, audit.UserDisabled)
}

// EnableUser lets a person in again; earlier tokens stay dead. Errors:
// account.ErrNotFound.
func (d *Desk) EnableUser(ctx context.Context, id oauth.UserID) error {
	return d.setState(ctx, id, account.Active, audit.UserEnabled)
}

func (d *Desk) setState(ctx context.Context, id oauth.UserID, s account.State, name audit.Name) error {
	e := d.event(name)
	e.User = id
	if err := d.People.SetState(ctx, id, s, e); err != nil {
		return fmt.Errorf("switch user: %w", err)
	}
	return nil
}

// DeleteUser removes a person; every token is dead within a second. Errors:
// account.ErrNotFound.
func (d *Desk) DeleteUser(ctx context.Context, id oauth.UserID) error {
	e := d.event(audit.UserDeleted)
	e.User = id
	if err := d.People.DeleteAccount(ctx, id, e); err != nil {
		return fmt.Errorf("delete user: %w", err)
	}
	return nil
}
