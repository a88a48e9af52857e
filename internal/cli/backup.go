package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"countersign/internal/server"
)

type backupCommand struct {
	Out string `required:"" help:"File to write; it must not exist." placeholder:"FILE"`
}

// Run copies the database. The master key is kept elsewhere, on purpose: whoever
// finds the copy alone can do nothing with it.
func (c *backupCommand) Run(s *session) error {
	return s.with(changing, func(d *server.Data) error {
		if err := d.DB.Backup(s.ctx, c.Out); err != nil {
			return err
		}
		s.warn([]string{"the master key is not in the copy: keep it in another place, or the copy can never be used"})
		return s.done("wrote %s", c.Out)
	})
}

type restoreCommand struct {
	From string `required:"" help:"The copy." placeholder:"FILE"`
}

// databaseFile is the name of the database in a data directory.
const databaseFile = "countersign.db"

// Run puts a copy into a data directory that has no database yet, and opens it
// with the master key that belongs to it.
func (c *restoreCommand) Run(s *session) error {
	l, err := s.load(nil)
	if err != nil {
		return err
	}
	dir := l.Config.Data
	if err := place(c.From, dir); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if l.Config.MasterKey == "" {
		if _, err := os.Stat(filepath.Join(dir, server.MasterKeyFile)); errors.Is(err, fs.ErrNotExist) {
			return s.done("restored to %s; now put the master key that was saved beside the backup at %s, mode 0600",
				dir, filepath.Join(dir, server.MasterKeyFile))
		}
	}
	return s.with(changing, func(*server.Data) error { return s.done("restored to %s; the master key fits", dir) })
}

// place copies the file under its final name only when it is whole.
func place(from, dir string) (err error) {
	to := filepath.Join(dir, databaseFile)
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s exists already; restore to another directory with --data", to)
	}
	in, err := os.Open(from) //nolint:gosec // the operator names the file
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	out, err := os.CreateTemp(dir, ".restore-*")
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return errors.Join(err, os.Remove(out.Name()))
	}
	return os.Rename(out.Name(), to)
}
