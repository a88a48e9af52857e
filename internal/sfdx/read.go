package sfdx

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// MaxFiles is the largest number of metadata files read in one run.
const MaxFiles = 50_000

// Read walks the given roots (folders or single files; "." if none is given), reads
// every metadata file below them and returns what they say together. A file that
// cannot be read becomes one finding; only a root that is missing, or more than
// MaxFiles files, is an error. Folders whose name begins with a dot, node_modules
// and symbolic links are passed over.
func Read(fsys fs.FS, roots ...string) (*Project, error) {
	if len(roots) == 0 {
		roots = []string{"."}
	}
	w := walk{fsys: fsys, seen: map[string]bool{}}
	for _, root := range roots {
		root = path.Clean(root)
		if !fs.ValidPath(root) {
			return nil, fmt.Errorf("sfdx: %q is not a path inside the project", root)
		}
		w.above(root)
		if err := fs.WalkDir(fsys, root, w.visit); err != nil {
			return nil, fmt.Errorf("sfdx: read %s: %w", root, err)
		}
	}
	w.readAll()
	files := slices.DeleteFunc(w.files, func(f *File) bool { return f.Root == nil && f.Broken == nil })
	slices.SortFunc(files, func(a, b *File) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortFunc(w.manifests, func(a, b *Manifest) int { return cmp.Compare(a.Path, b.Path) })
	return assemble(files, w.manifests), nil
}

// walk collects what there is to read.
type walk struct {
	fsys      fs.FS
	seen      map[string]bool
	files     []*File
	sniffs    []bool // beside files: read only if the beginning names a type
	manifests []*Manifest
}

// above looks for the project file in the folders over a root, so that a review of
// force-app/ knows the API version of its project.
func (w *walk) above(root string) {
	for dir := root; dir != "."; {
		dir = path.Dir(dir)
		for _, name := range []string{projectFileName, packageFileName} {
			p := path.Join(dir, name)
			if info, err := fs.Stat(w.fsys, p); err == nil && info.Mode().IsRegular() {
				w.manifest(p)
			}
		}
	}
}

func (w *walk) visit(p string, d fs.DirEntry, err error) error {
	if err != nil {
		if d == nil || p == "." {
			return err
		}
		w.add(&File{Path: p, Broken: unreadable(0, "the folder cannot be opened", "Check its permissions.")}, read)
		return fs.SkipDir
	}
	base := path.Base(p)
	if d.IsDir() {
		if base != "." && (base[0] == '.' || base == "node_modules") {
			return fs.SkipDir
		}
		return nil
	}
	if !d.Type().IsRegular() {
		return nil
	}
	if base == projectFileName || base == packageFileName {
		w.manifest(p)
		return nil
	}
	if f, how := recognise(p); how != ignore {
		w.add(&f, how)
	}
	if len(w.files) > MaxFiles {
		return fmt.Errorf("more than %d metadata files; name the folders to read", MaxFiles)
	}
	return nil
}

func (w *walk) add(f *File, how interest) {
	if w.seen[f.Path] {
		return
	}
	w.seen[f.Path] = true
	w.files = append(w.files, f)
	w.sniffs = append(w.sniffs, how == sniff)
}

func (w *walk) manifest(p string) {
	if w.seen[p] {
		return
	}
	w.seen[p] = true
	data, broken := slurp(w.fsys, p, false)
	w.manifests = append(w.manifests, newManifest(p, data, broken))
}

// readAll reads and parses the files, as many at a time as there are processors.
func (w *walk) readAll() {
	next := make(chan int)
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(w.files)) {
		group.Go(func() {
			for i := range next {
				w.readOne(w.files[i], w.sniffs[i])
			}
		})
	}
	for i, f := range w.files {
		if f.Broken == nil {
			next <- i
		}
	}
	close(next)
	group.Wait()
}

func (w *walk) readOne(f *File, onlyIfOurs bool) {
	data, broken := slurp(w.fsys, f.Path, onlyIfOurs)
	switch {
	case broken != nil:
		f.Broken = broken
		f.settle()
	case data != nil:
		f.load(data)
	}
}

// slurp reads a file up to one byte over the limit, which the parser then refuses.
// With onlyIfOurs it returns nothing when the beginning names none of our types.
func slurp(fsys fs.FS, p string, onlyIfOurs bool) ([]byte, *Unreadable) {
	in, err := fsys.Open(p)
	if err != nil {
		return nil, cannotOpen(err, onlyIfOurs)
	}
	defer func() { _ = in.Close() }() // nothing was written
	head := make([]byte, sniffBytes)
	n, err := io.ReadFull(in, head)
	head = head[:n]
	if onlyIfOurs && !mentionsType(head) {
		return nil, nil
	}
	switch {
	case err == nil:
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return head, nil
	default:
		return nil, cannotOpen(err, onlyIfOurs)
	}
	rest, err := io.ReadAll(io.LimitReader(in, MaxFileBytes+1-int64(n)))
	if err != nil {
		return nil, cannotOpen(err, onlyIfOurs)
	}
	return append(head, rest...), nil
}

func cannotOpen(err error, onlyIfOurs bool) *Unreadable {
	if onlyIfOurs {
		return nil
	}
	reason := "the file cannot be opened"
	if errors.Is(err, fs.ErrPermission) {
		reason = "no permission to open the file"
	}
	return unreadable(0, reason, "Check its permissions.")
}

// inside says whether path p lies in folder dir.
func inside(dir, p string) bool {
	return dir == "." || strings.HasPrefix(p, dir+"/")
}

// lineOf returns the line of the first match of needle.
func lineOf(data, needle []byte) int {
	at := bytes.Index(data, needle)
	if at < 0 {
		return 1
	}
	return 1 + bytes.Count(data[:at], []byte("\n"))
}
