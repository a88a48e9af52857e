package client

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time that reads and writes like 90s, 15m, 12h or 30d.
type Duration time.Duration

// ErrDuration refuses a text that is no length of time.
var ErrDuration = errors.New("expected a length of time such as 90s, 15m, 12h or 30d")

// maxDays is what a Duration can hold; more would come out as something short.
const maxDays = int64(math.MaxInt64 / (24 * time.Hour))

// ParseDuration reads what String writes, and what time.ParseDuration reads.
// Errors: ErrDuration.
func ParseDuration(text string) (Duration, error) {
	text = strings.TrimSpace(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseInt(days, 10, 32)
		if err != nil || n > maxDays || n < -maxDays {
			return 0, ErrDuration
		}
		return Duration(time.Duration(n) * 24 * time.Hour), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, ErrDuration
	}
	return Duration(d), nil
}

// String writes whole days as 30d, whole hours as 12h, whole minutes as 15m,
// everything else in seconds.
func (d Duration) String() string {
	t := time.Duration(d)
	switch {
	case t == 0:
		return "0s"
	case t%(24*time.Hour) == 0:
		return strconv.FormatInt(int64(t/(24*time.Hour)), 10) + "d"
	case t%time.Hour == 0:
		return strconv.FormatInt(int64(t/time.Hour), 10) + "h"
	case t%time.Minute == 0:
		return strconv.FormatInt(int64(t/time.Minute), 10) + "m"
	case t%time.Second == 0:
		return strconv.FormatInt(int64(t/time.Second), 10) + "s"
	}
	return t.String()
}

// MarshalJSON writes the text form; nothing is written as 0s.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads the text form.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return ErrDuration
	}
	v, err := ParseDuration(s)
	*d = v
	return err
}
