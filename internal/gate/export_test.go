package gate

import "time"

// CodeAt is the code of a secret as people copy it.
func CodeAt(text string, now time.Time) string {
	key, err := plain32.DecodeString(digits(text))
	if err != nil {
		panic(err)
	}
	return code(key, now.Unix()/30)
}
