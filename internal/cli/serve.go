package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"

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
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	o := server.Options{Config: l.Config, Hangup: hangup, Reread: func() (config.Config, error) {
		l, err := s.load(c.flags())
		return l.Config, err
	}}
	return s.serve(o, func(srv *server.Server) error {
		_, err := fmt.Fprintf(s.out, "listening on %s\n%s", srv.URL(), s.welcome(srv))
		return err
	})
}

// serve builds the server, says that it is there, and runs it. The first signal
// drains, the second kills.
func (s *session) serve(o server.Options, ready func(*server.Server) error) error {
	o.Version, o.Now = version(), s.now
	o.Log, o.Level = logger(s.err, o.Config.LogLevel)
	srv, err := server.New(s.ctx, o)
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + srv.Hands())
	if err := ready(srv); err != nil {
		return err
	}
	defer context.AfterFunc(s.ctx, s.stop)()
	return srv.Run(s.ctx)
}

// welcome is how the first owner gets into the console, as long as there is none.
func (s *session) welcome(srv *server.Server) string {
	link, err := srv.Bootstrap(s.ctx)
	switch {
	case err != nil:
		return fmt.Sprintf("no link for the first administrator: %s\n", err)
	case link == "":
		return ""
	}
	return fmt.Sprintf("become the first administrator, once, within a day: %s\n", link)
}

// logger writes one JSON object a line, from a level on that may change.
func logger(w io.Writer, level string) (*slog.Logger, *slog.LevelVar) {
	l := new(slog.LevelVar)
	_ = l.UnmarshalText([]byte(level)) // checked when it was read
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l})), l
}
