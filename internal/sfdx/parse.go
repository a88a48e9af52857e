package sfdx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits of one file. Real files have a depth of 4 and a few kilobytes; whatever
// is beyond these is refused as unreadable instead of being worked through.
const (
	MaxFileBytes = 2 << 20
	MaxDepth     = 64
	MaxElements  = 50_000
)

const (
	namespace    = "http://soap.sforce.com/2006/04/metadata"
	xsiNamespace = "http://www.w3.org/2001/XMLSchema-instance"
)

var byteOrderMark = []byte("\xEF\xBB\xBF")

// Unreadable is why a file could not be read. Its text never quotes the file,
// because the place that is broken may be a secret.
type Unreadable struct {
	Line   int // 0 if the line is not known
	Reason string
	Remedy string
}

// Error implements error.
func (u *Unreadable) Error() string {
	if u.Line == 0 {
		return u.Reason
	}
	return fmt.Sprintf("line %d: %s", u.Line, u.Reason)
}

func unreadable(line int, reason, remedy string) *Unreadable {
	return &Unreadable{Line: line, Reason: reason, Remedy: remedy}
}

// parser turns the bytes of one file into elements. It keeps its own stack, so
// that no input can make it recurse.
type parser struct {
	data   []byte
	offset int // of data in the file: 3 behind a byte order mark
	dec    *xml.Decoder
	stack  []*Element
	texts  [][]byte // what was read so far of the text of each element of stack
	root   *Element
	space  string // namespace of the root
	count  int
}

// parse reads one XML document. When it is broken, the elements read so far are
// returned beside the error: they may tell which app the file belongs to.
func parse(file []byte) (root *Element, space string, broken *Unreadable) {
	p := parser{data: file}
	if len(file) > MaxFileBytes {
		return nil, "", unreadable(0, fmt.Sprintf("the file is larger than %d bytes", MaxFileBytes),
			"Metadata of this type has a few kilobytes; remove what does not belong there.")
	}
	if bytes.HasPrefix(file, byteOrderMark) {
		p.data, p.offset = file[len(byteOrderMark):], len(byteOrderMark)
	}
	if !utf8.Valid(p.data) {
		return nil, "", unreadable(1+bytes.Count(validPrefix(p.data), []byte("\n")), "the file is not UTF-8", "Save it as UTF-8.")
	}
	p.dec = xml.NewDecoder(bytes.NewReader(p.data))
	if broken := p.run(); broken != nil {
		return p.root, p.space, broken
	}
	return p.root, p.space, nil
}

func (p *parser) run() *Unreadable {
	for {
		line, _ := p.dec.InputPos()
		from := p.here()
		token, err := p.dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return p.explain(err)
		}
		if broken := p.take(token, line, span{from, p.here()}); broken != nil {
			return broken
		}
	}
	if p.root == nil {
		return unreadable(1, "the file holds no XML element", "Delete the file or restore its content.")
	}
	return nil
}

func (p *parser) here() int { return p.offset + int(p.dec.InputOffset()) }

func (p *parser) take(token xml.Token, line int, at span) *Unreadable {
	switch t := token.(type) {
	case xml.StartElement:
		return p.start(t, line, at)
	case xml.EndElement:
		top := p.stack[len(p.stack)-1]
		top.close, top.end = at.from, at.to
		top.Text = string(p.texts[len(p.texts)-1])
		p.stack, p.texts = p.stack[:len(p.stack)-1], p.texts[:len(p.texts)-1]
	case xml.CharData:
		if len(p.stack) == 0 {
			break
		}
		p.texts[len(p.texts)-1] = append(p.texts[len(p.texts)-1], t...)
		top := p.stack[len(p.stack)-1]
		top.texts = append(top.texts, at)
	case xml.Directive:
		return unreadable(line, "the file has a document type declaration", "Remove the <!DOCTYPE …> line; metadata needs none.")
	}
	return nil
}

func (p *parser) start(t xml.StartElement, line int, at span) *Unreadable {
	p.count++
	switch {
	case p.root != nil && len(p.stack) == 0:
		return unreadable(line, "the file has a second root element", "Keep one root element per file.")
	case len(p.stack) >= MaxDepth:
		return unreadable(line, fmt.Sprintf("elements are nested more than %d deep", MaxDepth), "Remove the nesting.")
	case p.count > MaxElements:
		return unreadable(line, fmt.Sprintf("the file has more than %d elements", MaxElements), "Remove what does not belong there.")
	}
	e := &Element{Name: t.Name.Local, Line: line, open: at.from, inner: at.to}
	for _, a := range t.Attr {
		if a.Name.Local == "nil" && (a.Name.Space == xsiNamespace || a.Name.Space == "xsi") {
			v := strings.TrimSpace(a.Value)
			e.Nil = v == "true" || v == "1"
		}
	}
	if p.root == nil {
		p.root, p.space = e, t.Name.Space
	} else {
		top := p.stack[len(p.stack)-1]
		top.Children = append(top.Children, e)
		e.foreign = t.Name.Space != p.space
	}
	p.stack, p.texts = append(p.stack, e), append(p.texts, nil)
	return nil
}

// explain puts the decoder's error into words of ours, without its quotations.
func (p *parser) explain(err error) *Unreadable {
	line, _ := p.dec.InputPos()
	var syntax *xml.SyntaxError
	if !errors.As(err, &syntax) {
		if strings.Contains(err.Error(), "encoding") {
			return unreadable(1, "the XML declaration names an encoding other than UTF-8", `Save the file as UTF-8 and write encoding="UTF-8".`)
		}
		return unreadable(line, "the file is not well-formed XML", "Repair the line, or retrieve the file again.")
	}
	line = syntax.Line
	switch msg := syntax.Msg; {
	case strings.HasPrefix(msg, "invalid character entity"):
		return unreadable(line, "not well-formed XML: a bare & or an unknown entity", "Write &amp; for &.")
	case strings.HasPrefix(msg, "element <"):
		return unreadable(line, "not well-formed XML: "+clip(msg, 160), "Close each element before its parent.")
	case strings.HasPrefix(msg, "unexpected EOF"):
		return unreadable(line, "not well-formed XML: the file ends inside an element", "Restore the missing end tags.")
	case strings.HasPrefix(msg, "unexpected end element"):
		return unreadable(line, "not well-formed XML: an end tag without its start tag", "Remove the end tag or restore the start tag.")
	}
	return unreadable(line, "not well-formed XML", "Repair the line, or retrieve the file again.")
}

func validPrefix(b []byte) []byte {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			return b[:i]
		}
		i += n
	}
	return b
}
