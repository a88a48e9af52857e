package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"countersign/internal/client"
	"countersign/internal/review"
	"countersign/internal/review/controls"
	"countersign/internal/sfdx"
)

// MetadataFix is what mends the findings of Salesforce metadata, and what the
// review says with it.
type MetadataFix struct {
	Diffs  []sfdx.FileDiff
	Tasks  []sfdx.Task // what a person has to do
	Before *review.Run
	After  *review.Run
}

// Moved compares the verdicts before and after. A fault of the files that is
// gone counts as fixed.
func (f MetadataFix) Moved() review.Difference {
	d := review.Compare(f.Before, f.After)
	d.Gone = slices.DeleteFunc(d.Gone, func(t review.Transition) bool {
		if _, ok := controls.Control(t.Control); ok {
			return false
		}
		t.Reason = "no longer found in the files"
		d.Fixed = append(d.Fixed, t)
		return true
	})
	d.Changed = slices.DeleteFunc(d.Changed, func(t review.Transition) bool { return t.Before == t.After })
	return d
}

// Fix works out the files that mend the findings: the settings that each open
// finding of the review proposes, and the remedies of the checks of the files.
// Nothing is written. What names the apps and the controls or checks to look at;
// nothing named means all. A control that is named is mended even where it is
// only mitigated or in doubt. Errors: ErrNoControl, an app that is not there.
func (m Metadata) Fix(what Reviewing, now time.Time) (MetadataFix, error) {
	if err := m.covers(what); err != nil {
		return MetadataFix{}, err
	}
	f := MetadataFix{Before: m.judge(now)}
	changes := m.wishes(&f, what)
	for _, c := range m.remedies(what) {
		changes = f.add(changes, c)
	}
	changes = slices.DeleteFunc(changes, func(c sfdx.Change) bool { return m.locksOut(&f, c, changes) })
	f.patch(m.Project, changes)
	after := Metadata{Project: m.With(f.Diffs), Root: m.Root}
	f.After = after.judge(now)
	return f, nil
}

func (m Metadata) judge(now time.Time) *review.Run {
	return review.Judge(review.Input{Snapshot: m.Snapshot(now), Controls: controls.Catalogue(), Catalogue: controls.Version})
}

// covers refuses names that mean nothing here.
func (m Metadata) covers(what Reviewing) error {
	for _, id := range what.Controls {
		_, ok := controls.Control(id)
		if !ok && !slices.ContainsFunc(sfdx.Checks, func(c sfdx.Check) bool { return c.ID == id }) {
			return fmt.Errorf("%q: %w", id, ErrNoControl)
		}
	}
	for _, id := range what.Apps {
		if m.App(id) == nil {
			return fmt.Errorf("%q: %w", id, ErrNoMetadataApp)
		}
	}
	return nil
}

// ErrNoMetadataApp says that the files describe no app of that name.
var ErrNoMetadataApp = fmt.Errorf("the files describe it nowhere: %w", client.ErrNotFound)

// covers says whether a finding is asked for.
func (r Reviewing) covers(app, control string) bool {
	return (len(r.Apps) == 0 || slices.Contains(r.Apps, app)) && (len(r.Controls) == 0 || slices.Contains(r.Controls, control))
}

// wishes are the settings that the review proposes; what is no setting becomes a
// task.
func (m Metadata) wishes(f *MetadataFix, what Reviewing) []sfdx.Change {
	var patches [][]review.Step
	for _, finding := range f.Before.Findings {
		open := finding.Open() || len(what.Controls) > 0 && finding.Fix != nil && !finding.Waived()
		if open && finding.Fix != nil && what.covers(finding.App, finding.Control) {
			patches = append(patches, finding.Fix.Patch)
		}
	}
	merged, conflicts := review.Merge(patches...)
	for _, s := range conflicts {
		f.task(s.App, s.Name, "Two controls want different values; this one was not taken: "+s.Text())
	}
	var out []sfdx.Change
	for _, s := range merged {
		if v := s.Value(); s.Name != "" && v.Presence == review.Known {
			out = append(out, m.changes(s, v.Data)...)
		} else {
			f.task(s.App, s.Name, s.Text())
		}
	}
	return out
}

