package cli

import (
	"time"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/server"
)

type appCommands struct {
	Create       appCreate       `cmd:"" help:"Make an app: every flow off but those asked for, PKCE required."`
	List         appList         `cmd:"" help:"List apps: all, or those a search finds."`
	Show         appShow         `cmd:"" help:"Show an app and everything that can be set on it."`
	Set          appSet          `cmd:"" help:"Change switches and settings, one or several; prints what changed."`
	Snippet      appSnippet      `cmd:"" help:"Print code that logs in through an app, with its real ids: for curl, Go, TypeScript, Swift, Kotlin."`
	Undo         appUndo         `cmd:"" help:"Take the last change of an app back; prints what changed."`
	RotateSecret appRotateSecret `cmd:"" name:"rotate-secret" help:"Give an app a new secret; the old one lives on for a while."`
	RemoveSecret appRemoveSecret `cmd:"" name:"remove-secret" help:"End one of two secrets at once."`
	Delete       appDelete       `cmd:"" help:"Delete an app and end all its tokens."`
	Import       appImport       `cmd:"" help:"Make apps of a Salesforce project; prints what could not be carried over."`
	Export       appExport       `cmd:"" help:"Write apps as code, or as a Salesforce project. Never secrets."`
}

func appSummary(a admin.AppView) [][]string {
	lines := [][]string{{"client_id", string(a.ID)}}
	if a.Secret != "" {
		lines = append(lines, []string{"client_secret", a.Secret + "  (shown once)"})
	}
	return append(lines,
		[]string{"name", a.Name}, []string{"type", string(a.Type)},
		[]string{"authenticates with", string(a.AuthMethod)},
		[]string{"redirect_uris", words(a.Redirects)},
		[]string{"flows", words(a.Flows)},
		[]string{"scopes", a.Scopes.String()})
}

// appArg names an app.
type appArg struct {
	ID string `arg:"" name:"app" help:"client_id, or name if it is unique."`
}

// withApp finds the app and works on it.
func (a *appArg) withApp(s *session, want access, work func(*server.Data, *client.Client) error) error {
	return s.with(want, func(d *server.Data) error {
		c, err := d.Desk.App(s.ctx, a.ID)
		if err != nil {
			return err
		}
		return work(d, c)
	})
}

// atApp finds the app at whichever desk, and works on it.
func (a *appArg) atApp(s *session, want access, work func(door, admin.AppView) error) error {
	return s.at(want, func(d door) error {
		v, err := d.App(s.ctx, a.ID)
		if err != nil {
			return err
		}
		return work(d, v)
	})
}

type appShow struct{ appArg }

// Run shows the app.
func (c *appShow) Run(s *session) error {
	return c.atApp(s, reading, func(_ door, a admin.AppView) error {
		lines := [][]string{{"client_id", string(a.ID)}}
		for _, l := range admin.Lines(admin.AppFields, &client.Client{}) { // for the names, in their order
			lines = append(lines, []string{l.Name, a.Settings[l.Name]})
		}
		for _, k := range a.Secrets {
			until := "until it is removed"
			if !k.Expires.IsZero() {
				until = "until " + when(k.Expires)
			}
			lines = append(lines, []string{"secret " + k.ID, "…" + k.Hint + ", made " + when(k.Created) + ", " + until})
		}
		lines = append(lines, []string{"created", when(a.Created)}, []string{"updated", when(a.Updated)})
		return one(s, a, lines)
	})
}

// changed prints the diff, or the whole record as JSON.
func (s *session) changed(view any, changes []admin.Change) error {
	if s.Output == "json" {
		return s.json(view)
	}
	if len(changes) == 0 {
		return s.done("nothing changed")
	}
	rows := make([][]string, len(changes))
	for i, c := range changes {
		rows[i] = []string{c.String()}
	}
	return s.table(rows)
}

type appRotateSecret struct {
	appArg
	Overlap string `help:"How long the present secret lives on; 0s ends it at once." default:"24h" placeholder:"24h"`
}

// Run prints the new secret, once.
func (c *appRotateSecret) Run(s *session) error {
	overlap, err := client.ParseDuration(c.Overlap)
	if err != nil {
		return usage{"--overlap: " + err.Error()}
	}
	return c.atApp(s, changing, func(d door, a admin.AppView) error {
		r, err := d.RotateSecret(s.ctx, string(a.ID), time.Duration(overlap))
		if err != nil {
			return err
		}
		return one(s, r, [][]string{
			{"client_id", string(a.ID)},
			{"client_secret", r.Secret + "  (shown once)"},
		})
	})
}

type appRemoveSecret struct {
	appArg
	Secret string `arg:"" help:"Id of the secret, as app show prints it."`
}

// Run ends one secret.
func (c *appRemoveSecret) Run(s *session) error {
	return c.atApp(s, changing, func(d door, a admin.AppView) error {
		r, err := d.RemoveSecret(s.ctx, string(a.ID), c.Secret)
		if err != nil {
			return err
		}
		return s.changed(r, r.Changes)
	})
}

type appDelete struct{ appArg }

// Run deletes the app.
func (c *appDelete) Run(s *session) error {
	return c.atApp(s, changing, func(d door, a admin.AppView) error {
		if err := d.DeleteApp(s.ctx, string(a.ID)); err != nil {
			return err
		}
		return s.done("deleted %s (%s)", a.ID, a.Name)
	})
}
