package sqlstore

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"countersign/internal/grant"
	"countersign/internal/oauth"
)

// callers is as many as one commit takes.
const callers = 64

// BenchmarkRedeemCode: spent value, family and event in one durable commit.
func BenchmarkRedeemCode(b *testing.B) {
	db := openBench(b)
	all := make([]grant.Redemption, b.N)
	for i := range all {
		all[i] = redeem(time.Now())
	}
	measure(b, db, func(i int) {
		if out, err := db.RedeemCode(b.Context(), all[i]); out != oauth.Won || err != nil {
			b.Error(out, err)
		}
	})
}

// BenchmarkRotateRefresh: one compare-and-swap and its event.
func BenchmarkRotateRefresh(b *testing.B) {
	db := openBench(b)
	all := make([]grant.Rotation, b.N)
	for i := range all {
		all[i] = opened(b, db)
	}
	measure(b, db, func(i int) {
		if out, err := db.RotateRefresh(b.Context(), all[i]); out != oauth.Won || err != nil {
			b.Error(out, err)
		}
	})
}

func openBench(b *testing.B) *DB {
	b.Helper()
	db, err := Open(b.Context(), Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

// measure runs b.N operations from 64 callers and reports processor time and
// commits per operation.
func measure(b *testing.B, db *DB, run func(i int)) {
	b.Helper()
	b.ReportAllocs()
	b.SetParallelism(callers / runtime.GOMAXPROCS(0))
	before, cpu := db.Stats(), processorTime()
	var next atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			run(int(next.Add(1) - 1))
		}
	})
	b.StopTimer()
	after := db.Stats()
	n := float64(b.N)
	b.ReportMetric(float64((processorTime()-cpu).Microseconds())/n, "CPU-us/op")
	b.ReportMetric(float64(after.Commits-before.Commits)/n, "commits/op")
	b.ReportMetric(float64(after.Statements-before.Statements)/n, "statements/op")
}

func processorTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
