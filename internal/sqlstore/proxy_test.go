package sqlstore

import (
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// proxy stands between a store and PostgreSQL, and loses what a network loses.
type proxy struct {
	listener net.Listener
	network  string
	target   string

	// How many more bytes pass; the one that does not takes all connections with
	// it. Negative: all.
	toServer, toClient atomic.Int64
	hole               atomic.Bool // what is sent disappears

	mu   sync.Mutex
	live map[net.Conn]bool
	down bool
}

// newProxy gives a proxy, and a URL that leads through it.
func newProxy(t *testing.T, database string) (*proxy, string) {
	t.Helper()
	c, err := pgconn.ParseConfig(database)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{live: map[net.Conn]bool{}}
	p.network, p.target = pgconn.NetworkAddress(c.Host, c.Port)
	p.toServer.Store(-1)
	p.toClient.Store(-1)
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	var accepting sync.WaitGroup
	accepting.Go(p.accept)
	t.Cleanup(func() {
		_ = p.listener.Close()
		p.cut()
		accepting.Wait()
	})
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Del("host")
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = p.listener.Addr().String(), q.Encode()
	return p, u.String()
}

func (p *proxy) accept() {
	var pumps sync.WaitGroup
	defer pumps.Wait()
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(p.network, p.target)
		if err != nil || !p.keep(client, server) {
			_ = client.Close()
			continue
		}
		pumps.Go(func() { p.pump(server, client, &p.toServer) })
		pumps.Go(func() { p.pump(client, server, &p.toClient) })
	}
}

// keep notes a pair of connections, unless the proxy is down.
func (p *proxy) keep(client, server net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		_ = server.Close()
		return false
	}
	p.live[client], p.live[server] = true, true
	return true
}

func (p *proxy) pump(to, from net.Conn, budget *atomic.Int64) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if err != nil {
			_ = to.Close()
			_ = from.Close()
			return
		}
		if p.hole.Load() {
			continue
		}
		for left := budget.Load(); left >= 0; left = budget.Load() {
			pass := min(int64(n), left)
			if !budget.CompareAndSwap(left, left-pass) {
				continue
			}
			if pass < int64(n) { // the cut
				_, _ = to.Write(buf[:pass])
				budget.Store(-1)
				p.cut()
				return
			}
			break
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// cut ends every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.live {
		_ = c.Close()
	}
	clear(p.live)
}

// refuse ends every connection and lets no new one in, until allow.
func (p *proxy) refuse() {
	p.mu.Lock()
	p.down = true
	p.mu.Unlock()
	p.cut()
}

func (p *proxy) allow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = false
}

func (p *proxy) String() string {
	return fmt.Sprintf("%d to the server and %d to the client are left", p.toServer.Load(), p.toClient.Load())
}
