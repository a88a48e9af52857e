package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"countersign/internal/review"
	"countersign/internal/sfdx"
)

// ErrNoMetadata says that the named paths hold no Salesforce metadata of the
// kinds a review reads.
var ErrNoMetadata = errors.New("no Salesforce metadata of apps, org settings or sites was found here")

// Metadata is what was read from Salesforce project files, and the place that
// file names in it are relative to.
type Metadata struct {
	*sfdx.Project
	Root string // the directory on disk; "." for the working directory
}

// ReadMetadata reads projects and metadata folders, or single files, in source
// or metadata format. A broken file is one finding later, not an error. Errors: a
// path that is missing, ErrNoMetadata.
func ReadMetadata(paths []string) (Metadata, error) {
	root, roots, err := commonRoot(paths)
	if err != nil {
		return Metadata{}, err
	}
	p, err := sfdx.Read(os.DirFS(root), roots...)
	if err != nil {
		return Metadata{}, readable(err)
	}
	if len(p.Files) == 0 {
		return Metadata{}, fmt.Errorf("%s: %w", strings.Join(paths, ", "), ErrNoMetadata)
	}
	return Metadata{Project: p, Root: root}, nil
}

// commonRoot keeps file names as people wrote them where it can: below the
// working directory, otherwise below the root of the disk.
func commonRoot(paths []string) (root string, roots []string, err error) {
	local := true
	for _, p := range paths {
		local = local && filepath.IsLocal(filepath.Clean(p))
	}
	if local {
		for _, p := range paths {
			roots = append(roots, filepath.ToSlash(filepath.Clean(p)))
		}
		return ".", roots, nil
	}
	for _, p := range paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return "", nil, err
		}
		roots = append(roots, strings.TrimPrefix(filepath.ToSlash(abs), "/"))
	}
	return "/", roots, nil
}

// readable says which path is missing without naming system calls.
func readable(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: there is no such file or folder", p.Path)
	}
	return err
}

// Path is a file name of the project as it is on disk.
func (m Metadata) Path(name string) string {
	if name == "" || m.Root == "." {
		return name
	}
	return m.Root + name
}

// Snapshot is what the metadata tell a review: every app that is described, the
// org's settings, and what is wrong with the files themselves. What neither a
// file nor a documented default tells is unknown, and never a pass.
func (m Metadata) Snapshot(taken time.Time) review.Snapshot {
	s := review.Snapshot{
		Taken: taken.UTC().Truncate(time.Second), ServerVersion: "Salesforce metadata", Source: "metadata",
		Server: review.Values{}, Scopes: map[string]review.Values{}, Untold: untold,
	}
	if len(m.Orgs) > 0 {
		s.Server = m.values(m.Orgs[0].Values())
	}
	for _, a := range m.Apps {
		if a.Undeclared || a.Unreadable {
			continue
		}
		app := review.App{ID: a.ID, Name: a.Name, Values: m.values(a.Values(a.Org))}
		if files := a.Files(); len(files) > 0 {
			app.File = m.Path(files[0])
		}
		app.Values["app.keys"] = review.Of(reviewKeys(a.Keys()), "certificate")
		s.Apps = append(s.Apps, app)
		for _, scope := range a.Scopes.V {
			s.Scopes[scopeName(scope)] = salesforceScope(scopeName(scope))
		}
	}
	for _, f := range m.Check() {
		s.Problems = append(s.Problems, m.problem(f))
	}
	return s
}

func (m Metadata) values(from map[string]sfdx.Value) review.Values {
	out := review.Values{}
	for name, v := range from {
		data := v.V
		if n, ok := data.(int64); ok {
			data = int(n)
		}
		layer := "metadata"
		if v.Default {
			layer = "documented default"
		}
		out[name] = review.Of(data, layer).In(m.Path(v.File), v.Line)
	}
	return out
}

func reviewKeys(keys []sfdx.Key) []review.Key {
	out := make([]review.Key, len(keys))
	for i, k := range keys {
		out[i] = review.Key{Alg: k.Alg, Bits: k.Bits, NotAfter: k.NotAfter}
	}
	return out
}

func scopeName(metadata string) string {
	if wire, ok := sfdx.WireScope(metadata); ok {
		return wire
	}
	return metadata
}

// salesforceScope says what is known of Salesforce's own scopes: full is
// everything, api and web act with all rights of the user.
func salesforceScope(name string) review.Values {
	const layer = "Salesforce scope"
	identity := name == "openid" || name == "profile" || name == "email" || name == "address" || name == "phone" || name == "id"
	full, wide := name == "full", name == "full" || name == "web"
	return review.Values{
		"scope.identity": review.Of(identity, layer), "scope.wildcard": review.Of(full, layer),
		"scope.privileged": review.Of(wide, layer), "scope.confidential": review.Of(wide || name == "api", layer),
		"scope.actions": review.Nothing(layer), "scope.resource": review.Nothing(layer),
		"scope.resource_rechecks": review.Of(true, layer), // the platform applies the user's own permissions
	}
}

// problem is a fault of the files in the words of the review. Its weight is the
// middle of its band.
func (m Metadata) problem(f sfdx.Finding) review.Problem {
	weight := map[sfdx.Severity]float64{sfdx.Low: 2.5, sfdx.Medium: 5.5, sfdx.High: 8.0, sfdx.Critical: 9.5}
	return review.Problem{
		Rule: f.ID, App: f.App, Subject: f.File + " " + f.Message, Status: review.Fail, Severity: weight[f.Severity],
		Actual: f.Message, Expected: f.Remedy, Reason: f.Message, File: m.Path(f.File), Line: f.Line,
	}
}
