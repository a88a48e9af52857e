package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/config"
	"countersign/internal/secret"
	"countersign/internal/sqlstore"
)

// MasterKeyFile is the name of the generated key in the data directory.
const MasterKeyFile = "master.key"

// DataOptions say which data to open.
type DataOptions struct {
	Dir       string
	Database  string
	MasterKey string // text of a key file; empty: the file in Dir, generated for new data
	MustExist bool   // refuse to begin new data
	ReadOnly  bool
	Now       func() time.Time // nil: the wall clock
	Actor     string           // for the audit log
	PollEvery time.Duration
	AuditKeep time.Duration // 0: for ever
	Password  config.Password
}

// Data is an open database with the keys that fit it, and a desk to work at.
// Several processes may have the same data open.
type Data struct {
	DB   *sqlstore.DB
	Keys *secret.Keyring
	Desk *admin.Desk
}

// Errors of OpenData; each is followed by the place and the remedy.
var (
	ErrKeyMissing = errors.New("the master key is missing")
	ErrKeyFit     = errors.New("the master key does not fit the data")
)

// fitName is the fact by which data know their key: a keyed hash of a word.
const fitName = "master-key-fit"

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
		Dir: o.Dir, Database: o.Database, Now: o.Now, MustExist: o.MustExist, ReadOnly: o.ReadOnly,
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
		Apps: db, People: db, Grants: db, Signing: db, Log: db, Keys: keys, Actor: o.Actor, Now: o.Now,
		Password: passwordRules(o.Password),
	}}, nil
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

// openKeys finds the master key and holds it against the data.
func openKeys(ctx context.Context, db *sqlstore.DB, o DataOptions) (*secret.Keyring, error) {
	fit, err := db.Meta(ctx, fitName)
	if err != nil {
		return nil, err
	}
	text, place, err := masterKey(o, len(fit) == 0)
	if err != nil {
		return nil, err
	}
	keys, err := secret.ParseKeyring(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	if len(fit) == 0 && !o.ReadOnly {
		mine := keys.Hash("fit")
		if _, err := db.SetMetaOnce(ctx, fitName, mine[:]); err != nil {
			return nil, err
		}
		if fit, err = db.Meta(ctx, fitName); err != nil { // another process may have been first
			return nil, err
		}
	}
	var want [32]byte
	copy(want[:], fit)
	if len(fit) > 0 && !keys.Match(want, "fit") {
		return nil, fmt.Errorf("%w in %s: %s holds another key than the one that sealed it; "+
			"put the right key back, or give it with --master-key-file (after a restore: the key that was saved beside the backup)", ErrKeyFit, o.Dir, place)
	}
	return keys, nil
}

// masterKey is the text of the key and where it came from. fresh says that the
// data never had one.
func masterKey(o DataOptions, fresh bool) ([]byte, string, error) {
	if o.MasterKey != "" {
		return []byte(o.MasterKey), "the configured master key", nil
	}
	path := filepath.Join(o.Dir, MasterKeyFile)
	text, err := config.ReadPrivate(path)
	switch {
	case err == nil:
		return text, path, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, path, err
	case !fresh || o.ReadOnly:
		return nil, path, fmt.Errorf("%w: %s does not exist, and the data are sealed with it; "+
			"put the file back from where it was saved, or give it with --master-key-file", ErrKeyMissing, path)
	}
	if err := writeOnce(path, secret.NewMasterKey()); err != nil {
		return nil, path, fmt.Errorf("make the master key: %w", err)
	}
	text, err = config.ReadPrivate(path)
	return text, path, err
}

// writeOnce makes a file that only its owner may read, whole or not at all. If
// another process makes it at the same moment, that one's counts.
func writeOnce(path string, text []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
