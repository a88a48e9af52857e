// Package server builds the house from a configuration: it opens the data, hands
// every part what it needs, listens, runs the janitors, and stops in good order.
// It decides nothing about a request, an app or a person.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/config"
	"countersign/internal/endpoint"
	"countersign/internal/gate"
	"countersign/internal/grant"
	"countersign/internal/key"
	"countersign/internal/load"
	"countersign/internal/login"
	"countersign/internal/usage"
	"countersign/internal/web"
)

// Options are what a server needs besides its configuration.
type Options struct {
	Config  config.Config
	Version string
	Log     *slog.Logger
	Now     func() time.Time // the wall clock; tests bring their own
	// Reread gives the configuration as it stands now. Nil: it never changes.
	Reread func() (config.Config, error)
	Hangup <-chan os.Signal // asks for Reread at once
	Level  *slog.LevelVar   // of Log; nil: log_level changes nothing
}

// Server is a node: built by New, working while Run runs.
type Server struct {
	*Data
	Issuer  string
	o       Options
	cfg     config.Config
	apps    *client.Directory
	ring    *key.Ring
	endings *grant.Endings
	origins *endpoint.Origins
	pool    *login.Pool
	hands   *hands
	refused *web.Recorder
	used    *usage.Counter
	load    *load.Counter
	gate    *gate.Gate
	metrics *metrics
	health  *health
	handler http.Handler
	public  net.Listener
	private net.Listener // of the metrics; nil: off
	certs   *certificates
	prover  *login.Prover
	site    *web.Site
	reloads *reloader
}

// New opens the data, binds the listeners and builds everything. It serves
// nothing yet: Run does. Errors say what to do about them.
func New(ctx context.Context, o Options) (_ *Server, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{
		o: o, cfg: o.Config, apps: &client.Directory{}, ring: &key.Ring{}, endings: &grant.Endings{},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.Data, err = OpenData(ctx, s.dataOptions()); err != nil {
		return nil, err
	}
	s.Desk.Prover = Prover(s.cfg, o.Version, o.Now)
	if err = s.Desk.FirstKeys(ctx); err != nil {
		return nil, err
	}
	if err = s.follow(ctx); err != nil {
		return nil, err
	}
	if err = s.listen(ctx); err != nil {
		return nil, err
	}
	if s.Issuer, err = s.issuer(); err != nil {
		return nil, err
	}
	return s, s.build()
}

func (s *Server) dataOptions() DataOptions {
	return DataOptions{
		Dir: s.cfg.Data, Database: s.cfg.URL(), Serving: true, MasterKey: string(s.cfg.MasterKey), Now: s.o.Now, Actor: "server",
		PollEvery: time.Duration(s.cfg.PollInterval), AuditKeep: time.Duration(s.cfg.AuditRetention),
		Password: s.cfg.Password, About: About(s.cfg, s.o.Version),
	}
}

// follow fills what is answered from memory, and keeps it filled.
func (s *Server) follow(ctx context.Context) error {
	s.DB.Follow(s.apply)
	if err := s.DB.Poll(ctx); err != nil {
		return err
	}
	return s.DB.Ready()
}

func (s *Server) listen(ctx context.Context) (err error) {
	var lc net.ListenConfig
	if s.public, err = lc.Listen(ctx, "tcp", s.cfg.Listen); err != nil {
		return fmt.Errorf("listen on %s: %w; choose another address with --listen, or port 0 for a free one", s.cfg.Listen, cause(err))
	}
	if s.cfg.MetricsListen == "" {
		return nil
	}
	s.private, err = lc.Listen(ctx, "tcp", s.cfg.MetricsListen)
	if err != nil && s.cfg.MetricsListen == config.Default().MetricsListen {
		// Nobody asked for this port: a second server on the machine takes a free one.
		s.private, err = lc.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	if err != nil {
		return fmt.Errorf("listen on %s for metrics: %w; choose another address with --metrics-listen, or switch it off with --metrics-listen=", s.cfg.MetricsListen, cause(err))
	}
	return nil
}

// cause leaves out what the sentence around it says already.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// ErrIssuer asks for a name when none can be guessed.
var ErrIssuer = errors.New("the server listens on every address, so nobody can guess its name: give --issuer https://…")

// issuer is the configured one, or the address that was bound.
//
// Spec: RFC 8414 §2.
func (s *Server) issuer() (string, error) {
	if s.cfg.Issuer != "" {
		return s.cfg.Issuer, nil
	}
	addr, ok := s.public.Addr().(*net.TCPAddr)
	if !ok || addr.IP.IsUnspecified() {
		return "", ErrIssuer
	}
	scheme := "http://"
	if s.cfg.TLS.Certificate != "" {
		scheme = "https://"
	}
	return scheme + addr.String(), nil
}

// Address is where the server listens, with the port that was chosen.
func (s *Server) Address() string { return s.public.Addr().String() }

// MetricsAddress is where /metrics is served; empty: nowhere.
func (s *Server) MetricsAddress() string {
	if s.private == nil {
		return ""
	}
	return s.private.Addr().String()
}

// URL is where a client on this machine reaches the server.
func (s *Server) URL() string {
	scheme := "http://"
	if s.certs != nil {
		scheme = "https://"
	}
	return scheme + s.Address()
}

// Handler answers requests as the listener does.
func (s *Server) Handler() http.Handler { return s.handler }

// Close lets go of what New took, for a server that never ran.
func (s *Server) Close() error {
	var errs []error
	for _, l := range []net.Listener{s.public, s.private} {
		if l != nil {
			errs = append(errs, ignoreClosed(l.Close()))
		}
	}
	if s.hands != nil {
		s.hands.close()
	}
	if s.Data != nil {
		errs = append(errs, s.Data.Close())
	}
	return errors.Join(errs...)
}

// Hands is how many threads check passwords. Each holds one of Go's processors
// for as long as a hash takes, so a process that serves wants as many more of
// them as it has cores: what else there is to do then waits for no hash, and the
// kernel, which knows the priorities, shares the cores.
func (s *Server) Hands() int { return s.pool.Stats().Workers }

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// record writes a line about the node itself into the audit log.
func (s *Server) record(ctx context.Context, name audit.Name, detail ...string) {
	e := audit.New(s.o.Now(), name).With("version", s.o.Version).With("address", s.Address())
	for i := 0; i+1 < len(detail); i += 2 {
		e = e.With(detail[i], detail[i+1])
	}
	e.Actor = "server"
	if err := s.DB.Record(ctx, e); err != nil {
		s.o.Log.LogAttrs(ctx, slog.LevelWarn, "event not recorded", slog.String("event", string(name)), slog.String("fault", err.Error()))
	}
}

func (s *Server) https() bool { return strings.HasPrefix(s.Issuer, "https://") }
