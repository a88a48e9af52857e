package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/web"
)

// How often the janitors look.
const (
	flushEvery = time.Second
	turnEvery  = 30 * time.Second
	usageEvery = time.Minute
	// endingsFor is how long an ending matters: the life of the longest access
	// token, and clocks that differ.
	endingsFor = client.AccessTokenCeiling + time.Hour
)

// Run serves until the context ends, then stops in good order: /readyz says no,
// a load balancer gets time to notice, requests under way finish, what waits is
// written, the data are closed. Errors: what kept it from serving, or from
// stopping in time.
func (s *Server) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var janitors sync.WaitGroup
	s.janitors(work, &janitors)
	public, private := s.httpServer(s.handler), s.httpServer(s.metrics.handler())
	failed := make(chan error, 2)
	s.serve(public, private, failed)
	s.record(work, audit.ServerStarted) // a stop that comes at once does not undo the start
	s.o.Log.LogAttrs(ctx, slog.LevelInfo, "serving", slog.String("address", s.Address()), slog.String("issuer", s.Issuer),
		slog.String("metrics", s.MetricsAddress()), slog.String("version", s.o.Version))

	s.warnPlain(ctx)

	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		s.drain()
	}
	late, cancel := context.WithTimeout(work, time.Duration(s.cfg.ShutdownGrace))
	defer cancel()
	err = errors.Join(err, finish(late, public), finish(late, private))
	s.record(work, audit.ServerStopped)
	stop()
	janitors.Wait()
	s.o.Log.LogAttrs(work, slog.LevelInfo, "stopped")
	return errors.Join(err, s.Close())
}

// warnPlain speaks up when passwords could cross a network unprotected.
//
// Spec: RFC 9700 §2.6.
func (s *Server) warnPlain(ctx context.Context) {
	addr, ok := s.public.Addr().(*net.TCPAddr)
	if s.certs == nil && ok && !addr.IP.IsLoopback() && len(s.cfg.TrustedProxies) == 0 {
		s.o.Log.LogAttrs(ctx, slog.LevelWarn, "plain HTTP on an address that others reach: give tls.certificate_file, or put a proxy in front and name it in trusted_proxies")
	}
}

// drain lets load balancers see that this node is going.
func (s *Server) drain() {
	s.health.draining.Store(true)
	if wait := time.Duration(s.cfg.DrainWait); wait > 0 {
		time.Sleep(wait)
	}
}

func finish(ctx context.Context, srv *http.Server) error {
	if err := srv.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests were cut off: %w", err), srv.Close())
	}
	return nil
}

func (s *Server) httpServer(h http.Handler) *http.Server {
	srv := &http.Server{Handler: h, ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug)} //nolint:gosec // web.Limit sets the timeouts
	web.Limit(srv)
	return srv
}

func (s *Server) serve(public, private *http.Server, failed chan<- error) {
	go func() {
		var err error
		if s.certs != nil {
			public.TLSConfig = s.certs.config()
			err = public.ServeTLS(s.public, "", "")
		} else {
			err = public.Serve(s.public)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	if s.private == nil {
		return
	}
	go func() {
		if err := private.Serve(s.private); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
}

// janitors are the jobs that every node does; each is harmless when another node
// does it at the same time.
func (s *Server) janitors(ctx context.Context, wg *sync.WaitGroup) {
	wg.Go(func() {
		if err := s.DB.Run(ctx); err != nil {
			s.o.Log.LogAttrs(ctx, slog.LevelError, "the poll stopped", slog.String("fault", err.Error()))
		}
	})
	wg.Go(func() {
		tick := time.NewTicker(flushEvery)
		defer tick.Stop()
		s.refused.Run(ctx, tick.C)
	})
	wg.Go(func() { s.every(ctx, turnEvery, s.turn) })
	wg.Go(func() { s.reread(ctx) })
	wg.Go(func() {
		s.CountUsage(ctx) // at once, so that the data say since when somebody counts
		s.every(ctx, usageEvery, s.CountUsage)
		s.CountUsage(context.WithoutCancel(ctx))
	})
}

func (s *Server) every(ctx context.Context, period time.Duration, job func(context.Context)) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			job(ctx)
		}
	}
}

// turn moves signing keys that are due, and forgets endings that nothing alive
// can meet any more.
func (s *Server) turn(ctx context.Context) {
	if n, err := s.Desk.TurnKeys(ctx); err != nil {
		s.o.Log.LogAttrs(ctx, slog.LevelError, "signing keys not turned", slog.String("fault", err.Error()))
	} else if n > 0 {
		s.o.Log.LogAttrs(ctx, slog.LevelInfo, "signing keys turned", slog.Int("keys", n))
	}
	s.endings.Sweep(s.o.Now().Add(-endingsFor))
}

// CountUsage writes what was seen of apps, and how many requests there were, since the last time. What cannot be written now is written
// a minute later.
func (s *Server) CountUsage(ctx context.Context) {
	if err := errors.Join(s.used.Flush(ctx), s.load.Flush(ctx)); err != nil && ctx.Err() == nil {
		s.o.Log.LogAttrs(ctx, slog.LevelWarn, "usage of apps not counted yet", slog.String("fault", err.Error()))
	}
}
