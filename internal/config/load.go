package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Fault is one thing that is wrong, and where.
type Fault struct {
	Place string `json:"place"` // countersign.yaml:12, COUNTERSIGN_LISTEN, --listen
	Key   string `json:"key"`
	Text  string `json:"fault"`
}

// String writes the fault as one line.
func (f Fault) String() string {
	if f.Key == "" {
		return f.Place + ": " + f.Text
	}
	return f.Place + ": " + f.Key + ": " + f.Text
}

// Faults are everything that is wrong with a configuration.
type Faults []Fault

// Error joins the faults, one a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, x := range f {
		lines[i] = x.String()
	}
	return strings.Join(lines, "\n")
}

// Input says where values come from; later ones win: the defaults, the file, the
// environment, the flags.
type Input struct {
	File    string                       // empty: none
	Environ []string                     // as os.Environ gives it
	Flags   map[string]string            // by path: login.person.free
	Read    func(string) ([]byte, error) // nil: os.ReadFile, and ReadPrivate for secrets
}

// Loaded is a configuration and where each value came from.
type Loaded struct {
	Config  Config
	Sources map[string]string // by path; a key that is missing has its default
}

// Load fills a configuration and checks it. Errors: Faults, all of them.
func Load(in Input) (Loaded, error) {
	out := Loaded{Config: Default(), Sources: map[string]string{}}
	l := &loader{leaves: Leaves(&out.Config), sources: out.Sources, private: in.Read}
	if in.Read == nil {
		in.Read, l.private = os.ReadFile, ReadPrivate
	}
	if in.File != "" {
		if text, err := in.Read(in.File); err != nil {
			l.fault(in.File, "", "cannot be read: "+cause(err))
		} else {
			l.readYAML(in.File, text)
		}
	}
	l.readEnviron(in.Environ)
	for _, path := range sortedKeys(in.Flags) {
		place := "--" + strings.NewReplacer(".", "-", "_", "-").Replace(path)
		if leaf, _ := l.leaf(path); leaf == nil {
			l.fault(place, path, l.unknown(path))
			continue
		}
		l.take(place, path, in.Flags[path])
	}
	if len(l.faults) == 0 {
		l.check(&out.Config)
	} else {
		probe := out.Config // what could be read is checked as well
		l.check(&probe)
	}
	if len(l.faults) > 0 {
		slices.SortStableFunc(l.faults, func(a, b Fault) int { return cmp.Compare(a.line(in.File), b.line(in.File)) })
		return out, l.faults
	}
	return out, nil
}

// line is the fault's line in the file; faults elsewhere come after it.
func (f Fault) line(file string) int {
	rest, ok := strings.CutPrefix(f.Place, file+":")
	number, _, _ := strings.Cut(rest, " ") // a secret's place goes on with the name of its file
	n, err := strconv.Atoi(number)
	if !ok || err != nil {
		return math.MaxInt
	}
	return n
}

type loader struct {
	leaves  []Leaf
	sources map[string]string
	faults  Faults
	private func(string) ([]byte, error) // reads the file of a secret
}

func (l *loader) fault(place, key, text string) {
	l.faults = append(l.faults, Fault{place, key, text})
}

// leaf finds a key; file says that it was named as <key>_file.
func (l *loader) leaf(path string) (leaf *Leaf, file bool) {
	for i := range l.leaves {
		x := &l.leaves[i]
		if x.Path == path {
			return x, false
		}
		if x.Shape == "secret" && x.Path+"_file" == path {
			return x, true
		}
	}
	return nil, false
}

// section says whether keys stand below the path.
func (l *loader) section(path string) bool {
	return slices.ContainsFunc(l.leaves, func(x Leaf) bool { return strings.HasPrefix(x.Path, path+".") })
}

// take gives a text to a key, or reads the file that it names.
func (l *loader) take(place, path, text string) {
	leaf, file := l.leaf(path)
	if file {
		b, err := l.private(text)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			err = fmt.Errorf("%s cannot be read: %s", text, cause(err))
		}
		if err != nil {
			l.fault(place, path, err.Error())
			return
		}
		if strings.TrimSpace(string(b)) == "" {
			l.fault(place, path, text+" is empty")
			return
		}
		place, text = place+" ("+text+")", string(b)
	}
	if err := leaf.set(text); err != nil {
		l.fault(place, path, err.Error())
		return
	}
	l.sources[leaf.Path] = place
}

// readEnviron takes variables that begin with COUNTERSIGN_. One that names no
// key is a fault: a slip there would otherwise go unseen for years.
func (l *loader) readEnviron(environ []string) {
	for _, entry := range slices.Sorted(slices.Values(environ)) {
		name, text, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, EnvPrefix)
		if !ours || foreign(rest) {
			continue
		}
		path := ""
		for _, x := range l.leaves {
			if x.Env == name {
				path = x.Path
			}
			if x.Shape == "secret" && x.Env+"_FILE" == name {
				path = x.Path + "_file"
			}
		}
		if path == "" {
			l.fault(name, "", "no key of the configuration has this name")
			continue
		}
		l.take(name, path, text)
	}
}

// foreign are variables that others set: an orchestrator describes a service
// named countersign to its neighbours in this way. CONFIG names the file, and the
// next four are for commands that work on a server elsewhere.
func foreign(rest string) bool {
	return slices.Contains([]string{"CONFIG", "SERVER", "TOKEN", "CLIENT_ID", "CLIENT_SECRET", "PORT"}, rest) || strings.HasPrefix(rest, "PORT_") || strings.HasPrefix(rest, "SERVICE_")
}

// unknown says that a key does not exist, and which one may be meant.
func (l *loader) unknown(path string) string {
	best, least := "", 4
	for _, x := range l.leaves {
		if d := distance(path, x.Path); d < least {
			best, least = x.Path, d
		}
	}
	if best != "" {
		return "there is no such key; is " + best + " meant?"
	}
	return "there is no such key"
}

// distance counts the letters to change, add or remove.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := corner
			if a[i] != b[j] {
				cost++
			}
			corner = row[j+1]
			row[j+1] = min(cost, corner+1, row[j]+1)
		}
	}
	return row[len(b)]
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// cause leaves the name of the file out of an error that a sentence begins with.
func cause(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		return text[i+2:]
	}
	return text
}
