package server

import (
	"context"
	"log/slog"
	"time"

	"countersign/internal/audit"
	"countersign/internal/client"
	"countersign/internal/endpoint"
	"countersign/internal/grant"
	"countersign/internal/headless"
	"countersign/internal/inspect"
	"countersign/internal/jose"
	"countersign/internal/load"
	"countersign/internal/login"
	"countersign/internal/salesforce"
	"countersign/internal/token"
	"countersign/internal/usage"
	"countersign/internal/web"
)

// build hands every part what it needs, and puts the routes of the dialects on
// one mux.
func (s *Server) build() error {
	if err := s.openTLS(); err != nil {
		return err
	}
	s.refused = &web.Recorder{Write: s.write, Now: s.o.Now, Log: s.o.Log}
	routes, err := s.routes()
	if err != nil {
		return err
	}
	s.metrics = newMetrics(s.o.Version, routes)
	s.used = &usage.Counter{Store: s.DB, Now: s.o.Now}
	s.load = &load.Counter{Store: s.DB, Now: s.o.Now}
	proxies, err := proxies(s.cfg)
	if err != nil {
		return err
	}
	s.site = &web.Site{
		Log: s.o.Log, Now: s.o.Now, Metrics: s.metrics, Refused: s.refused.Refused, Used: s.used.See, Load: s.countLoad, Origins: s.origins.Allowed, HTTPS: s.https(),
		Proxies: proxies,
	}
	s.reloads = newReloader(s.cfg, s.o.Reread, s.adopt)
	mux, err := s.site.Handler(routes...)
	if err != nil {
		return err
	}
	s.health = &health{next: mux, checks: []check{{"database", s.DB.Ready}, {"keys", s.keysReady}}}
	s.handler = s.health
	s.metrics.registry.MustRegister(&state{
		lost: s.refused.Lost, uncounted: s.used.Dropped, store: s.DB.Stats, pool: s.pool.Stats, endings: s.endings, ready: func() bool { return s.health.readiness().Ready },
	})
	return nil
}

func (s *Server) openTLS() (err error) {
	if s.cfg.TLS.Certificate == "" {
		return nil
	}
	s.certs, err = openCertificates(s.cfg.TLS, s.o.Now, func(err error) {
		s.o.Log.LogAttrs(context.Background(), slog.LevelError, "certificate not replaced; the old one goes on", slog.String("fault", err.Error()))
	})
	return err
}

// keysReady says whether both algorithms can sign.
func (s *Server) keysReady() error {
	for _, alg := range []jose.Alg{jose.ES256, jose.RS256} {
		if _, err := s.ring.Signer(alg); err != nil {
			return err
		}
	}
	return nil
}

// write keeps audit events of refusals, and counts the times that it could not.
func (s *Server) write(ctx context.Context, events ...audit.Event) error {
	err := s.DB.Record(ctx, events...)
	if err != nil {
		s.metrics.unsaid.Inc()
	}
	return err
}

// routes builds the features and the dialects in front of them.
func (s *Server) routes() ([]web.Route, error) {
	verifier := &client.Verifier{Directory: s.apps, Keys: s.Keys, Now: s.o.Now}
	s.pool = login.NewPool(s.cfg.Password.Workers, s.cfg.Password.Queue, time.Duration(s.cfg.Password.Wait))
	s.hands = newHands(s.pool.Stats().Workers)
	s.pool.Run = s.hands.do
	s.prover = &login.Prover{
		Accounts: s.DB, Log: s.DB, Keys: s.Keys, Pool: s.pool, Params: s.cfg.Password.Params(),
		Limits: s.cfg.Login.Limits(), Now: s.o.Now, Pause: pause, OnFault: s.onFault,
	}
	door := &headless.Authenticator{
		Verifier: verifier, Prover: s.prover, Audit: s.DB, Keys: s.Keys, Ready: s.mayIssue, Now: s.o.Now,
	}
	tokens := &token.Exchanger{
		Verifier: verifier, Grants: s.DB, Accounts: s.DB, Audit: s.DB, Keys: s.Keys, Ring: s.ring, Endings: s.endings,
		Issuer: s.Issuer, Ready: s.mayIssue, Note: s.refused.Note, Now: s.o.Now,
	}
	inspector := &inspect.Inspector{
		Verifier: verifier, Grants: s.DB, Accounts: s.DB, Keys: s.Keys, Ring: s.ring, Endings: s.endings,
		Issuer: s.Issuer, Now: s.o.Now, Fresh: s.DB.Fresh,
	}
	throttle := &web.Throttle{Now: s.o.Now}
	s.origins = &endpoint.Origins{Directory: s.apps, Now: s.o.Now}
	standard, err := endpoint.Routes(endpoint.Deps{
		Issuer: s.Issuer, Headless: door, Tokens: tokens, Inspector: inspector, Verifier: verifier, Ring: s.ring, Throttle: throttle,
	})
	if err != nil {
		return nil, err
	}
	plane, err := s.plane(inspector)
	if err != nil {
		return nil, err
	}
	pages, err := s.console()
	if err != nil {
		return nil, err
	}
	standard = append(append(standard, plane...), pages...)
	if !bool(s.cfg.Salesforce.Enabled) {
		return standard, nil
	}
	other, err := salesforce.Routes(salesforce.Deps{
		Issuer: s.Issuer, Base: s.cfg.Salesforce.BaseURL, Prefix: s.cfg.Salesforce.SitePrefix, Directory: s.apps,
		Keys: s.Keys, Ring: s.ring, Headless: door, Tokens: tokens, Inspector: inspector, Throttle: throttle, Origins: s.origins.Allowed,
	})
	return append(standard, other...), err
}

// mayIssue tells clients to come back when this node lost touch with its
// database; why is for /readyz.
func (s *Server) mayIssue() error {
	if s.DB.Ready() != nil {
		return grant.ErrLease.After(time.Second)
	}
	return nil
}

// pause waits, unless the client goes away.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (s *Server) onFault(ctx context.Context, err error) {
	s.o.Log.LogAttrs(ctx, slog.LevelWarn, "login went on in spite of a fault", slog.String("fault", err.Error()))
}
