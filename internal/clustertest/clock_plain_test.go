//go:build !faults

package clustertest

// clocksCanBeWrong says that servers heed COUNTERSIGN_TEST_CLOCK_SKEW.
const clocksCanBeWrong = false
