package web

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
)

// TestOneEndOfABodyJ02: net/http reads a request that is chunked and has a
// Content-Length, too, as chunked. A proxy that goes by the length has sent the
// next request inside; it must not be answered on this connection.
func TestOneEndOfABodyJ02(t *testing.T) {
	var served atomic.Int32
	srv := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) })}
	Limit(srv)
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // of this test
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(l) }()
	defer srv.Close()
	const next = "GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
	for name, row := range map[string]struct {
		head string
		want int32
	}{
		"length alone":       {"Content-Length: 5\r\n\r\n0\r\n\r\n", 2},
		"chunked":            {"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1},
		"chunked and length": {"Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1},
		"two lengths":        {"Content-Length: 5\r\nContent-Length: 0\r\n\r\n0\r\n\r\n", 0},
		"unknown coding":     {"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 0},
	} {
		served.Store(0)
		c, err := net.Dial("tcp", l.Addr().String()) //nolint:noctx // of this test
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\n"+row.head+next)
		for r := bufio.NewReader(c); ; {
			a, err := http.ReadResponse(r, nil)
			if err != nil {
				break
			}
			_ = a.Body.Close()
		}
		_ = c.Close()
		if served.Load() != row.want {
			t.Errorf("%s: %d requests served, want %d", name, served.Load(), row.want)
		}
	}
}
