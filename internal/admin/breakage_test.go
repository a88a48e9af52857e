package admin

import (
	"testing"
	"time"

	"countersign/internal/review"
	"countersign/internal/usage"
)

// TestForecastOfRefreshLimits: how long tokens lay idle and how old logins were
// is counted, so a limit says whom it would have refused, where it is one of the
// lengths that are told apart, or nobody came near it.
func TestForecastOfRefreshLimits(t *testing.T) {
	r := openRoad(t)
	r.see(6, usage.Refresh, "10.1.2.3", usage.OfIdle(time.Hour), usage.OfAge(2*review.Day))
	r.see(3, usage.Refresh, "10.1.2.3", usage.OfIdle(40*review.Day), usage.OfAge(50*review.Day))
	r.see(1, usage.Refresh, "10.1.2.3", usage.OfIdle(40*review.Day), usage.OfAge(100*review.Day))
	type row struct {
		name  string
		to    any
		n     int64
		known bool
	}
	check := func(rows []row) {
		t.Helper()
		seen, err := r.traffic(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range rows {
			n, last, known := seen.broken(review.App{ID: string(r.id)}, review.Step{Name: x.name, To: x.to})
			if n != x.n || known != x.known || (n > 0) == last.IsZero() {
				t.Errorf("%s = %v: %d, last %v, known %v; want %d, %v", x.name, x.to, n, last, known, x.n, x.known)
			}
		}
	}
	check([]row{
		{"app.refresh.idle_ttl", 30 * review.Day, 4, true},
		{"app.refresh.idle_ttl", 90 * review.Day, 0, true},
		{"app.refresh.idle_ttl", 60 * review.Day, 0, false}, // 40 days count as more than 30
		{"app.refresh.idle_ttl", review.Forever, 0, true},
		{"app.refresh.idle_ttl", nil, 0, false},
		{"app.refresh.absolute_ttl", 90 * review.Day, 1, true},
		{"app.refresh.absolute_ttl", 400 * review.Day, 0, true},
		{"app.refresh.policy", "inactivity", 5, true},
		{"app.refresh.policy", "lifetime", 1, true},
		{"app.refresh.policy", "zero", 10, true},
		{"app.refresh.policy", "infinite", 0, true},
		{"app.refresh.rotation", true, 0, false},
	})
	r.see(1, usage.Refresh, "10.1.2.3") // of a token that does not say when it was used last
	check([]row{
		{"app.refresh.idle_ttl", 30 * review.Day, 4, false},
		{"app.refresh.policy", "infinite", 0, true},
	})
}
