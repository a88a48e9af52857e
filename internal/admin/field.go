package admin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign/internal/client"
)

// Field is one thing that can be set on a record of type T: the command line
// makes a flag of it, the console a form field, the reference a row.
type Field[T any] struct {
	Name   string // as in --code-ttl
	Hint   string // what a value looks like: 60s, on|off, URI
	What   string // one sentence
	Spec   string // where its rule comes from; may be empty
	Many   bool   // takes a list; +value adds, -value removes, plain values replace
	Fixed  bool   // only when the record is made
	Length bool   // a length of time: "default" sets it back
	read   func(*T) []Line
	write  func(*T, []string, time.Time) error
}

// Line is one value as people read it.
type Line struct{ Name, Value string }

// Set names a field and its new value or values.
type Set struct {
	Field  string
	Values []string
}

// Lines returns every value of a record, in the order of the fields.
func Lines[T any](fields []Field[T], record *T) []Line {
	var out []Line
	for _, f := range fields {
		out = append(out, f.read(record)...)
	}
	return out
}

// diff compares two states of a record by their lines.
func diff[T any](fields []Field[T], before, after *T) []Change {
	old := map[string]string{}
	for _, l := range Lines(fields, before) {
		old[l.Name] = l.Value
	}
	var out []Change
	for _, l := range Lines(fields, after) {
		if l.Value != old[l.Name] {
			out = append(out, Change{l.Name, old[l.Name], l.Value})
		}
	}
	return out
}

// apply sets fields on a record, in the order of the table so that the outcome
// does not depend on the order of the words, and collects every fault.
func apply[T any](fields []Field[T], record *T, sets []Set, now time.Time, making bool) Invalid {
	var faults Invalid
	for _, s := range sets {
		if !slices.ContainsFunc(fields, func(f Field[T]) bool { return f.Name == s.Field }) {
			faults = append(faults, Fault{s.Field, "there is no such setting"})
		}
	}
	for _, f := range fields {
		for _, s := range sets {
			if s.Field != f.Name {
				continue
			}
			if f.Fixed && !making {
				faults = append(faults, Fault{f.Name, "cannot change after creation; create a new one instead"})
				continue
			}
			if err := f.write(record, s.Values, now); err != nil {
				faults = append(faults, Fault{f.Name, err.Error()})
			}
		}
	}
	return faults
}

func one(values []string) (string, error) {
	if len(values) != 1 {
		return "", fmt.Errorf("takes one value, not %d", len(values))
	}
	return strings.TrimSpace(values[0]), nil
}

// line makes the usual reader: one line with the field's own name.
func line[T any](name string, show func(*T) string) func(*T) []Line {
	return func(r *T) []Line { return []Line{{name, show(r)}} }
}

// text is a field of free text; check may be nil.
func text[T any](name, hint, what string, at func(*T) *string, check func(string) error) Field[T] {
	return Field[T]{
		Name: name, Hint: hint, What: what,
		read: line(name, func(r *T) string { return *at(r) }),
		write: func(r *T, values []string, _ time.Time) error {
			v, err := one(values)
			if err == nil && check != nil {
				err = check(v)
			}
			if err == nil {
				*at(r) = v
			}
			return err
		},
	}
}

// choice is a field with a closed list of values; the first is the default and
// is what an empty value means.
func choice[T any, V ~string](name, what, spec string, at func(*T) *V, values ...V) Field[T] {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	hint := strings.Join(words, "|")
	return Field[T]{
		Name: name, Hint: hint, What: what, Spec: spec,
		read: line(name, func(r *T) string {
			if *at(r) == "" {
				return words[0]
			}
			return string(*at(r))
		}),
		write: func(r *T, in []string, _ time.Time) error {
			v, err := one(in)
			if err != nil {
				return err
			}
			v = strings.ToLower(strings.ReplaceAll(v, "-", "_"))
			for _, w := range values {
				if v == strings.ToLower(strings.ReplaceAll(string(w), "-", "_")) {
					*at(r) = w
					return nil
				}
			}
			return fmt.Errorf("%q is none of %s", in[0], strings.ReplaceAll(hint, "|", ", "))
		},
	}
}

