package config

import "reflect"

// Reload says what a running server makes of a configuration that was read
// again: next is running with the new values of every key that it can take up,
// taken names those, and waiting those that differ and need a restart.
func Reload(running, read Config) (next Config, taken, waiting []string) {
	next = running
	into, from := Leaves(&next), Leaves(&read)
	for i := range into {
		switch {
		case reflect.DeepEqual(into[i].value.Interface(), from[i].value.Interface()):
		case into[i].Live:
			into[i].value.Set(from[i].value)
			taken = append(taken, into[i].Path)
		default:
			waiting = append(waiting, into[i].Path)
		}
	}
	return next, taken, waiting
}
