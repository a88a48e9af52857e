package server

import (
	"runtime"
	"syscall"
	"testing"
)

// TestPasswordsAreCheckedAtLowPriority: the pool of a server hashes on threads
// that yield to all others, and nothing else runs on them.
func TestPasswordsAreCheckedAtLowPriority(t *testing.T) {
	priority := func() int { // as the kernel says it: 20 minus the niceness
		n, err := syscall.Getpriority(syscall.PRIO_PROCESS, syscall.Gettid())
		if err != nil {
			t.Error(err)
		}
		return n
	}
	s := newServer(t, configure(t.TempDir()))
	t.Cleanup(func() { _ = s.Close() })
	if s.Hands() < 1 || s.pool.Run == nil {
		t.Fatal("nobody checks passwords")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, there := priority(), 0
	s.pool.Run(func() { there = priority() })
	if there != max(before-niceness, 1) {
		t.Errorf("priority %d there, %d here", there, before)
	}
	if after := priority(); after != before {
		t.Errorf("the caller's priority fell from %d to %d", before, after)
	}
}
