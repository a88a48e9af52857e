package sfdx

import (
	"bytes"
	"strings"
)

// inserted returns the file with a new element in schema order, indented like its
// neighbours. Missing parents are made.
func (f *File) inserted(path, value string) []byte {
	parent, schema := f.Root, f.schema().element
	names := strings.Split(path, ".")
	for len(names) > 1 {
		child := parent.first(names[0])
		if child == nil {
			break
		}
		schema, _, _ = schema.child(names[0])
		parent, names = child, names[1:]
	}
	l := f.layoutOf(parent)
	lines := nested(names, f.escape(value), l)
	if parent.selfClosed() || parent.Nil {
		return f.spliced(f.reopened(parent, l.newline+lines+l.newline+l.outer))
	}
	at := f.behind(parent.inner)
	if before := precedes(parent, schema, names[0]); before != nil {
		at = f.behind(before.end)
	}
	text := l.newline + lines
	if parent.inner == parent.close {
		text += l.newline + l.outer
	}
	return f.spliced([]splice{{span{at, at}, text}})
}

// precedes returns the child behind which a new child belongs, or nil.
func precedes(parent *Element, schema element, name string) *Element {
	_, rank, _ := schema.child(name)
	var best *Element
	bestRank := -1
	for _, c := range parent.Children {
		if _, r, ok := schema.child(c.Name); ok && r <= rank && r >= bestRank {
			best, bestRank = c, r
		}
	}
	return best
}

// behind moves an offset over the rest of its line if there are only blanks and
// comments, so that a comment stays with the element it stands beside.
func (f *File) behind(at int) int {
	rest := f.data[at:]
	end := bytes.IndexByte(rest, '\n')
	if end < 0 {
		return at
	}
	line := bytes.TrimRight(rest[:end], "\r")
	left := bytes.TrimSpace(line)
	for bytes.HasPrefix(left, []byte("<!--")) {
		_, after, ok := bytes.Cut(left, []byte("-->"))
		if !ok {
			return at
		}
		left = bytes.TrimSpace(after)
	}
	if len(left) > 0 {
		return at
	}
	return at + len(line)
}

// layout is how a file indents.
type layout struct {
	newline string // "" if the elements stand on one line
	outer   string // indentation of the parent
	inner   string // indentation of its children
	step    string
}

const fourBlanks = "    "

func (f *File) layoutOf(parent *Element) layout {
	l := layout{newline: "\n", outer: f.indentOf(parent), step: fourBlanks}
	if i := bytes.IndexByte(f.data, '\n'); i > 0 && f.data[i-1] == '\r' {
		l.newline = "\r\n"
	}
	if len(f.Root.Children) > 0 {
		if step := f.indentOf(f.Root.Children[0]); step != "" {
			l.step = strings.TrimPrefix(step, f.indentOf(f.Root))
		}
	}
	l.inner = l.outer + l.step
	if len(parent.Children) > 0 {
		first := parent.Children[0]
		if bytes.IndexByte(f.data[parent.inner:first.open], '\n') < 0 {
			return layout{}
		}
		l.inner = f.indentOf(first)
	}
	return l
}

// indentOf returns the blanks before an element if they begin its line.
func (f *File) indentOf(e *Element) string {
	from := e.open
	for from > 0 && (f.data[from-1] == ' ' || f.data[from-1] == '\t') {
		from--
	}
	if from > 0 && f.data[from-1] != '\n' {
		return ""
	}
	return string(f.data[from:e.open])
}

// nested writes <a><b>text</b></a> for the names a, b.
func nested(names []string, text string, l layout) string {
	if len(names) == 1 {
		return l.inner + "<" + names[0] + ">" + text + "</" + names[0] + ">"
	}
	deeper := l
	deeper.inner = l.inner + l.step
	return l.inner + "<" + names[0] + ">" + l.newline + nested(names[1:], text, deeper) + l.newline + l.inner + "</" + names[0] + ">"
}
