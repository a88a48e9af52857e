package server

import (
	"sync"
	"testing"
)

func TestHands(t *testing.T) {
	h := newHands(2)
	var both, all sync.WaitGroup
	both.Add(2)
	for range 2 { // two are at work at the same time, or neither would end
		all.Go(func() { h.do(func() { both.Done(); both.Wait() }) })
	}
	all.Wait()
	func() {
		defer func() {
			if v := recover(); v != "mine" {
				t.Errorf("the caller got %v", v)
			}
		}()
		h.do(func() { panic("mine") })
	}()
	called := 0
	h.do(func() { called++ }) // the hand outlived the panic
	h.close()
	h.close()
	h.do(func() { called++ })
	if called != 2 {
		t.Errorf("%d calls", called)
	}
}
