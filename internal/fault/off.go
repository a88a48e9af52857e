//go:build !faults

package fault

// Is says whether the defence is taken away: never, in this build.
func Is(Name) bool { return false }
