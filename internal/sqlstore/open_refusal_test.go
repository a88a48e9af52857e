package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/audit"
)

// rawSQL runs statements on a file without this package's care.
func rawSQL(t *testing.T, dir string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(s, err)
		}
	}
}

// TestOpenClosesTheFileToOthers: a copy made with the usual umask.
func TestOpenClosesTheFileToOthers(t *testing.T) {
	dir := t.TempDir()
	_ = open(t, Options{Dir: dir}).Close()
	path := filepath.Join(dir, fileName)
	if err := os.Chmod(path, 0o664); err != nil {
		t.Fatal(err)
	}
	open(t, Options{Dir: dir})
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o660 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// TestOpenRefuses: each fault is one clear sentence, and nothing is touched.
func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
		options func(o *Options)
		want    string
	}{
		{"nothing named", nil, func(o *Options) { o.Dir = "" }, "use --data DIR"},
		{"a slip in the path", nil, func(o *Options) { o.MustExist = true }, "does not exist; check --data"},
		{"read-only without a database", nil, func(o *Options) { o.ReadOnly = true }, "does not exist; check --data"},
		{"a database of another program", func(t *testing.T, dir string) {
			rawSQL(t, dir, "CREATE TABLE recipes (title text)")
		}, nil, "database of another program"},
		{"a file that is no database", func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, fileName), bytes.Repeat([]byte("Dear diary. "), 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		}, nil, "is no database of countersign"},
		{"a newer schema", func(t *testing.T, dir string) {
			_ = open(t, Options{Dir: dir}).Close()
			rawSQL(t, dir, "INSERT INTO schema_version (number, name) VALUES (999, 'future')")
		}, nil, "run the newer countersign that wrote it"},
		{"a newer schema, reading", func(t *testing.T, dir string) {
			_ = open(t, Options{Dir: dir}).Close()
			rawSQL(t, dir, "INSERT INTO schema_version (number, name) VALUES (999, 'future')")
		}, func(o *Options) { o.ReadOnly = true }, "run the newer countersign that wrote it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Dir: t.TempDir()}
			if c.prepare != nil {
				c.prepare(t, o.Dir)
			}
			if c.options != nil {
				c.options(&o)
			}
			path := filepath.Join(o.Dir, fileName)
			before, _ := os.ReadFile(path)
			db, err := Open(t.Context(), o)
			if err == nil {
				_ = db.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant a sentence with: %s", err, c.want)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestNetworkFileSystems(t *testing.T) {
	for magic, bad := range map[uint32]bool{0x6969: true, 0xff534d42: true, 0x01021997: true, 0xef53: false, 0x9123683e: false, 0x01021994: false} {
		if err := networkRefusal("/data", magic); (err != nil) != bad {
			t.Errorf("file system %#x: %v", magic, err)
		}
	}
}

// TestOpenTogether: several processes may make one database at the same time.
func TestOpenTogether(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	orgs := make([]string, 8)
	for i := range orgs {
		all.Go(func() {
			db, err := Open(t.Context(), Options{Dir: dir})
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			org, err := db.Org(t.Context())
			if err != nil {
				t.Error(err)
			}
			orgs[i] = org.ID
		})
	}
	all.Wait()
	for _, id := range orgs {
		if id == "" || id != orgs[0] {
			t.Fatalf("different settings for one database: %v", orgs)
		}
	}
	info, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
}

func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	if err := open(t, Options{Dir: dir}).Record(t.Context(), audit.New(now, audit.ServerStarted)); err != nil {
		t.Fatal(err)
	}
	db := open(t, Options{Dir: dir, ReadOnly: true})
	if list, err := db.List(t.Context(), audit.Filter{}); err != nil || len(list) != 1 {
		t.Errorf("reading: %v, %v", list, err)
	}
	if err := db.Record(t.Context(), audit.New(now, audit.ServerStopped)); !errors.Is(err, ErrReadOnly) {
		t.Errorf("writing: %v", err)
	}
	if err := db.Ready(); err != nil {
		t.Error(err)
	}
}

// liar is an engine that reports every row as found.
type liar struct{ engine }

func (l liar) change(ctx context.Context, fn func(tx) error) error {
	return l.engine.change(ctx, func(t tx) error { return fn(lyingTx{t}) })
}

type lyingTx struct{ tx }

func (l lyingTx) one(text string, args []any, dest ...any) (bool, error) {
	_, err := l.tx.one(text, args, dest...)
	return true, err
}

// deaf is an engine whose second connection wins every race.
type deaf struct{ engine }

func (d deaf) rival(_ context.Context, fn func(tx) error) error { return fn(winningTx{}) }

type winningTx struct{ tx }

func (winningTx) one(string, []any, ...any) (bool, error) { return true, nil }

// TestSelfTest: a database that does not count rows honestly is not used.
func TestSelfTest(t *testing.T) {
	db := open(t, Options{})
	honest := db.eng
	for _, c := range []struct {
		eng  engine
		want string
	}{
		{honest, ""},
		{liar{honest}, "a second insert of the same id loses"},
		{deaf{honest}, "one wins, not both or none"},
	} {
		db.eng = c.eng
		err := db.selfTest(t.Context())
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%T: %v, want %q", c.eng, err, c.want)
		}
	}
	db.eng = honest
	var left int
	err := db.eng.read(t.Context(), func(t tx) error {
		_, err := t.one(`SELECT count(*) FROM meta`, nil, &left)
		return err
	})
	if err != nil || left != 0 {
		t.Errorf("the self-test left %d rows, %v", left, err)
	}
}
