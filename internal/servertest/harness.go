package servertest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"countersign/internal/config"
	"countersign/internal/server"
)

// Clock is the server's clock. It begins at the real time, so that what a
// command writes beside the server is not in its future, and runs with it.
type Clock struct {
	mu      sync.Mutex
	ahead   time.Duration
	stopped time.Time
}

// Now looks at the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped.IsZero() {
		return c.stopped
	}
	return time.Now().Add(c.ahead)
}

// Stop lets the clock stand still, but for Forward.
func (c *Clock) Stop() {
	now := c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = now
}

// Forward moves the clock.
func (c *Clock) Forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
	if !c.stopped.IsZero() {
		c.stopped = c.stopped.Add(d)
	}
}

// Node is a running server.
type Node struct {
	URL   string
	Dir   string
	Clock *Clock
	Log   *SafeBuffer

	server *server.Server
}

// Server is the server itself: for its desk, and for what it prints.
func (n *Node) Server() *server.Server { return n.server }

// Look makes the server look at what other processes changed in its data.
func (n *Node) Look() error { return n.server.DB.Poll(context.Background()) }

// Seen waits until the server has looked by itself, for so long at most.
func (n *Node) Seen(within time.Duration) error {
	asked := time.Now()
	for time.Since(asked) < within {
		if n.server.DB.Stats().LeaseAge < time.Since(asked) {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return fmt.Errorf("the server did not look at its data within %v", within)
}

// SafeBuffer keeps what is written to it, from many goroutines.
type SafeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends.
func (s *SafeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// String returns everything written so far.
func (s *SafeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Start starts a server on data in dir and stops it when the context ends; stop
// waits for that. change may change the configuration before.
func Start(ctx context.Context, dir string, change func(*config.Config)) (_ *Node, stop func() error, err error) {
	cfg := config.Default()
	cfg.Data, cfg.Listen, cfg.MetricsListen, cfg.DrainWait = dir, "127.0.0.1:0", "", 0
	cfg.Password.MemoryKiB, cfg.Password.Time = 64, 1 // what a password costs is login's own test
	if change != nil {
		change(&cfg)
	}
	n := &Node{Dir: dir, Clock: &Clock{}, Log: &SafeBuffer{}}
	log := slog.New(slog.NewJSONHandler(n.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := server.New(ctx, server.Options{Config: cfg, Version: "test", Log: log, Now: n.Clock.Now})
	if err != nil {
		return nil, nil, err
	}
	n.URL, n.server = s.Issuer, s
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return n, func() error { cancel(); return <-done }, nil
}

// StartForTest is Start for a test: it stops with it.
func StartForTest(t testing.TB, change func(*config.Config)) *Node {
	t.Helper()
	n, stop, err := Start(context.Background(), t.TempDir(), change)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return n
}
