package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/remote"
	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/review/report"
	"countersign/internal/server"
	"countersign/internal/sqlstore"
)

type reviewCommands struct {
	Run  reviewRun  `cmd:"" default:"withargs" help:"Judge the server and its apps, or files of a Salesforce project."`
	Fix  reviewFix  `cmd:"" help:"Show what would mend the findings, the verdicts after it and who would break; or write it."`
	List reviewList `cmd:"" help:"List the kept runs, newest first."`
	Diff reviewDiff `cmd:"" help:"Show what moved between two runs."`

	Verify reviewVerify `cmd:"" help:"Check the signature of a transcript; name what was changed, dropped, added or moved."`
	Replay reviewReplay `cmd:"" help:"Make the proofs of a transcript again, with fresh values, and show what came out otherwise."`
	Key    reviewKey    `cmd:"" help:"Print the public review keys, with which others verify transcripts."`
}

// Exit codes of a review that did not do its work, as in sysexits.h.
const (
	exitUnreadable = 65
	exitInternal   = 70
	exitForbidden  = 77
)

type reviewRun struct {
	Paths    []string `arg:"" optional:"" name:"path" help:"Files or folders of a Salesforce project, in source or metadata format; none: the database."`
	App      []string `help:"Report this app only; client_id or name. Repeatable." placeholder:"ID" sep:"none"`
	Control  []string `help:"Report this control only. Repeatable." placeholder:"ID"`
	Out      []string `help:"Write to a file; its extension picks the form: .json, .sarif, .xml (JUnit), .html, .csv, .md, .txt. Repeatable." placeholder:"FILE" sep:"none"`
	FailOn   string   `help:"End with 1 if something of this severity or above is open: low, medium, high or critical." default:"high" placeholder:"WORD"`
	Baseline string   `help:"A run as JSON: only findings that are new or reopened since then end with 1." placeholder:"FILE"`
	Evidence string   `help:"With --prove: write the signed transcripts to a file, which review verify and review replay read." placeholder:"FILE"`
	Strict   bool     `help:"End with 3 if nothing is open, but something is inconclusive or for people to judge."`
	Explain  bool     `name:"explain-score" help:"Write the score as a sum, line by line."`
	Prove    bool     `help:"Also run the threat scenario of each control, on the wire, against a twin of each app."`
	Watch    bool     `help:"Stay, and judge again after each change of a setting."`
	NoKeep   bool     `help:"Leave the run out of the history. Runs of --app, --control and PATH never are in it."`
}

// forms are what a review can be written as, besides table and json.
func (*reviewRun) forms() []string {
	return []string{"sarif", "junit", "html", "csv", "markdown"}
}

// Run judges, writes, and ends as a pipeline expects.
func (c *reviewRun) Run(s *session) error {
	failOn, err := review.Threshold(c.FailOn)
	if err != nil {
		return usage{"--fail-on: " + err.Error()}
	}
	baseline, err := readBaseline(c.Baseline)
	if err != nil {
		return err
	}
	run, err := c.judge(s)
	if err != nil {
		return reviewFailed(err)
	}
	o := report.Options{Explain: c.Explain, FailOn: failOn, Baseline: baseline, Tool: version()}
	if err := errors.Join(c.write(s, run, o), c.keep(s, run)); err != nil {
		return reviewFailed(err)
	}
	if c.Watch {
		if run, err = c.watch(s, run, o); err != nil {
			return reviewFailed(err)
		}
	}
	if code := review.ExitCode(run.Findings, failOn, c.Strict, baseline); code != review.ExitClean {
		return ended{code: code}
	}
	return nil
}

func readBaseline(file string) (*review.Run, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // no baseline is no fault
	}
	run, err := readRun(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ended{exitUnreadable, err}
	}
	if err != nil || run.Schema == "" {
		return nil, ended{exitUnreadable, fmt.Errorf("%s is no run of the review as JSON: %w", file, errors.Join(err, errNoSchema(run)))}
	}
	return run, nil
}

