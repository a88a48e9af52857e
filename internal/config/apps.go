package config

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/oauth"
)

// appKeys are the keys of an app in a file besides the fields of admin.
const (
	keyID         = "client_id"
	keySecretFile = "secret_file"
	keySecret     = "client_secret"
)

// key is the name of a field in a file.
func key(field string) string { return strings.ReplaceAll(field, "-", "_") }

// ReadApps reads apps as code: a list under the key apps. Unknown and repeated
// keys, values of another shape and secrets are faults, each with its line; what
// the values mean is checked when they are applied. Errors: Faults, all of them.
func ReadApps(name string, text []byte) ([]admin.Wanted, error) {
	r := &appReader{name: name}
	var doc yaml.Node
	if err := yaml.Load(text, &doc); err != nil {
		l := &loader{}
		if l.syntax(name, err); len(l.faults) > 0 {
			return nil, l.faults
		}
	}
	if len(doc.Content) == 0 || doc.Content[0].ShortTag() == "!!null" {
		return nil, Faults{{name + ":1", "", "there is no app here; expected: apps:"}}
	}
	r.root(doc.Content[0])
	if len(r.faults) > 0 {
		return nil, r.faults
	}
	return r.apps, nil
}

type appReader struct {
	name   string
	apps   []admin.Wanted
	faults Faults
}

func (r *appReader) at(n *yaml.Node) string { return fmt.Sprintf("%s:%d", r.name, n.Line) }

func (r *appReader) fault(n *yaml.Node, path, format string, args ...any) {
	r.faults = append(r.faults, Fault{r.at(n), path, fmt.Sprintf(format, args...)})
}

// pairs calls each for the keys of a mapping, and reports what is no mapping, a
// key given twice and an anchor.
func (r *appReader) pairs(n *yaml.Node, path, expected string, each func(k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.fault(n, path, "expected %s, found %s", expected, kind(n))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		first, twice := seen[k.Value]
		seen[k.Value] = k.Line
		switch {
		case k.Kind != yaml.ScalarNode:
			r.fault(k, path, "a key is one word")
		case twice:
			r.fault(k, k.Value, "this key is given twice; first in line %d", first)
		case anchored(k) || anchored(v):
			r.fault(k, k.Value, "anchors and aliases are not allowed: write the value out")
		default:
			each(k, v)
		}
	}
}

func (r *appReader) root(n *yaml.Node) {
	r.pairs(n, "", "the key apps with a list of apps", func(k, v *yaml.Node) {
		switch {
		case k.Value != "apps":
			r.fault(k, k.Value, "there is no such key; apps is the only one")
		case v.Kind != yaml.SequenceNode:
			r.fault(v, "apps", "expected a list of apps, found %s", kind(v))
		default:
			for _, item := range v.Content {
				r.app(item)
			}
		}
	})
}

func (r *appReader) app(n *yaml.Node) {
	w := admin.Wanted{Place: r.at(n), Places: map[string]string{}}
	r.pairs(n, "apps", "keys and values of an app", func(k, v *yaml.Node) {
		switch k.Value {
		case keyID:
			w.ID = oauth.ClientID(r.scalar(k.Value, v))
		case keySecretFile:
			w.SecretFile = r.scalar(k.Value, v)
		case keySecret, "secret":
			r.fault(k, k.Value, "a secret never stands in this file; %s names the file that a new one is written to", keySecretFile)
		default:
			r.field(&w, k, v)
		}
	})
	if w.ID == "" && n.Kind == yaml.MappingNode {
		r.fault(n, keyID, "is missing: it tells which app this is, each time the file is applied")
	}
	r.apps = append(r.apps, w)
}

func (r *appReader) field(w *admin.Wanted, k, v *yaml.Node) {
	i := slices.IndexFunc(admin.AppFields, func(f admin.Field[client.Client]) bool { return key(f.Name) == k.Value })
	if i < 0 {
		r.fault(k, k.Value, "%s", unknownAppKey(k.Value))
		return
	}
	f := admin.AppFields[i]
	w.Places[f.Name] = r.at(k)
	s := admin.Set{Field: f.Name}
	switch perFlow := strings.Contains(f.Hint, "FLOW"); {
	case perFlow && v.Kind == yaml.MappingNode:
		s.Values = r.switches(k.Value, v)
	case f.Name == "flow" && v.Kind == yaml.SequenceNode:
		s.Values = r.exactly(k.Value, v)
	case perFlow && f.Name != "flow" && v.Kind == yaml.ScalarNode:
		s.Values = []string{r.scalar(k.Value, v)}
	case perFlow:
		r.fault(v, k.Value, "expected flows with on or off, found %s", kind(v))
	case f.Many:
		s.Values = r.list(k.Value, v)
	default:
		s.Values = []string{r.scalar(k.Value, v)}
	}
	w.Sets = append(w.Sets, s)
}

