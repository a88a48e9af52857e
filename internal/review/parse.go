package review

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrValue says that a text is no value of a name.
var ErrValue = errors.New("no such value")

// ParseValue reads a value as the vocabulary writes it: true, 15m, 30d, [a, b],
// "no end", "not set", "unknown". Times are RFC 3339 or a date. Keys are
// written as "[RSA 2048 until 2027-01-31, ES256]".
func ParseValue(name, text string) (Value, error) {
	t, ok := terms[name]
	if !ok {
		return Value{}, fmt.Errorf("%w: the vocabulary has no %s", ErrValue, name)
	}
	switch text {
	case "not set":
		return Nothing(""), nil
	case "unknown":
		return Unreadable(""), nil
	}
	data, err := parseData(t, text)
	if err != nil {
		return Value{}, fmt.Errorf("%w: %s = %s: %s", ErrValue, name, text, err.Error())
	}
	return Of(data, ""), nil
}

var errForm = errors.New("not in the form of its kind")

func parseData(t Term, text string) (any, error) {
	switch t.Kind {
	case Bool:
		return strconv.ParseBool(text)
	case Int:
		return strconv.Atoi(text)
	case Duration:
		return ParseDuration(text)
	case Time:
		if d, err := time.Parse(time.DateOnly, text); err == nil {
			return d, nil
		}
		return time.Parse(time.RFC3339, text)
	case Word:
		if len(t.Words) > 0 && !slices.Contains(t.Words, text) {
			return nil, fmt.Errorf("%w: one of %s", errForm, textOf(t.Words))
		}
		return text, nil
	case List:
		list, err := parseList(text)
		for _, entry := range list {
			if len(t.Words) > 0 && !slices.Contains(t.Words, entry) {
				return nil, fmt.Errorf("%w: entries of %s", errForm, textOf(t.Words))
			}
		}
		return list, err
	case Keys:
		return parseKeys(text)
	}
	return nil, errForm
}

// mostDays is more than any setting needs and less than a duration holds.
const mostDays = 100_000

// ParseDuration reads a Go duration, whole days such as 90d, or "no end". It
// is not negative.
func ParseDuration(text string) (time.Duration, error) {
	if text == "no end" {
		return Forever, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 32)
		if err != nil || n > mostDays {
			return 0, errForm
		}
		return time.Duration(n) * Day, nil
	}
	d, err := time.ParseDuration(text)
	if err == nil && d < 0 {
		return 0, errForm
	}
	return d, err
}

func parseList(text string) ([]string, error) {
	inner, open := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !open || !closed {
		return nil, fmt.Errorf("%w: a list is written [a, b]", errForm)
	}
	list := []string{}
	for entry := range strings.SplitSeq(inner, ",") {
		if entry = strings.TrimSpace(entry); entry != "" {
			list = append(list, entry)
		}
	}
	return list, nil
}

func parseKeys(text string) ([]Key, error) {
	list, err := parseList(text)
	keys := []Key{}
	for _, entry := range list {
		what, until, dated := strings.Cut(entry, " until ")
		alg, bits, sized := strings.Cut(what, " ")
		k := Key{Alg: alg}
		if sized {
			if k.Bits, err = strconv.Atoi(bits); err != nil || k.Bits <= 0 {
				return nil, errForm
			}
		}
		if dated {
			if k.NotAfter, err = time.Parse(time.DateOnly, until); err != nil {
				return nil, err
			}
		}
		keys = append(keys, k)
	}
	return keys, err
}
