package server

import (
	"runtime"
	"sync"
)

// hands are threads that check passwords and do nothing else. The kernel gives
// them the time that nothing else wants: a hash is 20 ms of a core in one piece,
// and whoever refreshes a token meanwhile would wait for it. A thread cannot be
// given its priority back, so it never serves anything else.
type hands struct {
	work chan func()
	stop chan struct{}
	once sync.Once
	all  sync.WaitGroup
}

// newHands starts so many threads; close ends them.
func newHands(n int) *hands {
	h := &hands{work: make(chan func()), stop: make(chan struct{})}
	for range n {
		h.all.Go(h.hand)
	}
	return h
}

func (h *hands) hand() {
	runtime.LockOSThread() // and never unlocked: the thread ends with this function
	lowerPriority()
	for {
		select {
		case f := <-h.work:
			f()
		case <-h.stop:
			return
		}
	}
}

// do has a hand call f, and returns when f has. A panic of f is the caller's.
func (h *hands) do(f func()) {
	done := make(chan any, 1)
	select {
	case h.work <- func() {
		defer func() { done <- recover() }()
		f()
	}:
	case <-h.stop: // a request that was cut off
		f()
		return
	}
	if v := <-done; v != nil {
		panic(v)
	}
}

func (h *hands) close() {
	h.once.Do(func() { close(h.stop) })
	h.all.Wait()
}
