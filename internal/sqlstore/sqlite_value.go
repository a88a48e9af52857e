package sqlstore

import (
	"database/sql/driver"
	"fmt"
)

// named gives arguments as the driver takes them. Their types are those that tx
// lists.
func named(args []any) ([]driver.NamedValue, error) {
	out := make([]driver.NamedValue, len(args))
	for i, a := range args {
		v, ok := bound(a)
		if !ok {
			return nil, fmt.Errorf("argument %d: a %T cannot be written", i+1, a)
		}
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return out, nil
}

func bound(a any) (v driver.Value, ok bool) {
	switch a := a.(type) {
	case nil, int64, string, []byte:
		v = a
	case int:
		v = int64(a)
	case int32:
		v = int64(a)
	case int16:
		v = int64(a)
	case *int64:
		if a != nil {
			v = *a
		}
	case *[]byte:
		if a != nil {
			v = *a
		}
	default:
		return nil, false
	}
	return v, true
}

// assign puts the values of a row where they are wanted. What would lose
// something by it is an error.
func assign(row []driver.Value, dest []any) error {
	if len(row) != len(dest) {
		return fmt.Errorf("%d columns were read, %d are wanted", len(row), len(dest))
	}
	for i, value := range row {
		if !place(value, dest[i]) {
			return fmt.Errorf("column %d: a %T does not fit into a %T", i+1, value, dest[i])
		}
	}
	return nil
}

func place(value driver.Value, dest any) bool {
	switch value := value.(type) {
	case int64:
		return placeNumber(value, dest)
	case string:
		return placeText(value, dest)
	case []byte:
		return placeBytes(value, dest)
	case nil:
		return placeNull(dest)
	}
	return false
}

func placeNumber(n int64, dest any) bool {
	fits := true
	switch d := dest.(type) {
	case *int64:
		*d = n
	case **int64:
		*d = &n
	case *int:
		*d = int(n)
		fits = int64(*d) == n
	case *int32:
		*d = int32(n) //nolint:gosec // looked at right here
		fits = int64(*d) == n
	case *int16:
		*d = int16(n) //nolint:gosec // looked at right here
		fits = int64(*d) == n
	default:
		fits = false
	}
	return fits
}

func placeText(s string, dest any) bool {
	switch d := dest.(type) {
	case *string:
		*d = s
	case *[]byte:
		*d = []byte(s)
	default:
		return false
	}
	return true
}

// placeBytes takes the slice as it is: the driver makes one for each value.
func placeBytes(b []byte, dest any) bool {
	switch d := dest.(type) {
	case *[]byte:
		*d = b
	case *string:
		*d = string(b)
	default:
		return false
	}
	return true
}

// placeNull serves what may be NULL, and empty bytes, which the driver does not
// tell from it.
func placeNull(dest any) bool {
	switch d := dest.(type) {
	case **int64:
		*d = nil
	case *[]byte:
		*d = nil
	default:
		return false
	}
	return true
}
