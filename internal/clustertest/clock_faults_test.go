//go:build faults

package clustertest

import (
	"path/filepath"
	"testing"

	countersign "countersign/internal/server"
)

// clocksCanBeWrong says that servers heed COUNTERSIGN_TEST_CLOCK_SKEW.
const clocksCanBeWrong = true

// A server whose clock is behind takes nothing of which others have forgotten that
// it was spent.
func TestFaultClockBehind(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	f := newFleet(furnish(t, countersign.DataOptions{Dir: dir}))
	f.clockBehind(t, "--data", dir)
}
