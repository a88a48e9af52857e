package sfdx

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// splice replaces the bytes of a span.
type splice struct {
	span
	text string
}

// edited returns the bytes of the file with the element at path set or removed.
// Everything else stays as it is, byte by byte.
func (f *File) edited(path string, e edit) []byte {
	elements := f.Root.all(path)
	schema, _ := f.schema().at(path)
	switch {
	case e.remove:
		var cuts []splice
		for _, el := range elements {
			cuts = append(cuts, splice{f.lineOf(el), ""})
		}
		return f.spliced(cuts)
	case schema.repeated:
		return f.editedList(path, elements, e.values)
	case len(elements) == 0:
		return f.inserted(path, e.values[0])
	}
	var out []splice
	for _, el := range elements {
		if el.value() != e.values[0] || schema.name == callback {
			out = append(out, f.retext(el, e.values[0])...)
		}
	}
	return f.spliced(out)
}

// editedList makes repeated elements hold exactly the wanted values: those no longer
// wanted are removed, new ones stand behind the last that stays.
func (f *File) editedList(path string, elements []*Element, values []string) []byte {
	have := map[string]bool{}
	for _, el := range elements {
		have[el.value()] = true
	}
	g := *f
	for _, v := range values {
		if !have[v] {
			// Before anything is cut, so that the place of the list is kept.
			g.load(g.inserted(path, v))
			have[v] = true
		}
	}
	var cuts []splice
	seen := map[string]bool{}
	for _, el := range g.Root.all(path) {
		if !slices.Contains(values, el.value()) || seen[el.value()] {
			cuts = append(cuts, splice{g.lineOf(el), ""})
		}
		seen[el.value()] = true
	}
	return g.spliced(cuts)
}

func (f *File) spliced(edits []splice) []byte {
	slices.SortFunc(edits, func(a, b splice) int { return a.from - b.from })
	var out []byte
	at := 0
	for _, s := range edits {
		out = append(out, f.data[at:s.from]...)
		out = append(out, s.text...)
		at = s.to
	}
	return append(out, f.data[at:]...)
}

// retext replaces the text of a leaf.
func (f *File) retext(e *Element, value string) []splice {
	text := f.escape(value)
	if e.selfClosed() || e.Nil {
		return f.reopened(e, text)
	}
	if len(e.texts) == 0 {
		return []splice{{span{e.close, e.close}, text}}
	}
	main := slices.IndexFunc(e.texts, func(s span) bool { return len(bytes.TrimSpace(f.data[s.from:s.to])) > 0 })
	main = max(main, 0)
	var out []splice
	for i, s := range e.texts {
		switch {
		case i != main:
			if len(bytes.TrimSpace(f.data[s.from:s.to])) > 0 {
				out = append(out, splice{s, ""})
			}
		case e.Name == callback:
			out = append(out, splice{s, text})
		default:
			out = append(out, splice{f.trimmed(s), text})
		}
	}
	return out
}

// trimmed is a text node without the blanks around its text.
func (f *File) trimmed(s span) span {
	raw := f.data[s.from:s.to]
	left := len(raw) - len(bytes.TrimLeft(raw, " \t\r\n"))
	right := len(raw) - len(bytes.TrimRight(raw, " \t\r\n"))
	if left == len(raw) {
		return s
	}
	return span{s.from + left, s.to - right}
}

// reopened turns <a xsi:nil="true"/> into <a>text</a>.
func (f *File) reopened(e *Element, text string) []splice {
	tag := string(f.data[e.open:e.inner])
	tag = strings.TrimRight(strings.TrimSuffix(strings.TrimSuffix(tag, ">"), "/"), " \t\r\n")
	name := tag[1:]
	if i := strings.IndexAny(name, " \t\r\n"); i >= 0 {
		name = name[:i]
	}
	if e.Nil {
		tag = withoutNil(tag)
	}
	if e.selfClosed() {
		return []splice{{span{e.open, e.end}, tag + ">" + text + "</" + name + ">"}}
	}
	return []splice{{span{e.open, e.close}, tag + ">" + text}}
}

var nilAttribute = regexp.MustCompile(`\s+([\w.-]+):nil\s*=\s*(?:"[^"]*"|'[^']*')`)

// withoutNil drops the attribute xsi:nil, whatever its prefix, from a start tag.
func withoutNil(tag string) string {
	return nilAttribute.ReplaceAllStringFunc(tag, func(attribute string) string {
		if strings.HasPrefix(strings.TrimSpace(attribute), "xmlns:") {
			return attribute
		}
		return ""
	})
}

// lineOf is an element with its whole line, if it has lines of its own.
func (f *File) lineOf(e *Element) span {
	from, to := e.open, e.end
	for from > 0 && (f.data[from-1] == ' ' || f.data[from-1] == '\t') {
		from--
	}
	for to < len(f.data) && (f.data[to] == ' ' || f.data[to] == '\t' || f.data[to] == '\r') {
		to++
	}
	if from > 0 && f.data[from-1] == '\n' && to < len(f.data) && f.data[to] == '\n' {
		return span{from, to + 1}
	}
	return span{e.open, e.end}
}

// escape writes text for an XML element, with the line ends of the file.
func (f *File) escape(s string) string {
	s = escapeText(s)
	if i := bytes.IndexByte(f.data, '\n'); i > 0 && f.data[i-1] == '\r' {
		s = strings.ReplaceAll(s, "\n", "\r\n")
	}
	return s
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#13;")

func escapeText(s string) string { return escaper.Replace(s) }

// isXMLText says whether XML 1.0 can hold a text.
func isXMLText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return false
		}
	}
	return true
}