// locksOut holds back what would leave an app without a single user: approved
// users only, while nobody is approved.
func (m Metadata) locksOut(f *MetadataFix, c sfdx.Change, all []sfdx.Change) bool {
	const users, groups = "app.policy.permitted_users", "app.policy.groups"
	a := m.App(c.App)
	if a == nil || c.Setting != users || c.Value != string(client.AdminPreauthorized) || len(a.Profiles.V)+len(a.PermissionSets.V) > 0 {
		return false
	}
	if slices.ContainsFunc(all, func(o sfdx.Change) bool { return o.App == c.App && o.Setting == groups }) {
		return false
	}
	f.task(c.App, users, "Not written, since nobody could log in: name a profile or permission set first, then let approved users in only.")
	return true
}

// changes carries a step over; one for the server goes to every project whose
// settings were read.
func (m Metadata) changes(s review.Step, data any) []sfdx.Change {
	c := sfdx.Change{App: s.App, Setting: s.Name, Value: data}
	if s.App != "" || len(m.Orgs) < 2 {
		return []sfdx.Change{c}
	}
	var out []sfdx.Change
	for _, o := range m.Orgs {
		for _, a := range o.Apps {
			if files := a.Files(); len(files) > 0 {
				c.File = files[0]
				out = append(out, c)
				break
			}
		}
	}
	return out
}

// remedies are the changes that the checks of the files propose.
func (m Metadata) remedies(what Reviewing) []sfdx.Change {
	var out []sfdx.Change
	for _, f := range m.Check() {
		if what.covers(f.App, f.ID) {
			out = append(out, f.Fix...)
		}
	}
	return out
}

// add takes a change unless the setting has one already; the review, which sees
// every layer, goes before a check that sees one.
func (f *MetadataFix) add(changes []sfdx.Change, c sfdx.Change) []sfdx.Change {
	for _, have := range changes {
		if have.App != c.App || have.Setting != c.Setting || have.File != c.File && have.File != "" && c.File != "" {
			continue
		}
		if !reflect.DeepEqual(have.Value, c.Value) {
			f.task(c.App, c.Setting, fmt.Sprintf("The review and a check of the files want different values: %v was taken, not %v.", have.Value, c.Value))
		}
		return changes
	}
	return append(changes, c)
}

func (f *MetadataFix) task(app, setting, reason string) {
	t := sfdx.Task{App: app, Setting: setting, Reason: reason}
	if !slices.Contains(f.Tasks, t) {
		f.Tasks = append(f.Tasks, t)
	}
}

// patch works out the files. A change that cannot be made becomes a task and
// keeps no other from being made.
func (f *MetadataFix) patch(p *sfdx.Project, changes []sfdx.Change) {
	diffs, tasks, err := p.Patch(changes)
	if err != nil {
		var sound []sfdx.Change
		for _, c := range changes {
			if _, _, err := p.Patch([]sfdx.Change{c}); err != nil {
				f.task(c.App, c.Setting, strings.TrimPrefix(err.Error(), "sfdx: change 1 ("+c.Setting+"): "))
				continue
			}
			sound = append(sound, c)
		}
		if diffs, tasks, err = p.Patch(sound); err != nil {
			f.task("", "", err.Error())
			return
		}
	}
	f.Diffs = diffs
	for _, t := range tasks {
		f.task(t.App, t.Setting, t.Reason)
	}
}

// ErrFileChanged says that a file is no longer as it was when it was read.
var ErrFileChanged = errors.New("was changed by somebody else meanwhile; nothing was written")

// Write puts the patched files in place, each at once and with its old mode. A
// file that changed since it was read stops everything before the first is
// written. Errors: ErrFileChanged, those of the disk.
func (m Metadata) Write(diffs []sfdx.FileDiff) error {
	for _, d := range diffs {
		data, err := os.ReadFile(m.onDisk(d.Path))
		switch {
		case d.Created && errors.Is(err, fs.ErrNotExist):
		case err == nil && !d.Created && string(data) == string(d.Before):
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		default:
			return fmt.Errorf("%s %w", m.Path(d.Path), ErrFileChanged)
		}
	}
	for _, d := range diffs {
		if err := replaceFile(m.onDisk(d.Path), d.After); err != nil {
			return fmt.Errorf("write %s: %w", m.Path(d.Path), err)
		}
	}
	return nil
}

func (m Metadata) onDisk(name string) string { return filepath.Join(m.Root, filepath.FromSlash(name)) }

// replaceFile writes beside the file and renames, so that nobody ever reads half
// of it.
func replaceFile(name string, data []byte) (err error) {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { //nolint:gosec // a project folder, readable like the rest
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".countersign-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
