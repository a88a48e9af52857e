package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// backup copies the file as of one moment. The copy gets its name only when it
// is complete and on disk, so that half a backup is never taken for one.
func (e *sqliteEngine) backup(ctx context.Context, path string) (err error) {
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s exists already: give a new name", path), err)
	}
	partial := path + ".partial"
	f, err := os.OpenFile(partial, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the operator's own path
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(partial)
		}
	}()
	if err := f.Close(); err != nil { // empty, but already readable by its owner alone
		return err
	}
	db, err := sql.Open("sqlite", dsn(e.path, "&_pragma=synchronous(FULL)"))
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // it only read
	if _, err := db.ExecContext(ctx, "VACUUM INTO $1", partial); err != nil {
		return plain(err)
	}
	if err := syncPath(partial); err != nil {
		return err
	}
	if err := os.Rename(partial, path); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

func syncPath(path string) error {
	f, err := os.Open(path) //nolint:gosec // a name this program made
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
