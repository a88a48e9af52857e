package bench

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"countersign/internal/account"
)

// connections is the load: so many, kept open, each with one request under way.
const connections = 32

// worker is one client on one connection.
type worker struct {
	*wire
	s      *countersign // nil: it speaks to the floor
	person *account.Account
	token  string // what the operation keeps from one time to the next
}

// crew opens the connections. s is nil for the floor.
func crew(url string, s *countersign, n int) ([]*worker, error) {
	ws := make([]*worker, 0, n)
	for i := range n {
		c, err := connect(url)
		if err != nil {
			dismiss(ws)
			return nil, err
		}
		w := &worker{wire: c, s: s}
		if s != nil {
			w.person = s.people[i%len(s.people)]
		}
		ws = append(ws, w)
	}
	return ws, nil
}

func dismiss(ws []*worker) {
	for _, w := range ws {
		w.close()
	}
}

// load does n operations, as fast as they are answered, and gives how long each
// took. The first error ends it.
func load(ws []*worker, n int, do func(w *worker, i int) error) ([]time.Duration, error) {
	var next atomic.Int64
	var failed atomic.Bool
	took, errs := make([]time.Duration, n), make([]error, len(ws))
	var wg sync.WaitGroup
	for k, w := range ws {
		wg.Go(func() {
			for !failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				began := time.Now()
				if errs[k] = do(w, i); errs[k] != nil {
					failed.Store(true)
					return
				}
				took[i] = time.Since(began)
			}
		})
	}
	wg.Wait()
	return took, errors.Join(errs...)
}

// each lets every worker do something once.
func each(ws []*worker, do func(w *worker) error) error {
	for i, w := range ws {
		if err := do(w); err != nil {
			return fmt.Errorf("worker %d: %w", i, err)
		}
	}
	return nil
}

// percentile of durations; it sorts them.
func percentile(p float64, d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[int(p*float64(len(d)-1))]
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
