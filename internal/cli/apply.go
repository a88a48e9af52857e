package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"countersign/internal/admin"
	"countersign/internal/config"
	"countersign/internal/server"
)

type applyCommand struct {
	File   []string `short:"f" help:"File, or directory with .yaml files, of apps as code. Repeatable." required:"" placeholder:"FILE|DIR" sep:"none"`
	DryRun bool     `help:"Show the changes, and make none."`
	Prune  bool     `help:"Delete the apps that no file names."`
	Force  bool     `help:"Save what the review would stop; the audit log says so."`
}

// stepView is one app of an apply or import as JSON.
type stepView struct {
	ID         string         `json:"client_id,omitempty"`
	Name       string         `json:"name"`
	Action     admin.Action   `json:"action"`
	Changes    []admin.Change `json:"changes,omitempty"`
	Warnings   []string       `json:"warnings,omitempty"`
	Faults     []string       `json:"faults,omitempty"`
	Secret     string         `json:"client_secret,omitempty"`
	SecretFile string         `json:"secret_file,omitempty"`
}

func viewStep(s admin.AppStep) stepView {
	return stepView{ID: string(s.ID), Name: s.Name, Action: s.Action, Changes: s.Changes, Warnings: s.Warnings, Faults: s.Faults}
}

// Run brings the apps about that the files describe. If anything is wrong
// anywhere, all of it is said and nothing is done.
func (c *applyCommand) Run(s *session) error {
	wanted, err := c.read()
	if err != nil {
		return err
	}
	if c.Prune && len(wanted) == 0 {
		return usage{"apply: --prune with no app in the files would delete every app"}
	}
	access := beginning
	if c.DryRun {
		access = reading
	}
	return s.with(access, func(d *server.Data) error {
		consent := admin.Consent{Force: c.Force}
		steps, err := d.Desk.PlanApps(s.ctx, wanted, c.Prune, consent)
		if err != nil {
			return err
		}
		if faults := faultsOf(steps); len(faults) > 0 {
			return errors.New(strings.Join(append(faults, "nothing was changed"), "\n"))
		}
		views := []stepView{}
		failed := false
		for _, step := range steps {
			v := viewStep(step)
			if !c.DryRun && step.Action != admin.Keep {
				v = s.take(d, step, consent)
			}
			failed = failed || v.Action == admin.Refuse
			views = append(views, v)
		}
		if err := s.printApply(views, c.DryRun); err != nil {
			return err
		}
		if failed {
			return ended{code: exitFailure}
		}
		return nil
	})
}

// faultsOf lists what is wrong and, as far as files name it, the missing secret
// files of apps that would be made.
func faultsOf(steps []admin.AppStep) []string {
	var out []string
	for _, step := range steps {
		out = append(out, step.Faults...)
		w := step.Wanted
		if step.Action != admin.Create || w.SecretFile == "" {
			continue
		}
		if step.Public {
			out = append(out, w.Place+": secret_file: a public app has no secret (RFC 6749 §2.1)")
		} else if _, err := os.Lstat(w.SecretFile); !errors.Is(err, fs.ErrNotExist) {
			out = append(out, w.Place+": secret_file: "+w.SecretFile+" exists; a new secret is never written over a file")
		}
	}
	return out
}

// read reads all files; their faults come together.
func (c *applyCommand) read() ([]admin.Wanted, error) {
	var wanted []admin.Wanted
	var faults config.Faults
	names, err := c.files()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := os.ReadFile(name) //nolint:gosec // the file that the person named
		if err != nil {
			return nil, err
		}
		apps, err := config.ReadApps(name, text)
		var wrong config.Faults
		if errors.As(err, &wrong) {
			faults = append(faults, wrong...)
		} else if err != nil {
			return nil, err
		}
		for _, w := range apps {
			if w.SecretFile != "" && !filepath.IsAbs(w.SecretFile) {
				w.SecretFile = filepath.Join(filepath.Dir(name), w.SecretFile)
			}
			wanted = append(wanted, w)
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return wanted, nil
}

func (c *applyCommand) files() ([]string, error) {
	var out []string
	for _, name := range c.File {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			out = append(out, name)
			continue
		}
		var found []string
		for _, pattern := range []string{"*.yaml", "*.yml"} {
			more, err := filepath.Glob(filepath.Join(name, pattern))
			if err != nil {
				return nil, err
			}
			found = append(found, more...)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s holds no .yaml file", name)
		}
		slices.Sort(found)
		out = append(out, found...)
	}
	return out, nil
}

// take does one step. A new secret goes into its file, which is made before the
// app is, so that no secret is lost to a full disk.
func (s *session) take(d *server.Data, step admin.AppStep, consent admin.Consent) stepView {
	v := viewStep(step)
	refuse := func(err error) stepView {
		v.Action, v.Faults = admin.Refuse, append(v.Faults, strings.Split(err.Error(), "\n")...)
		return v
	}
	keep := func(string) error { return nil }
	drop := func() error { return nil }
	if name := step.Wanted.SecretFile; name != "" && step.Action == admin.Create {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the file that the person named
		if err != nil {
			return refuse(err)
		}
		drop = func() error { return errors.Join(f.Close(), os.Remove(name)) }
		keep = func(secret string) error {
			_, err := fmt.Fprintln(f, secret)
			return errors.Join(err, f.Sync(), f.Close())
		}
		v.SecretFile = name
	}
	r, err := d.Desk.TakeStep(s.ctx, step, consent)
	if err != nil {
		return refuse(errors.Join(err, drop()))
	}
	if step.Action == admin.Create {
		v.ID, v.Secret = string(r.App.ID), r.Secret
	}
	if v.SecretFile != "" {
		if err := keep(r.Secret); err != nil {
			return refuse(fmt.Errorf("the app was made, but its secret could not be written: %w; countersign app rotate-secret %s makes another", err, v.ID))
		}
		v.Secret = ""
	}
	return v
}

func (s *session) printApply(views []stepView, dry bool) error {
	if s.Output == "json" {
		return s.json(views)
	}
	done := 0
	for _, v := range views {
		s.printStep(v, dry)
		if v.Action != admin.Keep {
			done++
		}
	}
	switch {
	case done == 0:
		fmt.Fprintln(s.out, "nothing to change")
	case dry:
		fmt.Fprintln(s.out, "dry run: nothing was changed")
	}
	return nil
}

// doing are the words for what is done, and for what would be.
var doing = map[admin.Action][2]string{
	admin.Create: {"created", "would create"}, admin.Update: {"changed", "would change"}, admin.Keep: {"unchanged", "unchanged"},
	admin.Delete: {"deleted", "would delete"}, admin.Refuse: {"refused", "would refuse"},
}

func (s *session) printStep(v stepView, dry bool) {
	i := 0
	if dry {
		i = 1
	}
	name := v.Name
	if v.ID != "" {
		name += " (" + v.ID + ")"
	}
	fmt.Fprintf(s.out, "%s %s\n", doing[v.Action][i], name)
	for _, c := range v.Changes {
		fmt.Fprintf(s.out, "    %s\n", c)
	}
	for _, f := range v.Faults {
		fmt.Fprintf(s.out, "    %s\n", f)
	}
	if v.Secret != "" {
		fmt.Fprintf(s.out, "    client_secret: %s  (shown once)\n", v.Secret)
	}
	if v.SecretFile != "" {
		fmt.Fprintf(s.out, "    client_secret: in %s\n", v.SecretFile)
	}
	for _, w := range v.Warnings {
		fmt.Fprintf(s.err, "warning: %s: %s\n", v.Name, w)
	}
}