// readRun reads a run from the file that a person named.
func readRun(file string) (*review.Run, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the person may read their files
	if err != nil {
		return nil, err
	}
	return report.ReadJSON(bytes.NewReader(text))
}

func errNoSchema(run *review.Run) error {
	if run != nil && run.Schema == "" {
		return errors.New("it names no schema")
	}
	return nil
}

// judge reads files or the database, and judges them.
func (c *reviewRun) judge(s *session) (run *review.Run, err error) {
	done := s.progress(fmt.Sprintf("judging by %d controls", len(controls.All)))
	defer done()
	if len(c.Paths) > 0 && (c.Prove || c.Watch) {
		return nil, usage{"--prove and --watch are about a server: files cannot be attacked, and do not change by themselves"}
	}
	if len(c.Paths) > 0 {
		snapshot, err := reviewPaths(c.Paths, s.now())
		if err != nil {
			return nil, ended{exitUnreadable, err}
		}
		for _, id := range c.Control {
			if _, ok := controls.Control(id); !ok {
				return nil, fmt.Errorf("%q: %w", id, admin.ErrNoControl)
			}
		}
		return review.Judge(review.Input{
			Snapshot: snapshot, Controls: controls.Catalogue(), Catalogue: controls.Version, Apps: c.App, Only: c.Control, WhatIf: true,
		}), nil
	}
	what := admin.Reviewing{Apps: c.App, Controls: c.Control, Keep: !c.NoKeep, Prove: c.Prove, Step: s.proofStep()}
	want := reading
	if what.Keep && len(c.App)+len(c.Control) == 0 {
		want = changing
	}
	err = s.at(want, func(d door) (err error) {
		run, err = d.Review(s.ctx, what)
		return err
	})
	return run, err
}

// write puts the run where it was asked for.
func (c *reviewRun) write(s *session, run *review.Run, o report.Options) error {
	if len(c.Out) == 0 {
		o.Color = s.colourful()
		return report.Write(s.out, report.Format(s.Output), run, o)
	}
	for _, file := range c.Out {
		form, err := report.FormatOf(file)
		if err != nil {
			form = report.Format(s.Output)
		}
		if err := writeFile(file, func(w io.Writer) error { return report.Write(w, form, run, o) }); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.err, "Score %s. Written to %s.\n", run.Words(), strings.Join(c.Out, ", "))
	return nil
}

// writeFile puts a whole file in place of an old one, or leaves that alone.
func writeFile(file string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".countersign-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

// reviewFailed gives an error the exit code that pipelines know: a review that
// broke off proves nothing.
func reviewFailed(err error) error {
	code := exitInternal
	var u usage
	var coded ended
	switch {
	case err == nil, errors.As(err, &u), errors.As(err, &coded):
		return err
	case errors.Is(err, fs.ErrPermission):
		code = exitForbidden
	case errors.Is(err, admin.ErrNoControl), errors.Is(err, client.ErrNotFound), remote.NotFound(err):
		code = exitUsage
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, admin.ErrNoMetadata), errors.Is(err, sqlstore.ErrNoDatabase),
		errors.Is(err, server.ErrKeyMissing), errors.Is(err, server.ErrKeyFit):
		code = exitUnreadable
	}
	return ended{code, err}
}

// colourful says whether colours reach an eye: a terminal, and nobody minds.
func (s *session) colourful() bool {
	for _, e := range s.environ {
		if name, value, _ := strings.Cut(e, "="); name == "NO_COLOR" && value != "" || e == "TERM=dumb" {
			return false
		}
	}
	return terminal(s.out)
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// progress tells a person at a terminal what takes so long; done wipes it out.
func (s *session) progress(what string) (done func()) {
	if !terminal(s.err) {
		return func() {}
	}
	fmt.Fprintf(s.err, "%s…", what)
	return func() { fmt.Fprint(s.err, "\r\x1b[K") }
}
