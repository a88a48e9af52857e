package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"countersign/internal/evidence"
	"countersign/internal/probe"
	"countersign/internal/probe/blackbox"
	"countersign/internal/review/report"
)

// Exit codes of a probe, besides those of a review that did not do its work.
const (
	exitBroken      = 2  // an attack worked
	exitUnclear     = 3  // with --strict: something is inconclusive
	exitUnreachable = 69 // sysexits.h EX_UNAVAILABLE
)

type probeCommand struct {
	Issuer string `arg:"" help:"Issuer of the server, as its metadata name it."`

	ClientID         string `required:"" help:"A client of the server, made for this." placeholder:"ID"`
	ClientSecret     string `help:"Its secret; better from a file, or in PROBE_CLIENT_SECRET." placeholder:"SECRET"`
	ClientSecretFile string `help:"File with its secret." placeholder:"FILE"`
	AuthMethod       string `help:"How it authenticates: client_secret_basic, client_secret_post or none." placeholder:"METHOD" enum:",client_secret_basic,client_secret_post,none" default:""`
	RedirectURI      string `name:"redirect-uri" help:"One of its redirect URIs. Nothing is ever sent there." placeholder:"URI"`
	Scope            string `help:"What it asks for." default:"openid" placeholder:"SCOPES"`

	OtherClientID         string `help:"A second client, for what one must not do with the codes and tokens of another." placeholder:"ID"`
	OtherClientSecret     string `help:"Its secret; better from a file, or in PROBE_OTHER_CLIENT_SECRET." placeholder:"SECRET"`
	OtherClientSecretFile string `help:"File with its secret." placeholder:"FILE"`
	OtherRedirectURI      string `name:"other-redirect-uri" help:"One of its redirect URIs." placeholder:"URI"`

	User          string `help:"A person of the server, made for this." placeholder:"NAME"`
	PasswordStdin bool   `help:"Read the person's password from standard input."`
	PasswordFile  string `help:"Read it from a file. Without both: from PROBE_PASSWORD." placeholder:"FILE"`
	CookieFile    string `help:"File with the cookies of a session at the server, as a browser sends them: for logins that no form can do." placeholder:"FILE"`
	CodeCommand   string `help:"Command that signs in at $AUTHORIZATION_URL and prints where the server redirects to." placeholder:"COMMAND"`

	Dialect  string        `help:"standard, salesforce or auto." default:"auto" enum:"standard,salesforce,auto" placeholder:"WORD"`
	Scenario []string      `help:"Only this scenario. Repeatable." placeholder:"ID"`
	Every    time.Duration `help:"Time between two requests." default:"20ms" placeholder:"TIME"`
	Requests int           `help:"Requests of one scenario at most." default:"500" placeholder:"N"`
	Owned    bool          `name:"i-own-this-server" help:"The server is not on this machine, and you may probe it."`

	Evidence string `help:"Write the transcripts to a file, which review verify checks." placeholder:"FILE"`
	Sign     bool   `help:"Sign them with the review key of this database."`
	Strict   bool   `help:"End with 3 if nothing is broken, but something is inconclusive."`
}

// forms are what the outcome can be written as, besides table and json.
func (*probeCommand) forms() []string { return []string{"html"} }

// Run probes the server and says what became of each scenario.
func (c *probeCommand) Run(s *session) error {
	scenarios, err := blackbox.Scenarios(c.Scenario)
	if err != nil {
		return usage{"--scenario: " + err.Error() + "; there are: " + scenarioNames()}
	}
	if c.Requests < 1 || c.Requests > 500 || c.Every < 0 {
		return usage{"--requests is 1 to 500, --every not negative: a probe is polite"}
	}
	found, target, err := c.target(s)
	if err != nil {
		return err
	}
	for _, note := range found.Notes {
		fmt.Fprintf(s.err, "note: %s\n", note)
	}
	o := probe.Options{Now: s.now, Pause: pause, Limits: probe.Limits{Requests: c.Requests, AtATime: 20, Every: c.Every}}
	var all []evidence.Transcript
	for i, sc := range scenarios {
		done := s.progress(fmt.Sprintf("%d of %d: %s", i+1, len(scenarios), sc.Title))
		all = append(all, *blackbox.Run(s.ctx, target, sc, o))
		done()
		if err := s.ctx.Err(); err != nil {
			return ended{exitInternal, fmt.Errorf("broken off: %w", err)}
		}
	}
	if err := errors.Join(c.write(s, found, all), c.keep(s, all)); err != nil {
		return err
	}
	return c.outcome(all)
}

// outcome is how the command ends.
func (c *probeCommand) outcome(all []evidence.Transcript) error {
	switch {
	case slices.ContainsFunc(all, func(t evidence.Transcript) bool { return t.Result == evidence.Broken }):
		return ended{code: exitBroken}
	case c.Strict && slices.ContainsFunc(all, func(t evidence.Transcript) bool { return t.Result == evidence.Inconclusive }):
		return ended{code: exitUnclear}
	}
	return nil
}

func scenarioNames() string {
	var names []string
	for _, s := range probe.All {
		names = append(names, strings.TrimPrefix(s.ID, "probe."))
	}
	return strings.Join(names, ", ")
}

