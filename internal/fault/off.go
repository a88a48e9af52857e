//go:build !faults

package fault

import "time"

// Is says whether the defence is taken away: never, in this build.
func Is(Name) bool { return false }

// ClockSkew is how far the clock of this process is ahead of the time: not at
// all, in this build.
func ClockSkew() time.Duration { return 0 }
