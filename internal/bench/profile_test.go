package bench

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// sockets are where the children give their profiles, by role.
var sockets = map[string]string{}

func profileSocket(t testing.TB, role string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "countersign") //nolint:usetesting // a short name: the path of a socket has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	sockets[role] = filepath.Join(dir, "profile")
	return sockets[role]
}

// profile does the operation n times more under the profiler, after it was
// measured. NAME.cpu is the processor time; NAME.allocs with -base NAME.before is
// what was allocated.
func profile(b *testing.B, o operation, ws []*worker, n int) {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", sockets[roleServer])
	}}}
	ask := func(path, file string) {
		resp, err := client.Get("http://child" + path)
		if err != nil {
			b.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err == nil && resp.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %s", path, text)
		}
		if err == nil && file != "" {
			err = os.WriteFile(filepath.Join(*profileTo, file), text, 0o600)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	items, err := o.mints(ws, n)
	if err != nil {
		b.Fatal(err)
	}
	ask("/allocs", o.name+".before")
	ask("/start", "")
	if _, err := load(ws, n, func(w *worker, i int) error { return o.do(w, items[i]) }); err != nil {
		b.Fatal(err)
	}
	ask("/stop", o.name+".cpu")
	ask("/allocs", o.name+".allocs")
}
