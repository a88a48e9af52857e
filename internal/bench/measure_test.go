package bench

import (
	"net/http"
	"time"
)

// sample is what one round of one operation came to, for each time.
type sample struct {
	cpu     float64 // processor time of the server, microseconds
	db      float64 // and of its PostgreSQL
	floor   float64 // of its bill, microseconds
	changes float64 // durable changes
	commits float64 // that they shared
	mallocs float64
	rate    float64 // a second, all connections together
	p50     time.Duration
	p99     time.Duration
}

// mints makes what n times use up, on all connections.
func (o operation) mints(ws []*worker, n int) ([]string, error) {
	items := make([]string, n)
	if o.mint == nil {
		return items, nil
	}
	_, err := load(ws, n, func(w *worker, i int) (err error) {
		items[i], err = o.mint(w)
		return err
	})
	return items, err
}

// run does the operation n times and counts. Reading the counters stands outside
// of what is timed; what it allocates is taken off.
func (o operation) run(ws []*worker, n int) (out sample, err error) {
	items, err := o.mints(ws, n)
	if err != nil {
		return out, err
	}
	s := ws[0].s
	var read [3]counts // the second costs what reading costs
	for i := range 2 {
		if read[i], err = s.count(); err != nil {
			return out, err
		}
	}
	cpu, err := s.cpu()
	if err != nil {
		return out, err
	}
	dbCPU, err := s.db.cpu()
	if err != nil {
		return out, err
	}
	began := time.Now()
	took, err := load(ws, n, func(w *worker, i int) error { return o.do(w, items[i]) })
	if err != nil {
		return out, err
	}
	all := time.Since(began)
	after, err := s.cpu()
	if err != nil {
		return out, err
	}
	dbAfter, err := s.db.cpu()
	if err != nil {
		return out, err
	}
	if read[2], err = s.count(); err != nil {
		return out, err
	}
	each := float64(n)
	d := read[2].minus(read[1])
	out = sample{
		cpu: float64((after - cpu).Nanoseconds()) / 1000 / each, changes: d.changes / each, commits: d.commits / each,
		db:      float64((dbAfter - dbCPU).Nanoseconds()) / 1000 / each,
		mallocs: (d.mallocs - (read[1].mallocs - read[0].mallocs)) / each, rate: each / all.Seconds(),
		p50: percentile(.5, took), p99: percentile(.99, took),
	}
	return out, nil
}

// floorTimes is how often a primitive is asked for in one round: a tenth or two of
// a second of each, a second of passwords.
var floorTimes = map[string]int{
	"json": 4000, "form": 4000, "hmac": 4000, "es256": 2000, "verify-es256": 1500, "sqlite": 4000, "pg": 4000, "rs256": 200, "argon2id": 48,
}

// primitive asks the floor for one.
func primitive(name string) func(*worker, int) error {
	return func(w *worker, _ int) error {
		got, err := w.post("/"+name, "", floorForm)
		if err != nil {
			return err
		}
		return got.unless(http.StatusOK)
	}
}

// costs measures primitives on the floor, in microseconds each.
func costs(floor *process, ws []*worker, names ...string) (map[string]float64, error) {
	out := map[string]float64{}
	for _, name := range names {
		before, err := floor.cpu()
		if err != nil {
			return nil, err
		}
		n := floorTimes[name]
		if _, err := load(ws, n, primitive(name)); err != nil {
			return nil, err
		}
		after, err := floor.cpu()
		if err != nil {
			return nil, err
		}
		out[name] = float64((after - before).Nanoseconds()) / 1000 / float64(n)
	}
	return out, nil
}

// round measures the operation and then, in the same minute on the same core, its
// floor.
func (o operation) round(ws []*worker, floor *process, floorWorkers []*worker) (sample, error) {
	s, err := o.run(ws, o.times)
	if err != nil {
		return s, err
	}
	cost, err := costs(floor, floorWorkers, o.least.primitives()...)
	s.floor = o.least.sum(cost)
	return s, err
}

// middle is the median of each figure, and the median of the ratios: a round is
// one pair, so that a busy minute spoils both halves alike.
func middle(all []sample) (out sample, ratio float64) {
	pick := func(of func(sample) float64) float64 {
		v := make([]float64, len(all))
		for i, s := range all {
			v[i] = of(s)
		}
		return median(v)
	}
	out = sample{
		db:  pick(func(s sample) float64 { return s.db }),
		cpu: pick(func(s sample) float64 { return s.cpu }), floor: pick(func(s sample) float64 { return s.floor }),
		changes: pick(func(s sample) float64 { return s.changes }), commits: pick(func(s sample) float64 { return s.commits }),
		mallocs: pick(func(s sample) float64 { return s.mallocs }), rate: pick(func(s sample) float64 { return s.rate }),
		p50: time.Duration(pick(func(s sample) float64 { return float64(s.p50) })),
		p99: time.Duration(pick(func(s sample) float64 { return float64(s.p99) })),
	}
	return out, pick(func(s sample) float64 { return s.cpu / s.floor })
}
