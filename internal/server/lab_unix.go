//go:build unix

package server

import (
	"os"
	"syscall"
)

// holdLock locks a file until the process ends, or fails at once.
func holdLock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
