package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"countersign/internal/config"
	"countersign/internal/server"
)

type serveCommand struct {
	Listen        *string           `help:"Address and port; port 0 takes a free one and prints it." placeholder:"127.0.0.1:8480"`
	Issuer        *string           `help:"The server's name in tokens: an https URL." placeholder:"URL"`
	MetricsListen *string           `help:"Address and port of /metrics; empty switches it off." placeholder:"127.0.0.1:9480"`
	LogLevel      *string           `help:"debug, info, warn or error." placeholder:"info"`
	Set           map[string]string `help:"Any other key of the configuration." placeholder:"KEY=VALUE" mapsep:"none"`
}

func (c *serveCommand) flags() map[string]string {
	out := map[string]string{}
	for k, v := range c.Set {
		out[k] = v
	}
	for path, v := range map[string]*string{
		"listen": c.Listen, "issuer": c.Issuer, "metrics_listen": c.MetricsListen, "log_level": c.LogLevel,
	} {
		if v != nil {
			out[path] = *v
		}
	}
	return out
}

// Run serves until SIGTERM or an interrupt.
func (c *serveCommand) Run(s *session) error {
	l, err := s.load(c.flags())
	if err != nil {
		return err
	}
	return s.serve(l.Config, func(srv *server.Server) error {
		_, err := fmt.Fprintf(s.out, "listening on %s\n", srv.URL())
		return err
	})
}

// serve builds the server, says that it is there, and runs it. The first signal
// drains, the second kills.
func (s *session) serve(c config.Config, ready func(*server.Server) error) error {
	srv, err := server.New(s.ctx, server.Options{Config: c, Version: version(), Log: logger(s.err, c.LogLevel), Now: s.now})
	if err != nil {
		return err
	}
	if err := ready(srv); err != nil {
		return err
	}
	defer context.AfterFunc(s.ctx, s.stop)()
	return srv.Run(s.ctx)
}

// logger writes one JSON object a line.
func logger(w io.Writer, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(strings.ToUpper(level))); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l}))
}
