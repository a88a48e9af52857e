package sfdx

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// asStrings gives the text of a value as it stands in a file.
func asStrings(v any) ([]string, error) {
	switch v := v.(type) {
	case bool:
		return []string{strconv.FormatBool(v)}, nil
	case int:
		return []string{strconv.Itoa(v)}, nil
	case int64:
		return []string{strconv.FormatInt(v, 10)}, nil
	case string:
		return []string{v}, nil
	case []string:
		return v, nil
	}
	return nil, fmt.Errorf("a value of type %T cannot stand in a file", v)
}

func asBool(v any) (bool, error) {
	switch v := v.(type) {
	case bool:
		return v, nil
	case string:
		if b, ok := parseBool(v); ok {
			return b, nil
		}
	}
	return false, fmt.Errorf("true or false is wanted, not %v", v)
}

func asString(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	return "", fmt.Errorf("a text is wanted, not %v", v)
}

func asList(v any) ([]string, error) {
	switch v := v.(type) {
	case []string:
		return v, nil
	case string:
		return splitList(v), nil
	case nil:
		return nil, nil
	}
	return nil, fmt.Errorf("a list of texts is wanted, not %v", v)
}

const day = 24 * time.Hour

// asDuration reads a duration: 15m, 1h, 30d, or a time.Duration.
func asDuration(v any) (time.Duration, error) {
	switch v := v.(type) {
	case time.Duration:
		if v >= 0 {
			return v, nil
		}
	case string:
		if days, ok := strings.CutSuffix(v, "d"); ok {
			n, err := strconv.ParseUint(days, 10, 16)
			if err == nil {
				return time.Duration(n) * day, nil
			}
		}
		if d, err := time.ParseDuration(v); err == nil && d >= 0 {
			return d, nil
		}
	}
	return 0, fmt.Errorf("a duration such as 15m, 1h or 30d is wanted, not %v", v)
}

// reached says whether an effective value is what was wanted, or stricter where
// stricter is possible.
func reached(want, got any) bool {
	switch got := got.(type) {
	case bool:
		w, err := asBool(want)
		return err == nil && w == got
	case string:
		w, err := asString(want)
		secret := strings.HasPrefix(w, "client_secret_") && strings.HasPrefix(got, "client_secret_")
		return err == nil && (w == got || secret)
	case []string:
		w, err := asList(want)
		return err == nil && slices.Equal(slices.Sorted(slices.Values(w)), slices.Sorted(slices.Values(got)))
	case time.Duration:
		w, err := asDuration(want)
		return err == nil && got <= max(w, time.Minute) // a minute is the least Salesforce knows
	}
	return false
}

// minutes gives whole minutes, at least one; a fraction is dropped, which errs on
// the strict side.
func minutes(d time.Duration) int {
	m := d / time.Minute
	if m > math.MaxInt32 {
		return math.MaxInt32
	}
	return max(1, int(m))
}
