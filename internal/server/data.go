package server

import (
	"context"
	"errors"
	"time"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/config"
	"countersign/internal/secret"
	"countersign/internal/sqlstore"
)

// DataOptions say which data to open.
type DataOptions struct {
	Dir       string
	Database  string // URL of PostgreSQL; then Dir holds the master key alone
	Serving   bool   // for a server, which opens connections ahead
	MasterKey string // text of a key file; empty: the file in Dir, generated for new data
	MustExist bool   // refuse to begin new data
	ReadOnly  bool
	Now       func() time.Time // nil: the wall clock
	Actor     string           // for the audit log
	PollEvery time.Duration
	AuditKeep time.Duration // 0: for ever
	Password  config.Password
	About     admin.Facts // how the server is started, for the review
}

// Data is an open database with the keys that fit it, and a desk to work at.
// Several processes may have the same data open.
type Data struct {
	DB   *sqlstore.DB
	Keys *secret.Keyring
	Desk *admin.Desk
}

// OpenData opens a database and its master key. New data get a new key, in a
// file only its owner may read. A key that does not belong to the data is
// refused before it can seal anything. Errors: ErrKeyMissing, ErrKeyFit, those of
// the store.
func OpenData(ctx context.Context, o DataOptions) (*Data, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	keep := o.AuditKeep
	if keep == 0 {
		keep = -1 // there, zero means the default
	}
	db, err := sqlstore.Open(ctx, sqlstore.Options{
		Dir: o.Dir, Database: o.Database, Serving: o.Serving, SharedClock: true, Now: o.Now, MustExist: o.MustExist, ReadOnly: o.ReadOnly,
		PollEvery: o.PollEvery, AuditKeep: keep,
	})
	if err != nil {
		return nil, err
	}
	keys, err := openKeys(ctx, db, o)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Data{DB: db, Keys: keys, Desk: &admin.Desk{
		Apps: db, People: db, Grants: db, Signing: db, Members: db, Log: db, Book: db, Seen: db, Index: &admin.AppIndex{}, Load: db, About: o.About, Keys: keys, Owner: true, Actor: o.Actor, Now: o.Now,
		Password: passwordRules(o.Password),
	}}, nil
}

// About is what a review needs to know of a configuration.
func About(c config.Config, version string) admin.Facts {
	return admin.Facts{Version: version, TrustedProxies: c.TrustedProxies, Salesforce: bool(c.Salesforce.Enabled)}
}

func passwordRules(p config.Password) admin.PasswordRules {
	if p == (config.Password{}) {
		p = config.Default().Password
	}
	return admin.PasswordRules{
		Params: p.Params(), Policy: account.PasswordPolicy{MinLength: p.MinLength}, Context: []string{"countersign"},
	}
}

// Close closes the database.
func (d *Data) Close() error { return d.DB.Close() }
