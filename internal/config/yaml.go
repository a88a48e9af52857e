package config

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// readYAML gives a file's values to the leaves and reports what is wrong, line by
// line: an unknown key, a key given twice, a value of another kind, an anchor.
func (l *loader) readYAML(name string, text []byte) {
	at := func(line int) string { return fmt.Sprintf("%s:%d", name, line) }
	var doc yaml.Node
	if err := yaml.Load(text, &doc); err != nil {
		l.syntax(name, err)
		return
	}
	if len(doc.Content) == 0 {
		return
	}
	root := doc.Content[0]
	if root.ShortTag() == "!!null" { // comments only
		return
	}
	if root.Kind != yaml.MappingNode {
		l.fault(at(root.Line), "", "expected keys and values, as in: listen: 127.0.0.1:8480")
		return
	}
	l.readMapping(at, root, "")
}

// syntax says where the YAML itself breaks.
func (l *loader) syntax(name string, err error) {
	var one *yaml.LoadError
	if errors.As(err, &one) && one.Mark.Line > 0 {
		l.fault(fmt.Sprintf("%s:%d", name, one.Mark.Line), "", "this is not YAML: "+one.Message)
		return
	}
	switch text := err.Error(); {
	case strings.Contains(text, "no documents"): // empty, or comments only
	case strings.Contains(text, "multiple"):
		l.fault(name+":1", "", "a configuration is one YAML document, not several")
	default:
		l.fault(name+":1", "", "this is not YAML: "+text)
	}
}

func (l *loader) readMapping(at func(int) string, m *yaml.Node, prefix string) {
	seen := map[string]int{}
	for i := 0; i+1 < len(m.Content); i += 2 {
		k, v := m.Content[i], m.Content[i+1]
		path := prefix + k.Value
		if first, twice := seen[k.Value]; twice {
			l.fault(at(k.Line), path, fmt.Sprintf("this key is given twice; first in line %d", first))
			continue
		}
		seen[k.Value] = k.Line
		switch {
		case k.Kind != yaml.ScalarNode:
			l.fault(at(k.Line), prefix, "a key is one word")
		case anchored(k) || anchored(v):
			l.fault(at(k.Line), path, "anchors and aliases are not allowed: write the value out")
		case l.section(path):
			l.readSection(at, v, path)
		default:
			l.readValue(at(v.Line), path, v)
		}
	}
}

func anchored(n *yaml.Node) bool { return n.Kind == yaml.AliasNode || n.Anchor != "" }

func (l *loader) readSection(at func(int) string, v *yaml.Node, path string) {
	switch {
	case v.ShortTag() == "!!null":
	case v.Kind != yaml.MappingNode:
		l.fault(at(v.Line), path, "expected keys and values below, found "+kind(v))
	default:
		l.readMapping(at, v, path+".")
	}
}

func (l *loader) readValue(place, path string, v *yaml.Node) {
	leaf, file := l.leaf(path)
	if leaf == nil {
		l.fault(place, path, l.unknown(path))
		return
	}
	text, ok := v.Value, v.Kind == yaml.ScalarNode
	switch {
	case v.ShortTag() == "!!null":
		l.fault(place, path, "has no value; leave the key out, or write \"\" for an empty text")
		return
	case file, leaf.Shape == "text", leaf.Shape == "secret":
		ok = ok && v.ShortTag() == "!!str"
	case leaf.Shape == "number":
		ok = ok && v.ShortTag() == "!!int"
	case leaf.Shape == "list":
		var items []string
		if items, ok = list(v); ok {
			text = strings.Join(items, ",")
		}
	}
	if !ok {
		l.fault(place, path, fmt.Sprintf("expected %s, found %s", expected[leaf.Shape], kind(v)))
		return
	}
	l.take(place, path, text)
}

var expected = map[string]string{
	"text": "text", "secret": "text", "number": "a whole number", "list": "a list of texts", "true|false": "true or false",
	"duration": "a length of time such as 90s, 15m, 12h or 30d",
}

func list(v *yaml.Node) ([]string, bool) {
	if v.Kind != yaml.SequenceNode {
		return nil, false
	}
	var out []string
	for _, item := range v.Content {
		if item.Kind != yaml.ScalarNode || item.ShortTag() != "!!str" {
			return nil, false
		}
		out = append(out, item.Value)
	}
	return out, true
}

// kind names what was found instead.
func kind(v *yaml.Node) string {
	switch v.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		return fmt.Sprintf("%q", v.Value)
	default:
		return "something else"
	}
}
