package sfdx

import "strings"

// Element is one XML element with the place it was read from, so that a report
// can name its line and a patch can change its text and nothing else.
type Element struct {
	Name     string     // local name, without prefix
	Line     int        // line of its start tag, from 1
	Text     string     // text of a leaf, decoded, comments left out, blanks kept
	Nil      bool       // xsi:nil="true"
	Children []*Element // in the order of the file

	foreign bool // in a namespace other than that of Salesforce metadata
	// Byte offsets into the file: '<' of the start tag, behind its '>', '<' of the
	// end tag, behind that. An empty-element tag has inner == close == end.
	open, inner, close, end int
	texts                   []span // the text nodes directly inside
}

type span struct{ from, to int }

// selfClosed says that the element was written <a/>.
func (e *Element) selfClosed() bool { return e.inner == e.end }

// value is the text without surrounding blanks; "" means the element is not set.
func (e *Element) value() string {
	if e.Nil {
		return ""
	}
	return strings.TrimSpace(e.Text)
}

// set says whether the element gives a value at all: an empty element and
// xsi:nil="true" do not.
func (e *Element) set() bool { return e.value() != "" || len(e.Children) > 0 }

// all returns the elements at a path such as "idTokenConfig.idTokenAudience".
func (e *Element) all(path string) []*Element {
	name, rest, deeper := strings.Cut(path, ".")
	var out []*Element
	for _, c := range e.Children {
		switch {
		case c.Name != name || c.foreign:
		case deeper:
			out = append(out, c.all(rest)...)
		default:
			out = append(out, c)
		}
	}
	return out
}

// first returns the first element at a path, or nil.
func (e *Element) first(path string) *Element {
	if found := e.all(path); len(found) > 0 {
		return found[0]
	}
	return nil
}

// text returns the trimmed text of the first element at a path, or "".
func (e *Element) text(path string) string {
	if found := e.first(path); found != nil {
		return found.value()
	}
	return ""
}

// walk calls visit for every element below e with its dotted path.
func (e *Element) walk(prefix string, visit func(path string, e *Element)) {
	for _, c := range e.Children {
		path := c.Name
		if prefix != "" {
			path = prefix + "." + c.Name
		}
		visit(path, c)
		c.walk(path, visit)
	}
}
