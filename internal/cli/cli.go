// Package cli owns the command line: one file for each group of commands. A
// command reads its words, calls admin or server, and prints a table or JSON.
// It decides nothing that the console or the API would decide again.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"countersign/internal/admin"
	"countersign/internal/config"
	"countersign/internal/fault"
	"countersign/internal/remote"
	"countersign/internal/server"
	"countersign/internal/sqlstore"
)

// Exit codes.
const (
	exitOK       = 0
	exitFailure  = 1
	exitNotFound = 2
	exitUsage    = 64 // sysexits.h EX_USAGE
)

// globals are the flags of every command.
type globals struct {
	Config        string  `help:"Configuration file." placeholder:"FILE" env:"COUNTERSIGN_CONFIG"`
	Data          *string `help:"Directory of the embedded database and the generated master key. Default: countersign-data." placeholder:"DIR"`
	Database      *string `help:"URL of a PostgreSQL database in place of the embedded one: postgres://USER@HOST/NAME." placeholder:"URL"`
	MasterKeyFile *string `help:"File of the master key. Default: master.key in the data directory." placeholder:"FILE"`
	Server        string  `help:"URL of a server elsewhere, to work on through its Admin API instead of on data here." placeholder:"URL" env:"COUNTERSIGN_SERVER"`
	TokenFile     string  `help:"With --server: file of the access token. Without it: COUNTERSIGN_TOKEN, or COUNTERSIGN_CLIENT_ID and COUNTERSIGN_CLIENT_SECRET." placeholder:"FILE"`
	Output        string  `short:"o" help:"How to print: table or json; review knows more." placeholder:"FORM" default:"table"`
}