func (r *appReader) scalar(path string, v *yaml.Node) string {
	if v.Kind != yaml.ScalarNode || v.ShortTag() == "!!null" {
		r.fault(v, path, "expected one value, found %s; leave the key out for the default", kind(v))
		return ""
	}
	return v.Value
}

func (r *appReader) switches(path string, v *yaml.Node) []string {
	var out []string
	r.pairs(v, path, "flows with on or off", func(k, on *yaml.Node) {
		out = append(out, k.Value+"="+r.scalar(path+"."+k.Value, on))
	})
	return out
}

// exactly: a list of flows switches these on and all others off.
func (r *appReader) exactly(path string, v *yaml.Node) []string {
	var out []string
	for _, n := range r.list(path, v) {
		if strings.Contains(n, "=") {
			r.fault(v, path, "in a list stand the flows that are on; write %s as a key with on or off", n)
		}
		out = append(out, n)
	}
	for _, f := range flow.All {
		if !slices.ContainsFunc(out, func(n string) bool { name, _ := flow.ParseName(n); return name == f.Name }) {
			out = append(out, string(f.Name)+"=off")
		}
	}
	return out
}

func (r *appReader) list(path string, v *yaml.Node) []string {
	if v.Kind != yaml.SequenceNode {
		r.fault(v, path, "expected a list, found %s", kind(v))
		return nil
	}
	var out []string
	for _, item := range v.Content {
		text := r.scalar(path, item)
		if anchored(item) {
			r.fault(item, path, "anchors and aliases are not allowed: write the value out")
		}
		if strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
			r.fault(item, path, "%q: the file says the whole list, so no value begins with + or -", text)
		}
		out = append(out, text)
	}
	return out
}

func unknownAppKey(k string) string {
	best, least := "", 4
	for _, name := range appKeys() {
		if d := distance(k, name); d < least {
			best, least = name, d
		}
	}
	if best != "" {
		return "there is no such key; is " + best + " meant?"
	}
	return "there is no such key"
}

func appKeys() []string {
	out := []string{keyID, keySecretFile}
	for _, f := range admin.AppFields {
		out = append(out, key(f.Name))
	}
	return out
}

// WriteApps writes apps as code, so that ReadApps and an apply bring the same
// apps about. What has its default is left out; secrets are never written.
func WriteApps(apps []*client.Client) ([]byte, error) {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, c := range apps {
		m := &yaml.Node{Kind: yaml.MappingNode}
		put(m, keyID, text(string(c.ID)))
		for _, s := range admin.SaidOf(c) {
			put(m, key(s.Field), valueOf(s))
		}
		list.Content = append(list.Content, m)
	}
	root := &yaml.Node{Kind: yaml.MappingNode}
	put(root, "apps", list)
	var b bytes.Buffer
	b.WriteString("# Apps as code: countersign apply -f FILE. Secrets are not in here.\n")
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		return nil, fmt.Errorf("write apps: %w", err)
	}
	return b.Bytes(), e.Close()
}

func put(m *yaml.Node, name string, v *yaml.Node) { m.Content = append(m.Content, text(name), v) }

func text(v string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(v)
	if v == "on" || v == "off" {
		n.Style = 0
		n.Tag = ""
	}
	return n
}

func valueOf(s admin.Set) *yaml.Node {
	if len(s.Values) > 0 && strings.Contains(s.Field, "require-") || s.Field == "flow" {
		m := &yaml.Node{Kind: yaml.MappingNode}
		for _, v := range s.Values {
			name, on, _ := strings.Cut(v, "=")
			put(m, name, text(on))
		}
		return m
	}
	for _, f := range admin.AppFields {
		if f.Name == s.Field && f.Many {
			l := &yaml.Node{Kind: yaml.SequenceNode}
			for _, v := range s.Values {
				l.Content = append(l.Content, text(v))
			}
			return l
		}
	}
	return text(s.Values[0])
}
