package bench

import (
	"testing"
	"time"
)

// In the benchmarks here, one iteration is one round: -benchtime 5x measures five
// rounds and gives medians.

// BenchmarkFloor measures each primitive.
func BenchmarkFloor(b *testing.B) {
	floor, ws := openFloor(b)
	for _, p := range primitives() {
		b.Run(p.name, func(b *testing.B) {
			var all []float64
			for range b.N {
				cost, err := costs(floor, ws, p.name)
				if err != nil {
					b.Fatal(err)
				}
				all = append(all, cost[p.name])
			}
			b.ReportMetric(median(all), "CPU-µs/op")
			b.ReportMetric(0, "ns/op")
			results.floor[p.name] = median(all)
		})
	}
}

// profileFor is how much processor time a profile is of, in microseconds.
const profileFor = 1e7

// BenchmarkOperation measures each operation of the server beside its floor.
func BenchmarkOperation(b *testing.B) {
	floor, floorWorkers := openFloor(b)
	s := furnish(b, connections).serve(b)
	for _, o := range operations {
		b.Run(o.name, func(b *testing.B) {
			ws := o.crew(b, s)
			all := make([]sample, b.N)
			for i := range all {
				var err error
				if all[i], err = o.round(ws, floor, floorWorkers); err != nil {
					b.Fatal(err)
				}
			}
			m, ratio := middle(all)
			m.report(b, ratio, o.target)
			f := figures{sample: m, ratio: ratio}
			if s.db != nil && b.N > 1 {
				f.price = o.priceOf(b, s.db, ws, max(o.times/4, 32))
			}
			results.operation[o.name], results.rounds = f, b.N
			if *profileTo != "" && b.N > 1 {
				profile(b, o, ws, int(profileFor/m.cpu))
			}
		})
	}
	if rss, err := s.rss(); err == nil {
		results.loadedRSS = rss
	}
}

func (s sample) report(b *testing.B, ratio, target float64) {
	b.Helper()
	b.ReportMetric(0, "ns/op") // of a round: it says nothing
	b.ReportMetric(s.cpu, "CPU-µs/op")
	b.ReportMetric(s.floor, "floor-µs")
	b.ReportMetric(ratio, "x-floor")
	b.ReportMetric(target, "x-target")
	b.ReportMetric(s.changes, "changes/op")
	b.ReportMetric(s.commits, "commits/op")
	b.ReportMetric(s.mallocs, "mallocs/op")
	b.ReportMetric(s.rate, "op/s")
	b.ReportMetric(float64(s.p99)/float64(time.Millisecond), "p99-ms")
}

func openFloor(b *testing.B) (*process, []*worker) {
	b.Helper()
	floor := startFloor(b)
	if _, err := floor.cpu(); err != nil {
		b.Skip(err)
	}
	ws, err := crew(floor.url, nil, connections)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { dismiss(ws) })
	return floor, ws
}

// crew gives the connections of an operation, prepared and warm.
func (o operation) crew(b *testing.B, s *countersign) []*worker {
	b.Helper()
	ws, err := crew(s.url, s, connections)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { dismiss(ws) })
	if o.prepare != nil {
		if err := each(ws, o.prepare); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := o.run(ws, min(o.times, 10*connections)); err != nil {
		b.Fatal(err)
	}
	return ws
}