// onOff is a switch.
func onOff[T any](name, what, spec string, at func(*T) *bool) Field[T] {
	return Field[T]{
		Name: name, Hint: OnOff, What: what, Spec: spec,
		read: line(name, func(r *T) string { return word(*at(r)) }),
		write: func(r *T, values []string, _ time.Time) error {
			v, err := one(values)
			if err != nil {
				return err
			}
			on, err := parseOnOff(v)
			if err == nil {
				*at(r) = on
			}
			return err
		},
	}
}

// OnOff is the hint of a switch.
const OnOff = "on|off"

func parseOnOff(v string) (bool, error) {
	switch strings.ToLower(v) {
	case "on", "true":
		return true, nil
	case "off", "false":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither on nor off", v)
}

func word(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// length is a field for a length of time between two bounds; "default" sets it
// back. usual is what an unset value means.
func length[T any](name, what, spec string, at func(*T) *client.Duration, usual string, least, most time.Duration) Field[T] {
	return Field[T]{
		Name: name, Hint: usual, What: what, Spec: spec, Length: true,
		read: line(name, func(r *T) string {
			if *at(r) == 0 {
				return usual + " (default)"
			}
			return at(r).String()
		}),
		write: func(r *T, values []string, _ time.Time) error {
			v, err := one(values)
			if err != nil {
				return err
			}
			if v == "default" {
				*at(r) = 0
				return nil
			}
			d, err := client.ParseDuration(v)
			if err != nil {
				return err
			}
			if time.Duration(d) < least || time.Duration(d) > most {
				return fmt.Errorf("%s is not between %s and %s%s", d, client.Duration(least), client.Duration(most), in(spec))
			}
			*at(r) = d
			return nil
		},
	}
}

// number is a field for a count between two bounds; "none" sets it back to 0.
func number[T any](name, hint, what, spec string, at func(*T) *int, least, most int) Field[T] {
	return Field[T]{
		Name: name, Hint: hint, What: what, Spec: spec,
		read: line(name, func(r *T) string {
			if *at(r) == 0 {
				return "none"
			}
			return strconv.Itoa(*at(r))
		}),
		write: func(r *T, values []string, _ time.Time) error {
			v, err := one(values)
			if err != nil {
				return err
			}
			if v == "none" {
				*at(r) = 0
				return nil
			}
			n, err := strconv.Atoi(v)
			if err != nil || n < least || n > most {
				return fmt.Errorf("%q is neither none nor a number from %d to %d%s", v, least, most, in(spec))
			}
			*at(r) = n
			return nil
		},
	}
}

func in(spec string) string {
	if spec == "" {
		return ""
	}
	return " (" + spec + ")"
}

// list is a field of several values, each checked alone.
func list[T any](name, hint, what, spec string, at func(*T) *[]string, check func(string) error) Field[T] {
	return Field[T]{
		Name: name, Hint: hint, What: what, Spec: spec, Many: true,
		read: line(name, func(r *T) string { return strings.Join(*at(r), " ") }),
		write: func(r *T, values []string, _ time.Time) error {
			next, err := merge(*at(r), values)
			if err != nil {
				return err
			}
			if len(next) > maxList {
				return fmt.Errorf("takes %d values at most", maxList)
			}
			for _, v := range next {
				if err := check(v); err != nil {
					return err
				}
			}
			*at(r) = next
			return nil
		},
	}
}

const maxList = 100

// merge is what +value, -value and plain values do to a list. Values stay in
// order, each once. One empty value empties the list.
func merge(have, values []string) ([]string, error) {
	var plain, next []string
	edits := 0
	for _, v := range values {
		if v = strings.TrimSpace(v); v == "" {
			continue
		}
		if v[0] == '+' || v[0] == '-' {
			edits++
			continue
		}
		plain = append(plain, v)
	}
	switch {
	case edits > 0 && len(plain) > 0:
		return nil, fmt.Errorf("mixes +value and -value, which change the list, with plain values, which replace it")
	case edits > 0:
		next = slices.Clone(have)
	}
	for _, v := range plain {
		next = with(next, v)
	}
	for _, v := range values {
		switch v = strings.TrimSpace(v); {
		case strings.HasPrefix(v, "+"):
			next = with(next, v[1:])
		case strings.HasPrefix(v, "-"):
			next = slices.DeleteFunc(next, func(x string) bool { return x == v[1:] })
		}
	}
	return next, nil
}

func with(list []string, v string) []string {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}
