package clustertest

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// proxy stands between a server and its database, and does to what passes what
// networks do: late, or not at all. Nothing is lost in it: after a black hole is
// mended, what was sent arrives, as TCP would have it.
type proxy struct {
	listener net.Listener
	target   string

	mu      sync.Mutex
	late    time.Duration
	passing chan struct{} // closed while bytes pass
	conns   map[net.Conn]struct{}
}

// newProxy passes connections on to the target, until the test ends.
func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target, passing: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	close(p.passing)
	t.Cleanup(p.close)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// delay makes every piece late by so much.
func (p *proxy) delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = d
}

// hole lets nothing through, and closes nothing either.
func (p *proxy) hole() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passing = make(chan struct{})
}

// mend ends a hole.
func (p *proxy) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.passing:
	default:
		close(p.passing)
	}
}

func (p *proxy) close() {
	_ = p.listener.Close()
	p.mend()
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

// wait holds a piece back for as long as the network would.
func (p *proxy) wait() {
	p.mu.Lock()
	late, passing := p.late, p.passing
	p.mu.Unlock()
	time.Sleep(late)
	<-passing
}

func (p *proxy) keep(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = struct{}{}
}

func (p *proxy) serve(client net.Conn) {
	p.keep(client)
	defer client.Close()
	p.wait()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	p.keep(server)
	defer server.Close()
	go func() {
		p.copy(server, client)
		_ = server.Close() // so that the other direction ends, too
	}()
	p.copy(client, server)
}

func (p *proxy) copy(to, from net.Conn) {
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 {
			p.wait()
			if _, err := to.Write(piece[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func TestProxy(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		conn, err := echo.Accept()
		if err == nil {
			_, _ = io.Copy(conn, conn)
		}
	}()
	p := newProxy(t, echo.Addr().String())
	conn, err := net.Dial("tcp", p.address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	send := func(text string, limit time.Duration) error {
		_ = conn.SetDeadline(time.Now().Add(limit))
		if _, err := io.WriteString(conn, text); err != nil {
			return err
		}
		back := make([]byte, len(text))
		_, err := io.ReadFull(conn, back)
		if err == nil && !bytes.Equal(back, []byte(text)) {
			t.Errorf("sent %q, came back as %q", text, back)
		}
		return err
	}
	if err := send("straight", 20*time.Second); err != nil {
		t.Errorf("straight through: %v", err)
	}
	p.delay(40 * time.Millisecond)
	began := time.Now()
	if err := send("late", 20*time.Second); err != nil || time.Since(began) < 80*time.Millisecond {
		t.Errorf("there and back took %v, %v; two pieces are late", time.Since(began), err)
	}
	p.delay(0)
	p.hole()
	if err := send("gone", 100*time.Millisecond); err == nil {
		t.Error("something came through the hole")
	}
	p.mend()
	back := make([]byte, 4)
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.ReadFull(conn, back); err != nil || string(back) != "gone" {
		t.Errorf("after the hole: %q, %v", back, err)
	}
}
