package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/config"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/server"
)

type demoCommand struct {
	Listen string `help:"Address and port; port 0 takes a free one." default:"127.0.0.1:8480"`
}

// The demo's records. Their ids are fixed so that documents can name them.
const (
	demoServerApp = "demo-server-app"
	demoMobileApp = "demo-mobile-app"
	demoPerson    = "alice@example.com"
	demoRedirect  = "http://127.0.0.1/services/oauth2/echo" // any port: RFC 8252 §7.3
	demoFile      = "demo.json"
)

// demo is what the demo's texts need. The file demo.json in the data directory
// keeps it between runs: a secret cannot be read back from the database.
type demo struct {
	URL      string `json:"url"`
	Issuer   string `json:"issuer"`
	App      string `json:"confidential_client_id"`
	Secret   string `json:"confidential_client_secret"`
	Public   string `json:"public_client_id"`
	Redirect string `json:"redirect_uri"`
	Username string `json:"username"`
	Dir      string `json:"data"`
	Password string `json:"password"`
	Console  string `json:"console,omitempty"` // a one-time link the first time
}

// Run seeds, serves and prints what to paste.
func (c *demoCommand) Run(s *session) (err error) {
	dir, clean, err := c.dir(s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, clean()) }()
	l, err := s.load(map[string]string{"data": dir, "listen": c.Listen, "metrics_listen": "", "log_level": "warn", "console.second_factor": "false"})
	if err != nil {
		return err
	}
	seeded, err := s.seed(l.Config)
	if err != nil {
		return err
	}
	return s.serve(server.Options{Config: l.Config}, func(srv *server.Server) error {
		seeded.URL, seeded.Issuer = srv.URL(), srv.Issuer
		if seeded.Console, err = srv.Bootstrap(s.ctx); err != nil {
			return err
		} else if seeded.Console == "" {
			seeded.Console = srv.ConsoleURL()
		}
		seeded.Dir, seeded.Redirect = dir, srv.URL()+"/services/oauth2/echo"
		if s.Output == "json" {
			return s.json(seeded)
		}
		_, err := fmt.Fprint(s.out, seeded.text())
		return err
	})
}

// dir is the data directory that was asked for, or a new one that goes away.
func (c *demoCommand) dir(s *session) (string, func() error, error) {
	keep := func() error { return nil }
	if s.Data != nil {
		return *s.Data, keep, nil
	}
	for _, e := range s.environ {
		if v, ok := strings.CutPrefix(e, config.EnvPrefix+"DATA="); ok {
			return v, keep, nil
		}
	}
	dir, err := os.MkdirTemp("", "countersign-demo-")
	return dir, func() error { return os.RemoveAll(dir) }, err
}

// seed makes what is not there yet.
func (s *session) seed(c config.Config) (d demo, err error) {
	data, err := server.OpenData(s.ctx, server.DataOptions{
		Dir: c.Data, Database: c.URL(), Now: s.now, Actor: "demo", Password: c.Password, MasterKey: string(c.MasterKey),
	})
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	path := filepath.Join(c.Data, demoFile)
	if text, err := config.ReadPrivate(path); err == nil {
		if json.Unmarshal(text, &d) == nil {
			return d, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return d, err
	}
	d = demo{App: demoServerApp, Public: demoMobileApp, Username: demoPerson, Password: secret.Text(12)}
	if err := s.seedApps(data, &d); err != nil {
		return d, err
	}
	if _, err := data.Desk.CreateUser(s.ctx, admin.NewUser{Username: d.Username, Password: d.Password, Sets: []admin.Set{
		{Field: "email", Values: []string{demoPerson}},
		{Field: "name", Values: []string{"Alice Example"}},
	}}); err != nil && !errors.Is(err, account.ErrTaken) {
		return d, err
	}
	text, err := json.Marshal(d) //nolint:gosec // the demo's own secret, for its next run, in a file of mode 0600
	if err != nil {
		return d, err
	}
	return d, os.WriteFile(path, text, 0o600)
}

func (s *session) seedApps(data *server.Data, d *demo) error {
	for _, a := range []struct{ id, name, kind, platform string }{
		{demoServerApp, "Demo server app", string(client.Confidential), string(client.Web)},
		{demoMobileApp, "Demo mobile app", string(client.Public), string(client.Mobile)},
	} {
		r, err := data.Desk.CreateApp(s.ctx, oauth.ClientID(a.id), []admin.Set{
			{Field: "name", Values: []string{a.name}},
			{Field: "type", Values: []string{a.kind}},
			{Field: "platform", Values: []string{a.platform}},
			{Field: "first-party", Values: []string{"on"}},
			{Field: "flow", Values: []string{"code_and_credentials"}},
			{Field: "redirect-uri", Values: []string{demoRedirect}},
			{Field: "scope", Values: []string{"openid", "profile", "email", "offline_access", "refresh_token", "api"}},
		}, admin.Consent{Force: true}) // a web app at a loopback address is for trials only
		if err != nil {
			return err
		}
		if r.Secret != "" {
			d.Secret = r.Secret
		}
	}
	return nil
}