// pause waits, unless the run is broken off.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// target is the server with all that was given to probe it with.
func (c *probeCommand) target(s *session) (blackbox.Found, *probe.Target, error) {
	found, err := blackbox.Discover(s.ctx, c.Issuer, c.Dialect, c.Owned)
	switch {
	case errors.Is(err, blackbox.ErrForeign), errors.Is(err, blackbox.ErrIssuer):
		return found, nil, usage{err.Error()}
	case err != nil:
		return found, nil, ended{exitUnreachable, err}
	}
	t := &probe.Target{Issuer: found.Issuer, Doors: found.Doors}
	t.Inside, t.Outside = found.Addresses()
	if t.App, err = c.app(s, found); err != nil {
		return found, nil, err
	}
	if t.AppB, err = c.other(s, t.App); err != nil {
		return found, nil, err
	}
	if t.Person, err = c.person(s); err != nil {
		return found, nil, err
	}
	return found, t, c.doors(t)
}

// doors prepares how codes are got.
func (c *probeCommand) doors(t *probe.Target) error {
	browse := probe.Browse(probe.ByForms)
	switch {
	case c.CodeCommand != "":
		browse = byCommand(c.CodeCommand)
	case c.CookieFile != "":
		text, err := os.ReadFile(c.CookieFile)
		if err != nil {
			return ended{exitUnreadable, err}
		}
		cookies, err := http.ParseCookie(strings.TrimSpace(string(text)))
		if err != nil {
			return usage{"--cookie-file: " + err.Error()}
		}
		browse = probe.WithCookies(cookies)
	}
	for i := range t.Doors {
		d := &t.Doors[i]
		switch {
		case c.RedirectURI == "" || t.Person == nil:
			d.Login, d.Browse = "", nil
		case d.Browse != nil, c.CodeCommand != "", c.CookieFile != "":
			d.Login, d.Browse = "", browse
		}
	}
	if t.Person == nil {
		t.Person = &probe.Person{}
	}
	return nil
}

func (c *probeCommand) app(s *session, found blackbox.Found) (*probe.App, error) {
	text, err := s.fromFileOr(c.ClientSecretFile, cmp.Or(c.ClientSecret, s.variable("PROBE_CLIENT_SECRET")))
	if err != nil {
		return nil, err
	}
	a := &probe.App{ID: c.ClientID, Name: c.ClientID, Secret: text, Redirect: c.RedirectURI, Scopes: strings.Fields(c.Scope), Method: c.AuthMethod}
	switch {
	case a.Method == "none" && text != "", a.Method != "" && a.Method != "none" && text == "":
		return nil, usage{"--auth-method: " + a.Method + " does not go with what is given as a secret"}
	case a.Method == "" && text == "":
		a.Method = "none"
	case a.Method == "" && len(found.Methods) > 0 && !slices.Contains(found.Methods, "client_secret_basic"):
		a.Method = "client_secret_post"
	case a.Method == "":
		a.Method = "client_secret_basic" // RFC 8414 §2: the default
	}
	return a, nil
}

func (c *probeCommand) other(s *session, like *probe.App) (*probe.App, error) {
	if c.OtherClientID == "" {
		return nil, nil //nolint:nilnil // cases that need another app say so
	}
	text, err := s.fromFileOr(c.OtherClientSecretFile, cmp.Or(c.OtherClientSecret, s.variable("PROBE_OTHER_CLIENT_SECRET")))
	if err != nil {
		return nil, err
	}
	b := *like
	b.ID, b.Name, b.Secret, b.Redirect = c.OtherClientID, c.OtherClientID, text, c.OtherRedirectURI
	if text == "" {
		b.Method = "none"
	}
	return &b, nil
}

// person is who signs in; nobody if nobody was named.
func (c *probeCommand) person(s *session) (*probe.Person, error) {
	if c.User == "" && c.CookieFile == "" && c.CodeCommand == "" {
		return nil, nil //nolint:nilnil // cases that need a person say so
	}
	p := &probe.Person{Username: c.User, Password: s.variable("PROBE_PASSWORD")}
	var err error
	switch {
	case c.PasswordStdin:
		var text []byte
		text, err = io.ReadAll(io.LimitReader(s.in, maxPasswordInput))
		p.Password = strings.TrimRight(string(text), "\r\n")
	default:
		p.Password, err = s.fromFileOr(c.PasswordFile, p.Password)
	}
	if err == nil && p.Password == "" && c.CookieFile == "" && c.CodeCommand == "" {
		return nil, usage{"--user needs a password: --password-stdin, --password-file, or PROBE_PASSWORD"}
	}
	return p, err
}

// fromFileOr reads a secret from a file, if there is one.
func (s *session) fromFileOr(file, otherwise string) (string, error) {
	if file == "" {
		return otherwise, nil
	}
	text, err := os.ReadFile(file) //nolint:gosec // the person may read their files
	if err != nil {
		return "", ended{exitUnreadable, err}
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// variable reads an environment variable of the session.
func (s *session) variable(name string) string {
	for _, e := range s.environ {
		if n, v, _ := strings.Cut(e, "="); n == name {
			return v
		}
	}
	return ""
}

// keep writes the transcripts, signed if that is asked for.
func (c *probeCommand) keep(s *session, all []evidence.Transcript) error {
	if c.Evidence == "" {
		return nil
	}
	return s.keepEvidence(c.Evidence, all, c.Sign)
}

func (c *probeCommand) write(s *session, found blackbox.Found, all []evidence.Transcript) error {
	switch s.Output {
	case "json":
		return s.json(map[string]any{"schema": "countersign-probe-1", "issuer": found.Issuer, "notes": append([]string{}, found.Notes...), "proofs": all})
	case "html":
		return report.ProofsHTML(s.out, found.Issuer, all)
	}
	return probeTable(s, all)
}
