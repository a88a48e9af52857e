package server

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"countersign/internal/config"
	"countersign/internal/secret"
	"countersign/internal/sqlstore"
)

// MasterKeyFile is the name of the generated key in the data directory.
const MasterKeyFile = "master.key"

// Errors of OpenData; each is followed by the place and the remedy.
var (
	ErrKeyMissing = errors.New("the master key is missing")
	ErrKeyFit     = errors.New("the master key does not fit the data")
)

// Data know their keys by keyed hashes of a word: fitName says that they had a
// first key, and fitName followed by a key's own mark that they had that one. A
// key is taken on when it stands in front of one that the data know.
const fitName = "master-key-fit"

// openKeys finds the master key and holds it against the data.
func openKeys(ctx context.Context, db *sqlstore.DB, o DataOptions) (*secret.Keyring, error) {
	first, err := db.Meta(ctx, fitName)
	if err != nil {
		return nil, err
	}
	text, place, err := masterKey(o, len(first) == 0)
	if err != nil {
		return nil, err
	}
	keys, err := secret.ParseKeyring(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	if len(first) == 0 && !o.ReadOnly {
		if err := note(ctx, db, fitName, keys); err != nil {
			return nil, err
		}
		if first, err = db.Meta(ctx, fitName); err != nil { // another process may have been first
			return nil, err
		}
	}
	known, err := fits(ctx, db, first, text)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, fmt.Errorf("%w in %s: %s holds another key than the one that sealed it; "+
			"put the right key back, or give it with --master-key-file (after a restore: the key that was saved beside the backup)", ErrKeyFit, o.Dir, place)
	}
	if o.ReadOnly {
		return keys, nil
	}
	return keys, note(ctx, db, mark(keys), keys)
}

// note says, once, that the data know the current key of the keyring.
func note(ctx context.Context, db *sqlstore.DB, name string, keys *secret.Keyring) error {
	if known, err := db.Meta(ctx, name); err != nil || known != nil {
		return err
	}
	sum := keys.Hash("fit")
	_, err := db.SetMetaOnce(ctx, name, sum[:])
	return err
}

// mark is the fact that stands for the current key of the keyring.
func mark(keys *secret.Keyring) string {
	sum := keys.Hash("fit mark")
	return fitName + " " + hex.EncodeToString(sum[:8])
}

// fits says whether the data know one of the keys of the text.
func fits(ctx context.Context, db *sqlstore.DB, first, text []byte) (bool, error) {
	for line := range bytes.Lines(text) {
		one, err := secret.ParseKeyring(line)
		if err != nil {
			continue // a comment; the whole text parsed before
		}
		own, err := db.Meta(ctx, mark(one))
		if err != nil {
			return false, err
		}
		for _, kept := range [][]byte{first, own} {
			var want [32]byte
			if copy(want[:], kept) == len(want) && one.Match(want, "fit") {
				return true, nil
			}
		}
	}
	return false, nil
}

// masterKey is the text of the key and where it came from. fresh says that the
// data never had one.
func masterKey(o DataOptions, fresh bool) ([]byte, string, error) {
	if o.MasterKey != "" {
		return []byte(o.MasterKey), "the configured master key", nil
	}
	if o.Dir == "" {
		return nil, "", fmt.Errorf("%w: give --master-key-file, or --data DIR, which holds it", ErrKeyMissing)
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
			"put the file back from where it was saved, or copy that of another node, or give it with --master-key-file", ErrKeyMissing, path)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, path, fmt.Errorf("make the master key: %w", err)
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
