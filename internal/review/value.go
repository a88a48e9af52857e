package review

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Day is 24 hours; the catalogue counts ages in days.
const Day = 24 * time.Hour

// Forever is the duration of what does not end.
const Forever = time.Duration(math.MaxInt64)

// Presence says what is known about a value.
type Presence int8

// A value is known, deliberately unset, or could not be read. The zero
// presence is Unread, so that a value nobody supplied is never taken for safe.
const (
	Unread Presence = iota
	Unset
	Known
)

// Value is one setting or fact of a snapshot with the layer it came from.
type Value struct {
	Presence Presence
	Data     any    // bool, string, int, time.Duration, time.Time, []string or []Key; nil unless Known
	Layer    string // "server default", "app setting", "policy", "metadata default" …
	File     string // where it was read, if from a file
	Line     int    // line in File, from 1
}

// Key describes one public key or certificate registered for an app.
type Key struct {
	Alg      string    // RSA, EC, Ed25519 or a signature algorithm such as ES256
	Bits     int       // size of the modulus or of the curve
	NotAfter time.Time // end of validity; zero if it has none
}

// Of is a known value from a layer. Data must be of the type its name has in
// the vocabulary.
func Of(data any, layer string) Value { return Value{Presence: Known, Data: data, Layer: layer} }

// Nothing is a value that was looked for and is not set.
func Nothing(layer string) Value { return Value{Presence: Unset, Layer: layer} }

// Unreadable is a value that could not be read; layer says why or where.
func Unreadable(layer string) Value { return Value{Presence: Unread, Layer: layer} }

// In places the value in a file, for reports that point at lines.
func (v Value) In(file string, line int) Value {
	v.File, v.Line = file, line
	return v
}

// From names the layer or, for values read from files, the file and line.
func (v Value) From() string {
	switch {
	case v.File != "" && v.Line > 0:
		return v.File + ":" + strconv.Itoa(v.Line)
	case v.File != "":
		return v.File
	case v.Layer != "":
		return v.Layer
	}
	return "not given"
}

// Text prints the data as the vocabulary writes it: true, 15m, [a, b].
func (v Value) Text() string {
	switch v.Presence {
	case Unread:
		return "unknown"
	case Unset:
		return "not set"
	case Known:
	}
	return textOf(v.Data)
}

func textOf(data any) string {
	switch d := data.(type) {
	case string:
		return d
	case bool:
		return strconv.FormatBool(d)
	case int:
		return strconv.Itoa(d)
	case time.Duration:
		return DurationText(d)
	case time.Time:
		return d.UTC().Format(time.RFC3339)
	case []string:
		return "[" + strings.Join(d, ", ") + "]"
	case []Key:
		parts := make([]string, len(d))
		for i, k := range d {
			parts[i] = k.String()
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(data)
}

// String prints a key as "RSA 2048 until 2027-01-31".
func (k Key) String() string {
	s := k.Alg
	if k.Bits > 0 {
		s += " " + strconv.Itoa(k.Bits)
	}
	if !k.NotAfter.IsZero() {
		s += " until " + k.NotAfter.UTC().Format(time.DateOnly)
	}
	return s
}

// DurationText prints whole units: 90d, 12h, 15m, 60s, or "no end".
func DurationText(d time.Duration) string {
	switch {
	case d == Forever:
		return "no end"
	case d == 0:
		return "0s"
	case d > Day && d%Day == 0:
		return strconv.FormatInt(int64(d/Day), 10) + "d"
	case d > time.Hour && d%time.Hour == 0 || d == time.Hour:
		return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
	case d > time.Minute && d%time.Minute == 0:
		return strconv.FormatInt(int64(d/time.Minute), 10) + "m"
	case d%time.Second == 0:
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	}
	return d.String()
}

// same reports whether two values hold the same data.
func (v Value) same(w Value) bool {
	if v.Presence != w.Presence {
		return false
	}
	switch a := v.Data.(type) {
	case []string:
		b, ok := w.Data.([]string)
		return ok && slices.Equal(a, b)
	case []Key:
		b, ok := w.Data.([]Key)
		return ok && slices.Equal(a, b)
	case time.Time:
		b, ok := w.Data.(time.Time)
		return ok && a.Equal(b)
	}
	return v.Data == w.Data
}