// commands is the tree of commands. Order is the order of the help.
type commands struct {
	globals

	Demo     demoCommand     `cmd:"" help:"Try it: seed apps and a person, serve, and print commands to paste."`
	Serve    serveCommand    `cmd:"" help:"Run the server."`
	App      appCommands     `cmd:"" help:"External Client Apps: settings, switches, secrets."`
	Apply    applyCommand    `cmd:"" help:"Bring about the apps that files describe: apps as code."`
	User     userCommands    `cmd:"" help:"People."`
	Key      keyCommands     `cmd:"" help:"Signing keys."`
	Grant    grantCommands   `cmd:"" help:"What people allowed apps to do."`
	Org      orgCommands     `cmd:"" help:"Settings that hold for every app."`
	Review   reviewCommands  `cmd:"" help:"The Security Health Review: judge every app and the server."`
	Probe    probeCommand    `cmd:"" help:"Run the threat scenarios against any OAuth server, from outside."`
	Control  controlCommands `cmd:"" help:"The controls of the review."`
	Waiver   waiverCommands  `cmd:"" help:"Findings of the review that somebody accepted for a time."`
	Staff    staffCommands   `cmd:"" help:"Administrators of the console."`
	Audit    auditCommands   `cmd:"" help:"The audit log."`
	Token    tokenCommands   `cmd:"" help:"Look into a token."`
	Explain  explainCommand  `cmd:"" help:"Explain a rule, a flow or an event."`
	Settings configCommands  `cmd:"" name:"config" help:"Check and print the configuration."`
	Backup   backupCommand   `cmd:"" help:"Copy the database while it is in use."`
	Restore  restoreCommand  `cmd:"" help:"Put a copy into a new data directory."`
	Migrate  migrateCommands `cmd:"" help:"The schema of the database, and the move to PostgreSQL."`
	Storage  storageCommand  `cmd:"" name:"storage-check" help:"Prove that a database keeps the contract of the store; in schemas of its own."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
	Docs     docsCommand     `cmd:"" hidden:"" help:"Write the generated reference pages."`
}

// session is what a command works with.
type session struct {
	*globals
	ctx     context.Context
	in      io.Reader
	out     io.Writer
	err     io.Writer
	environ []string
	now     func() time.Time
	stop    func() // lets the next signal kill
}

// usage is an error of the words on the command line.
type usage struct{ text string }

func (u usage) Error() string { return u.text }

// ended is an outcome with an exit code of its own; err may be nil: everything
// was said already.
type ended struct {
	code int
	err  error
}

func (e ended) Error() string { return e.err.Error() }
func (e ended) Unwrap() error { return e.err }

// checkOutput refuses a form that a command does not write.
func checkOutput(form string, command *kong.Node) error {
	if form == "table" || form == "json" {
		return nil
	}
	if command != nil && command.Target.CanAddr() {
		if w, ok := command.Target.Addr().Interface().(interface{ forms() []string }); ok {
			if slices.Contains(w.forms(), form) {
				return nil
			}
			return usage{"-o: " + form + " is none of table, json, " + strings.Join(w.forms(), ", ")}
		}
	}
	return usage{"-o: " + form + " is neither table nor json"}
}

// leave carries an exit code out of the parser, which prints help by itself.
type leave struct{ code int }

// Main runs one command and returns its exit code: 0 done, 1 failed or refused,
// 2 no such thing, 64 wrong words.
func Main(args []string, in io.Reader, out, errOut io.Writer, environ []string) (code int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer func() {
		if v := recover(); v != nil {
			l, ok := v.(leave)
			if !ok {
				panic(v)
			}
			code = l.code
		}
	}()
	c := newCommands()
	k, err := parser(c, out, errOut)
	if err != nil {
		return fail(errOut, err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := k.Parse(args)
	if err != nil {
		fmt.Fprintf(errOut, "countersign: %s\nTry: countersign --help\n", err)
		return exitUsage
	}
	if err := checkOutput(c.Output, parsed.Selected()); err != nil {
		return fail(errOut, err)
	}
	return fail(errOut, parsed.Run(&session{
		globals: &c.globals, ctx: ctx, in: in, out: out, err: errOut, environ: environ, now: now, stop: stop,
	}))
}

// now is the wall clock; a test build may be told that it is wrong.
func now() time.Time { return time.Now().Add(fault.ClockSkew()) }

// newCommands makes the tree, with the flags that come from the tables of admin.
func newCommands() *commands {
	c := &commands{}
	c.App.Create.Plugins = fieldFlags(admin.AppFields, true)
	c.App.Set.Plugins = fieldFlags(admin.AppFields, false)
	c.User.Create.Plugins = fieldFlags(admin.UserFields, true)
	c.User.Set.Plugins = fieldFlags(admin.UserFields, false)
	c.Org.Set.Plugins = fieldFlags(admin.OrgFields, false)
	return c
}

func parser(c *commands, out, errOut io.Writer) (*kong.Kong, error) {
	return kong.New(c, kong.Name("countersign"),
		kong.Description("An OAuth 2.x authorization server for apps that own their login screen."),
		kong.Writers(out, errOut), kong.Exit(func(code int) { panic(leave{code}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
}

// fail prints an error, one sentence a line, and gives the exit code.
func fail(w io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	var coded ended
	if errors.As(err, &coded) && coded.err == nil {
		return coded.code
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(w, "countersign: %s\n", strings.TrimRight(line, "\n"))
	}
	var u usage
	var n notFound
	switch {
	case errors.As(err, &u):
		return exitUsage
	case coded.code != exitOK:
		return coded.code
	case errors.As(err, &n), remote.NotFound(err), admin.IsNotFound(err), errors.Is(err, sqlstore.ErrNoDatabase):
		return exitNotFound
	}
	return exitFailure
}

// load reads the configuration with the flags on top of it.
func (s *session) load(flags map[string]string) (config.Loaded, error) {
	all := map[string]string{}
	for path, v := range map[string]*string{"data": s.Data, "database": s.Database, "master_key_file": s.MasterKeyFile} {
		if v != nil {
			all[path] = *v
		}
	}
	for k, v := range flags {
		all[k] = v
	}
	return config.Load(config.Input{File: s.Config, Environ: s.environ, Flags: all})
}

// What a command wants of the data.
type access int

const (
	reading   access = iota // look only
	changing                // the data must exist
	beginning               // the data may be begun
)

// open opens the data that the flags, the environment or the file name.
func (s *session) open(a access) (*server.Data, error) {
	l, err := s.load(nil)
	if err != nil {
		return nil, err
	}
	c := l.Config
	d, err := server.OpenData(s.ctx, server.DataOptions{
		Dir: c.Data, Database: c.URL(), MasterKey: string(c.MasterKey), Now: s.now, Actor: "cli",
		MustExist: a != beginning, ReadOnly: a == reading, AuditKeep: time.Duration(c.AuditRetention), Password: c.Password,
		About: server.About(c, version()),
	})
	if err == nil {
		d.Desk.Prover = server.Prover(c, version(), s.now)
	}
	return d, err
}

// with opens the data, works, and closes them.
func (s *session) with(a access, work func(*server.Data) error) (err error) {
	if s.Server != "" {
		return errHere
	}
	d, err := s.open(a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return work(d)
}
