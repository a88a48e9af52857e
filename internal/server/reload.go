package server

import (
	"context"
	"log/slog"
	"reflect"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/config"
	"countersign/internal/web"
)

// rereadEvery is how often the configuration is looked at. A change is taken up
// when it stands for two looks: the first may have met a file half written.
const rereadEvery = 5 * time.Second

// reloader compares the configuration that is in force with the one that is
// written, and takes up what a running server can.
type reloader struct {
	read    func() (config.Config, error)
	adopt   func(context.Context, verdict) bool // says whether it is in force
	running config.Config
	judged  sight // what the last verdict was about
	before  sight // the last look
}

// sight is what a look at the configuration came to.
type sight struct {
	cfg   config.Config
	fault string
}

// verdict is what became of a configuration that was read again.
type verdict struct {
	next           config.Config
	taken, waiting []string
	fault          string // not empty: nothing changed
}

func newReloader(running config.Config, read func() (config.Config, error), adopt func(context.Context, verdict) bool) *reloader {
	now := sight{cfg: running}
	return &reloader{read: read, adopt: adopt, running: running, judged: now, before: now}
}

func (r *reloader) see() sight {
	cfg, err := r.read()
	if err != nil {
		return sight{fault: err.Error()}
	}
	return sight{cfg: cfg}
}

// look takes up a change that nobody announced.
func (r *reloader) look(ctx context.Context) {
	now, before := r.see(), r.before
	r.before = now
	if reflect.DeepEqual(now, before) && !reflect.DeepEqual(now, r.judged) {
		r.judge(ctx, now)
	}
}

// told takes up what is written, and says so even if nothing changed.
func (r *reloader) told(ctx context.Context) {
	r.before = r.see()
	r.judge(ctx, r.before)
}

func (r *reloader) judge(ctx context.Context, now sight) {
	r.judged = now
	if now.fault != "" {
		r.adopt(ctx, verdict{fault: now.fault})
		return
	}
	v := verdict{}
	v.next, v.taken, v.waiting = config.Reload(r.running, now.cfg)
	if r.adopt(ctx, v) {
		r.running = v.next
	}
}

// reread follows the configuration until the context ends.
func (s *Server) reread(ctx context.Context) {
	if s.o.Reread == nil {
		return
	}
	tick := time.NewTicker(rereadEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.o.Hangup:
			s.reloads.told(ctx)
		case <-tick.C:
			s.reloads.look(ctx)
		}
	}
}

// adopt puts new values in force, and says what became of all of them.
func (s *Server) adopt(ctx context.Context, v verdict) bool {
	proxies, err := proxies(v.next)
	if v.fault == "" && err != nil {
		v.fault = err.Error()
	}
	if v.fault == "" && len(v.taken) > 0 {
		err := s.prover.Limit(v.next.Login.Limits())
		if err == nil && s.gate != nil {
			err = s.gate.Limit(v.next.Login.Limits())
		}
		if err != nil {
			v.fault = err.Error()
		}
	}
	if v.fault != "" {
		s.o.Log.LogAttrs(ctx, slog.LevelError, "configuration not reloaded; the old one goes on", slog.String("fault", v.fault))
		return false
	}
	if len(v.taken) > 0 {
		s.site.Trust(proxies)
		setLevel(s.o.Level, v.next.LogLevel)
		s.record(ctx, audit.ServerReloaded, "keys", strings.Join(v.taken, " "))
	}
	level := slog.LevelInfo
	if len(v.waiting) > 0 {
		level = slog.LevelWarn
	}
	s.o.Log.LogAttrs(ctx, level, "configuration reloaded", slog.Any("changed", v.taken), slog.Any("waiting_for_restart", v.waiting))
	return true
}

func setLevel(level *slog.LevelVar, text string) {
	if level != nil {
		_ = level.UnmarshalText([]byte(text)) // checked when it was read
	}
}

func proxies(c config.Config) (web.Proxies, error) {
	trusted, err := web.ParsePrefixes(c.TrustedProxies)
	return web.Proxies{Trusted: trusted, Forwarded: c.ProxyHeader == "forwarded"}, err
}
