package sqlstore

import (
	"reflect"
	"strings"
	"testing"
)

// TestValues: what is written comes back, and what does not fit is an error, not
// another value.
func TestValues(t *testing.T) {
	db := open(t, Options{})
	many := int64(1) << 40
	for _, c := range []struct {
		name string
		arg  any
		want any // a value of the type that is read
		err  string
	}{
		{"int", 7, 7, ""},
		{"int16", int16(-7), int16(-7), ""},
		{"int32", int32(70_000), int32(70_000), ""},
		{"int64", many, many, ""},
		{"text", "ada", "ada", ""},
		{"bytes", []byte{0, 255}, []byte{0, 255}, ""},
		{"no bytes", []byte{}, []byte(nil), ""},
		{"text as bytes", "ada", []byte("ada"), ""},
		{"bytes as text", []byte("ada"), "ada", ""},
		{"a number that may be NULL", &many, &many, ""},
		{"NULL", (*int64)(nil), (*int64)(nil), ""},
		{"NULL bytes", (*[]byte)(nil), []byte(nil), ""},
		{"nothing", nil, (*int64)(nil), ""},
		{"too large for int16", int64(40_000), int16(0), "a int64 does not fit into a *int16"},
		{"too large for int32", many, int32(0), "a int64 does not fit into a *int32"},
		{"a number as text", int64(7), "", "a int64 does not fit into a *string"},
		{"text as a number", "7", int64(0), "a string does not fit into a *int64"},
		{"bytes as a number", []byte("7"), int64(0), "a []uint8 does not fit into a *int64"},
		{"NULL as text", (*int64)(nil), "", "a <nil> does not fit into a *string"},
		{"a fraction", 0.5, int64(0), "a float64 cannot be written"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := reflect.New(reflect.TypeOf(c.want))
			err := db.eng.read(t.Context(), func(t tx) error {
				_, err := t.one("SELECT $1", []any{c.arg}, got.Interface())
				return err
			})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v, want %q", err, c.err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got.Elem().Interface(), c.want) {
				t.Errorf("%v, %v; want %v", got.Elem(), err, c.want)
			}
		})
	}
	err := db.eng.read(t.Context(), func(t tx) error {
		var n int64
		_, err := t.one("SELECT 1, 2", nil, &n)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "2 columns were read, 1 are wanted") {
		t.Errorf("a column too many: %v", err)
	}
}
