package login

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/account"
	"countersign/internal/oauth"
)

var one = account.Weight{Work: 1, Memory: 1}

// occupy takes slots until the returned function is called.
func occupy(t *testing.T, p *Pool, w account.Weight) (release func()) {
	t.Helper()
	block := make(chan struct{})
	go func() {
		if err := p.Do(context.Background(), w, func() { <-block }); err != nil {
			t.Error(err)
		}
	}()
	synctest.Wait()
	return func() { close(block); synctest.Wait() }
}

func TestPoolBounds_A35(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(2, 1000, time.Minute)
		var mu sync.Mutex
		var running, most int
		count := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			running += n
			most = max(most, running)
		}
		done := make(chan error)
		for range 500 {
			go func() {
				done <- p.Do(context.Background(), one, func() {
					count(1)
					time.Sleep(25 * time.Millisecond) // the bubble's time
					count(-1)
				})
			}()
		}
		for range 500 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if most != 2 {
			t.Errorf("%d at once, want 2", most)
		}
		synctest.Wait()
		if diff := cmp.Diff(PoolStats{Workers: 2, Done: 500}, p.Stats()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPoolRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1, 2, 1500*time.Millisecond)
		release := occupy(t, p, one)
		errs := make(chan error, 2)
		for range 2 {
			go func() { errs <- p.Do(context.Background(), one, func() { t.Error("called") }) }()
		}
		synctest.Wait()
		err := p.Do(context.Background(), one, func() { t.Error("called") })
		if !errors.Is(err, ErrBusy) || oauth.From(err).RetryAfter != 2*time.Second {
			t.Errorf("full queue: %v, %v", err, oauth.From(err).RetryAfter)
		}
		began := time.Now()
		for range 2 {
			if err := <-errs; !errors.Is(err, ErrBusy) {
				t.Errorf("deadline: %v", err)
			}
		}
		if waited := time.Since(began); waited != 1500*time.Millisecond {
			t.Errorf("waited %v", waited)
		}
		if diff := cmp.Diff(PoolStats{Workers: 1, Busy: 1, Overflowed: 1, Expired: 2}, p.Stats()); diff != "" {
			t.Error(diff)
		}
		release()
		called := false
		if err := p.Do(context.Background(), one, func() { called = true }); err != nil || !called {
			t.Errorf("afterwards: %v, called %v", err, called)
		}
	})
}

func TestPoolWithoutQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1, 0, time.Second)
		defer occupy(t, p, one)()
		if err := p.Do(context.Background(), one, func() {}); !errors.Is(err, ErrBusy) {
			t.Errorf("%v", err)
		}
	})
}

func TestPoolCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1, 10, time.Minute)
		release := occupy(t, p, one)
		ctx, cancel := context.WithCancel(context.Background())
		err1 := make(chan error, 1)
		go func() { err1 <- p.Do(ctx, one, func() { t.Error("called") }) }()
		synctest.Wait()
		cancel()
		if err := <-err1; !errors.Is(err, context.Canceled) {
			t.Errorf("while waiting: %v", err)
		}
		release()
		if err := p.Do(ctx, one, func() { t.Error("called") }); !errors.Is(err, context.Canceled) {
			t.Errorf("before: %v", err)
		}
		if diff := cmp.Diff(PoolStats{Workers: 1, Done: 1, Cancelled: 1}, p.Stats()); diff != "" {
			t.Error(diff)
		}
	})
}

// First come, first served; one that needs much memory waits until it has it,
// and nobody behind it overtakes.
func TestPoolIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(3, 100, time.Minute)
		releases := []func(){occupy(t, p, one), occupy(t, p, one), occupy(t, p, one)}
		order := make(chan string, 4)
		for _, job := range []struct {
			name string
			w    account.Weight
		}{{"heavy", account.Weight{Work: 21, Memory: 7}}, {"second", one}, {"third", one}} {
			go func() {
				if err := p.Do(context.Background(), job.w, func() { order <- job.name }); err != nil {
					t.Error(err)
				}
			}()
			synctest.Wait()
		}
		if s := p.Stats(); s.Waiting != 3 || s.WaitingWork != 23 {
			t.Errorf("queue: %+v", s)
		}
		releases[0]()
		releases[1]()
		go func() { _ = p.Do(context.Background(), one, func() { order <- "late" }) }() // two workers are free
		synctest.Wait()
		if len(order) != 0 {
			t.Fatal("somebody overtook the heavy one")
		}
		releases[2]()
		if first := <-order; first != "heavy" {
			t.Errorf("%s came first", first)
		}
		synctest.Wait()
		if s := p.Stats(); s.Busy != 0 || s.Done != 7 {
			t.Errorf("afterwards: %+v", s)
		}
	})
}

// A bcrypt hash takes one worker for longer; what it weighs counts in the queue.
func TestPoolWeighsTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1, 12, time.Minute)
		slow := account.Weight{Work: 11, Memory: 1}
		release := occupy(t, p, slow)
		if s := p.Stats(); s.Busy != 1 {
			t.Errorf("a slow hash takes %d workers", s.Busy)
		}
		go func() { _ = p.Do(context.Background(), slow, func() {}) }()
		synctest.Wait()
		if err := p.Do(context.Background(), slow, func() {}); !errors.Is(err, ErrBusy) {
			t.Errorf("22 in a queue of 12: %v", err)
		}
		go func() { _ = p.Do(context.Background(), one, func() {}) }()
		synctest.Wait()
		if s := p.Stats(); s.Waiting != 2 || s.WaitingWork != 12 {
			t.Errorf("queue: %+v", s)
		}
		release()
	})
}

// One that weighs more than the whole queue may wait if it is alone.
func TestPoolLetsTheHeaviestWaitAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(1, 4, time.Minute)
		release := occupy(t, p, one)
		done := make(chan error, 1)
		go func() { done <- p.Do(context.Background(), account.Weight{Work: 40, Memory: 1}, func() {}) }()
		synctest.Wait()
		release()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A hasher that panics must not take its worker along.
func TestPoolSurvivesPanic(t *testing.T) {
	p := NewPool(1, 0, time.Second)
	func() {
		defer func() { _ = recover() }()
		_ = p.Do(context.Background(), one, func() { panic("x") })
	}()
	if s := p.Stats(); s.Busy != 0 {
		t.Errorf("%+v", s)
	}
	if NewPool(0, 1, 0).Stats().Workers < 1 {
		t.Error("no workers by default")
	}
}
