package server

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/config"
	"countersign/internal/evidence"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/probe"
)

// Prover makes proofs for the review: it runs threat scenarios on twins of apps,
// in labs under this configuration. It changes nothing in the data of the server.
func Prover(cfg config.Config, version string, now func() time.Time) admin.Prover {
	return func(ctx context.Context, what admin.Proving) ([]*evidence.Transcript, error) {
		p := &proving{Proving: what, cfg: cfg, version: version, now: now}
		return p.run(ctx)
	}
}

// A subject is one app to be attacked, or the server: an app of the lab's own.
type subject struct {
	app    *client.Client
	server bool
	names  []string // scenarios
}

type proving struct {
	admin.Proving

	cfg     config.Config
	version string
	now     func() time.Time

	mu    sync.Mutex
	done  int
	total int
	made  []*evidence.Transcript
	errs  []error
}

// mostLabs is how many labs work side by side: each keeps a core busy.
const mostLabs = 4

func (p *proving) run(ctx context.Context) ([]*evidence.Transcript, error) {
	subjects := p.subjects()
	for _, s := range subjects {
		p.total += len(s.names)
	}
	work := make(chan subject, len(subjects))
	for _, s := range subjects {
		work <- s
	}
	close(work)
	var labs sync.WaitGroup
	for range min(len(subjects), runtime.GOMAXPROCS(0), mostLabs) {
		labs.Go(func() { p.fail(p.lab(ctx, work)) })
	}
	labs.Wait()
	return p.made, errors.Join(append(p.errs, ctx.Err())...)
}

func (p *proving) fail(err error) {
	if err == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.errs = append(p.errs, err)
}

// subjects are what there is to prove: for each app the scenarios about apps, for
// the server once those about servers.
func (p *proving) subjects() []subject {
	var perApp, perServer []string
	for _, s := range probe.All {
		if !p.Wants(s.ID) {
			continue
		}
		if s.Server {
			perServer = append(perServer, s.ID)
		} else {
			perApp = append(perApp, s.ID)
		}
	}
	var out []subject
	if len(perServer) > 0 {
		out = append(out, subject{app: typical(), server: true, names: perServer})
	}
	for _, app := range p.Apps {
		if len(perApp) > 0 {
			out = append(out, subject{app: app, names: perApp})
		}
	}
	return out
}

// lab opens a lab and works in it until there is nothing left.
func (p *proving) lab(ctx context.Context, work <-chan subject) (err error) {
	l, err := OpenLab(ctx, p.cfg, p.Org, p.version, p.now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	for s := range work {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.subject(ctx, l, s); err != nil {
			return fmt.Errorf("prove %s: %w", s.app.ID, err)
		}
	}
	return nil
}

// between is how far the clock moves from one scenario to the next: by then every
// limit on failures has forgotten the last one.
const between = 13 * time.Hour

// subject runs every scenario on a fresh twin of one app.
func (p *proving) subject(ctx context.Context, l *Lab, s subject) error {
	t, err := l.target(ctx, s.app)
	if err != nil {
		return err
	}
	for n, name := range s.names {
		if err := ctx.Err(); err != nil {
			return err
		}
		scenario, _ := probe.ByID(name)
		l.log.reset()
		l.places(t, n)
		tr := probe.Run(ctx, t, scenario, probe.Options{Now: p.now, OnCase: p.caseDone(s, scenario)})
		if tr.Subject, tr.Name = "", ""; !s.server {
			tr.Subject, tr.Name = string(s.app.ID), s.app.Name
		}
		tr.Server = p.version
		p.add(s, tr)
		if err := l.Advance(ctx, between); err != nil {
			return err
		}
		if scenario.Spoils {
			if t, err = l.target(ctx, s.app); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *proving) caseDone(s subject, scenario probe.Scenario) func(evidence.Case) {
	if p.Step == nil {
		return nil
	}
	return func(c evidence.Case) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.Step(admin.ProofStep{Done: p.done, Total: p.total, App: s.name(), Probe: scenario.ID, Title: scenario.Title, Case: &c})
	}
}

func (s subject) name() oauth.ClientID {
	if s.server {
		return ""
	}
	return s.app.ID
}

func (p *proving) add(s subject, tr *evidence.Transcript) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made = append(p.made, tr)
	p.done++
	if p.Step != nil {
		p.Step(admin.ProofStep{Done: p.done, Total: p.total, App: s.name(), Probe: tr.Probe, Title: tr.Title, Result: tr.Result, Why: tr.Why})
	}
}

// typical is the app on which the server as such is proven: one of ours, as an
// administrator would make it today.
func typical() *client.Client {
	return &client.Client{
		ID: "probe-typical", Name: "A typical app", Type: client.Confidential, Platform: client.Web, FirstParty: true,
		Settings: client.Settings{
			AuthMethod: client.AuthSecretBasic, Rotation: true, PostOnly: true, AccessToken: client.AccessToken{Format: client.FormatJWT},
			Scopes: oauth.Scopes{oauth.ScopeOpenID, oauth.ScopeProfile, oauth.ScopeEmail, oauth.ScopeOfflineAccess, "api"},
			Flows: flow.Switches{
				flow.CodeAndCredentials: {On: true, RequireSecret: true, RequirePKCE: true}, flow.RefreshToken: {On: true, RequireSecret: true},
			},
		},
	}
}
