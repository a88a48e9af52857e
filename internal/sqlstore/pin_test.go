package sqlstore

import (
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"modernc.org/sqlite"
)

// TestPragmas: each connection has the settings that durability rests on; they
// are lost by a misspelled name without any error.
func TestPragmas(t *testing.T) {
	db := open(t, Options{})
	for _, c := range []struct {
		run    func(fn func(tx) error) error
		pragma string
		want   any
	}{
		{func(fn func(tx) error) error { return db.eng.change(t.Context(), fn) }, "synchronous", int64(2)}, // FULL
		{func(fn func(tx) error) error { return db.eng.change(t.Context(), fn) }, "journal_mode", "wal"},
		{func(fn func(tx) error) error { return db.eng.change(t.Context(), fn) }, "busy_timeout", int64(5000)},
		{func(fn func(tx) error) error { return db.eng.change(t.Context(), fn) }, "trusted_schema", int64(0)},
		{func(fn func(tx) error) error { return db.eng.read(t.Context(), fn) }, "query_only", int64(1)},
		{func(fn func(tx) error) error { return db.eng.read(t.Context(), fn) }, "busy_timeout", int64(5000)},
		{func(fn func(tx) error) error { return db.eng.rival(t.Context(), fn) }, "synchronous", int64(2)},
	} {
		got := reflect.New(reflect.TypeOf(c.want))
		err := c.run(func(t tx) error {
			_, err := t.one("PRAGMA "+c.pragma, nil, got.Interface())
			return err
		})
		if err != nil || got.Elem().Interface() != c.want {
			t.Errorf("%s = %v, %v; want %v", c.pragma, got.Elem(), err, c.want)
		}
	}
	if runtime.GOOS == "linux" && !sqlite.OFDLockingEnabled() {
		t.Error("SQLite uses POSIX locks, which any close of the file drops")
	}
}

// TestLibcPin: the driver works with exactly the version of libc that its own
// go.mod names.
func TestLibcPin(t *testing.T) {
	list := func(format, module string) string {
		t.Helper()
		out, err := exec.Command("go", "list", "-m", "-f", format, module).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	ours := list("{{.Version}}", "modernc.org/libc")
	mod := filepath.Join(list("{{.Dir}}", "modernc.org/sqlite"), "go.mod")
	out, err := exec.Command("go", "mod", "edit", "-print", mod).Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "modernc.org/libc "+ours) {
		t.Errorf("go.mod pins modernc.org/libc %s; the driver wants another version", ours)
	}
}
