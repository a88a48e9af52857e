package sfdx

import (
	"slices"
	"strconv"
	"strings"
)

// SchemaAPIVersion is the API version whose elements this package knows.
const SchemaAPIVersion = 66

type kind int

const (
	text    kind = iota // any string
	flag                // true or false
	integer             // a whole number
	decimal             // a number
	group               // holds further elements
	opaque              // holds elements we neither read nor check
)

// element describes one child in the schema of a metadata type.
type element struct {
	name     string
	kind     kind
	values   []string // closed list, if any
	check    func(value string) bool
	since    int // first API version, 0 if not known
	required bool
	repeated bool
	comma    bool // values stand in one text, separated by commas
	secret   bool
	open     bool // children other than those listed are allowed
	children []element
}

func str(name string) element              { return element{name: name} }
func yes(name string) element              { return element{name: name, kind: flag} }
func num(name string) element              { return element{name: name, kind: integer} }
func skip(name string) element             { return element{name: name, kind: opaque} }
func enum(name string, l []string) element { return element{name: name, values: l} }

func tree(name string, children ...element) element {
	return element{name: name, kind: group, children: children}
}

func (e element) from(apiVersion int) element { e.since = apiVersion; return e }
func (e element) must() element               { e.required = true; return e }
func (e element) many() element               { e.repeated = true; return e }
func (e element) hidden() element             { e.secret = true; return e }
func (e element) loose() element              { e.open = true; return e }

func (e element) list(values []string) element { e.comma, e.values = true, values; return e }

func (e element) where(check func(string) bool) element { e.check = check; return e }

// accepts says whether a value that is not empty is one this element can have.
func (e element) accepts(value string) bool {
	switch e.kind {
	case flag:
		_, ok := parseBool(value)
		return ok
	case integer:
		if _, err := strconv.Atoi(value); err != nil {
			return false
		}
	case decimal:
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			return false
		}
	case text, group, opaque:
	}
	if e.check != nil {
		return e.check(value)
	}
	if len(e.values) == 0 {
		return true
	}
	for _, v := range e.parts(value) {
		if !slices.Contains(e.values, v) {
			return false
		}
	}
	return true
}

// parts are the single values in a text: one, or those between the commas.
func (e element) parts(value string) []string {
	if e.comma {
		return splitList(value)
	}
	return []string{value}
}

// child finds a child by its name.
func (e element) child(name string) (element, int, bool) {
	for i, c := range e.children {
		if c.name == name {
			return c, i, true
		}
	}
	return element{}, 0, false
}

// at finds a descendant by its dotted path.
func (e element) at(path string) (element, bool) {
	for name := range strings.SplitSeq(path, ".") {
		c, _, ok := e.child(name)
		if !ok {
			return element{}, false
		}
		e = c
	}
	return e, true
}

// fileType is one metadata type: where its files lie and what they hold.
type fileType struct {
	folder  string
	suffix  string
	file    string // settings only: the one file name
	tied    bool   // names its app in <externalClientApplication>
	element        // the root
}

// parseBool reads an XML boolean.
func parseBool(s string) (value, ok bool) {
	switch strings.TrimSpace(s) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

// splitList reads a comma-separated list as Salesforce writes it: blanks around
// the parts and empty parts mean nothing.
func splitList(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
