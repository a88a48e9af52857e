//go:build !unix

package server

import (
	"errors"
	"os"
	"time"
)

// holdLock takes a lock file as its own while it is new: nothing better is to be
// had here, and no lab works for a day.
func holdLock(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if age := time.Since(info.ModTime()); age > time.Minute && age < 24*time.Hour {
		return errors.ErrUnsupported
	}
	return nil
}
