package config

import (
	"fmt"
	"io/fs"
	"os"
)

// ReadPrivate reads a file that holds a secret, and refuses one that others may
// read. A file of another owner, as orchestrators mount them, may be readable by
// its group. Errors: a sentence with the remedy.
func ReadPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := private(path, info); err != nil {
		return nil, err
	}
	return os.ReadFile(path) //nolint:gosec // the operator names the file
}

func private(path string, info fs.FileInfo) error {
	mode, forbidden := info.Mode().Perm(), fs.FileMode(0o077)
	if !own(info) {
		forbidden = 0o027
	}
	if mode&forbidden == 0 {
		return nil
	}
	return fmt.Errorf("%s has mode %04o: others could read or change the secret in it; run: chmod 600 %s", path, mode, path)
}
