package cli

import (
	"strings"

	"github.com/alecthomas/kong"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/server"
)

type appCreate struct {
	ClientID string `name:"client-id" help:"The client_id; drawn if it is left out." placeholder:"ID"`
	Kind     string `help:"Begin with the secure preset of a kind of app: mobile, spa, server, machine, salesforce." placeholder:"KIND"`
	Issuer   string `help:"With --kind: where the server is, for the echo endpoint as callback." default:"http://127.0.0.1:8480" placeholder:"URL"`
	consent
	kong.Plugins
}

// Run makes the app and prints it, with its secret, once.
func (c *appCreate) Run(s *session) error {
	words, err := c.words(s.now())
	if err != nil {
		return err
	}
	values := sets(c.Plugins)
	if c.Kind != "" {
		k, ok := admin.KindNamed(c.Kind)
		if !ok {
			return usage{"--kind: " + c.Kind + " is none of " + kinds()}
		}
		if values = k.Filled(strings.TrimSuffix(c.Issuer, "/"), s.now(), values); len(k.Missing(values)) > 0 {
			return k.Missing(values)
		}
	}
	return s.at(beginning, func(d door) error {
		r, err := d.CreateApp(s.ctx, c.ClientID, values, words)
		if err != nil {
			return err
		}
		s.warn(r.Warnings)
		return one(s, r, appSummary(r))
	})
}

func kinds() string {
	names := make([]string, len(admin.Kinds))
	for i, k := range admin.Kinds {
		names[i] = k.Name
	}
	return strings.Join(names, ", ")
}

type appSnippet struct {
	appArg
	Lang   string `help:"curl, go, typescript, swift or kotlin." default:"curl" placeholder:"LANG"`
	Issuer string `help:"Where the server is." default:"http://127.0.0.1:8480" placeholder:"URL"`
}

// Run prints one snippet. It never holds a secret.
func (c *appSnippet) Run(s *session) error {
	return c.withApp(s, reading, func(d *server.Data, a *client.Client) error {
		d.Desk.About.Salesforce = true // of a server that is not asked: the usual
		all, err := d.Desk.Snippets(s.ctx, a, admin.Place{Issuer: c.Issuer})
		if err != nil {
			return err
		}
		var langs []string
		for _, p := range all {
			if p.Lang == c.Lang {
				return s.print(p)
			}
			langs = append(langs, p.Lang)
		}
		return usage{"--lang: this app has snippets for " + strings.Join(langs, ", ")}
	})
}

func (s *session) print(p admin.Snippet) error {
	if s.Output == "json" {
		return s.json(p)
	}
	return s.done("%s", strings.TrimSuffix(p.Text, "\n"))
}
