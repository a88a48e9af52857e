package bench

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// idle is how long a server is left alone before its memory is looked at.
const idle = 3 * time.Second

// BenchmarkFootprint starts the program as it is shipped, on data that exist.
func BenchmarkFootprint(b *testing.B) {
	program := filepath.Join(b.TempDir(), "countersign")
	build := exec.Command("go", "build", "-trimpath", "-o", program, "countersign/cmd/countersign")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		b.Fatal(err)
	}
	h := furnish(b, 1)
	first, rss := make([]float64, b.N), make([]float64, b.N)
	for i := range b.N {
		first[i], rss[i] = h.footprint(b, program)
	}
	f := footprint{binary: float64(info.Size()) / 1e6, first: median(first), idle: median(rss)}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(f.binary, "MB-binary")
	b.ReportMetric(f.first, "ms-to-first-200")
	b.ReportMetric(f.idle, "MB-idle")
	results.footprint = f
}

// footprint starts the program once: milliseconds to the first 200, and resident
// MB when nothing happens.
func (h *house) footprint(b *testing.B, program string) (first, rss float64) {
	b.Helper()
	began := time.Now()
	p := start(b, nil, program, append(h.place(), "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0")...)
	defer p.stop()
	w, err := connect(p.url)
	if err != nil {
		b.Fatal(err)
	}
	defer w.close()
	got, err := w.get("/.well-known/openid-configuration", "")
	if err == nil {
		err = got.unless(http.StatusOK)
	}
	if err != nil {
		b.Fatal(err)
	}
	first = float64(time.Since(began).Microseconds()) / 1000
	time.Sleep(idle)
	if rss, err = p.rss(); err != nil {
		b.Skip(err)
	}
	return first, rss
}

// logins is how many clients keep the password pool full.
const logins = 8

// BenchmarkStarvation measures how long refreshes take while nobody signs in,
// and while more people do than the server can check passwords of. Refreshes
// come from so few connections that they do not wait for each other.
func BenchmarkStarvation(b *testing.B) {
	const clients, times = 4, 1500
	s := furnish(b, clients+logins).serve(b)
	ws, err := crew(s.url, s, clients+logins)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { dismiss(ws) })
	if err := each(ws[:clients], signIn(jwt)); err != nil {
		b.Fatal(err)
	}
	measure := func() (p50, p99 float64) {
		took, err := load(ws[:clients], times, func(w *worker, _ int) error { return refresh(w, "") })
		if err != nil {
			b.Fatal(err)
		}
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		return ms(percentile(.5, took)), ms(percentile(.99, took))
	}
	all := make([]starvation, b.N)
	for i := range all {
		r := &all[i]
		r.idle50, r.idle99 = measure()
		stop := saturate(b, ws[clients:])
		r.full50, r.full99 = measure()
		stop()
	}
	m := middleStarvation(all)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(m.idle99, "idle-p99-ms")
	b.ReportMetric(m.full99, "saturated-p99-ms")
	b.ReportMetric(m.full99/m.idle99, "x-idle")
	results.starvation = m
}

// saturate lets people sign in without a pause until stop is called.
func saturate(b *testing.B, ws []*worker) (stop func()) {
	var done atomic.Bool
	var all sync.WaitGroup
	for _, w := range ws {
		all.Go(func() {
			for !done.Load() {
				if err := challengeWith(w, ""); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	time.Sleep(200 * time.Millisecond) // until the queue is full
	return func() { done.Store(true); all.Wait() }
}

func middleStarvation(all []starvation) starvation {
	pick := func(of func(starvation) float64) float64 {
		v := make([]float64, len(all))
		for i, s := range all {
			v[i] = of(s)
		}
		return median(v)
	}
	return starvation{
		pick(func(s starvation) float64 { return s.idle50 }), pick(func(s starvation) float64 { return s.idle99 }),
		pick(func(s starvation) float64 { return s.full50 }), pick(func(s starvation) float64 { return s.full99 }),
	}
}
