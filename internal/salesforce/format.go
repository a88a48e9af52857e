package salesforce

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"countersign/internal/web"
)

// object is an answer before it is written: members in their order. Values are
// string, bool, int64, object, or nil for null.
type object []member

type member struct {
	name  string
	value any
}

// json appends the object to b.
func (o object) json(b []byte) []byte {
	b = append(b, '{')
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, m.name)
		b = append(b, ':')
		b = appendValue(b, m.value)
	}
	return append(b, '}')
}

func appendValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendText(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case object:
		return v.json(b)
	}
	return append(b, "null"...)
}

// appendText writes a JSON string. Texts of plain ASCII, nearly all, need no
// encoder.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			encoded, _ := json.Marshal(s) // of a string it cannot fail
			return append(b, encoded...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// xml appends the object's members as elements; null is an empty element.
func (o object) xml(b *bytes.Buffer) {
	for _, m := range o {
		b.WriteString("<" + m.name + ">")
		if inner, ok := m.value.(object); ok {
			inner.xml(b)
		} else {
			_ = xml.EscapeText(b, []byte(plain(m.value))) // a buffer takes everything
		}
		b.WriteString("</" + m.name + ">")
	}
}

// form appends the object's members as form parameters; those of an inner object
// carry its name and a dot in front.
func (o object) form(b *strings.Builder, prefix string) {
	for _, m := range o {
		if inner, ok := m.value.(object); ok {
			inner.form(b, prefix+m.name+".")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(prefix+m.name) + "=" + url.QueryEscape(plain(m.value)))
	}
}

func plain(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return ""
}

// Further content types.
var (
	mediaXML    = web.Media{"application/xml; charset=utf-8"}
	mediaScript = web.Media{"text/javascript; charset=utf-8"}
)

// render writes an object as format says: json (the default), xml or urlencoded.
// A format that is not known is json: clients of this dialect always could send
// one.
func render(o object, format, root string, pretty bool) web.Answer {
	a := web.Answer{Status: http.StatusOK}
	switch format {
	case "xml":
		var b bytes.Buffer
		b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><` + root + ">")
		o.xml(&b)
		b.WriteString("</" + root + ">")
		a.Media, a.Body = mediaXML, b.Bytes()
	case "urlencoded":
		var b strings.Builder
		o.form(&b, "")
		a.Media, a.Body = web.MediaForm, []byte(b.String())
	default:
		a.Media, a.Body = web.MediaJSON, o.json(nil)
		if pretty {
			var b bytes.Buffer
			_ = json.Indent(&b, a.Body, "", "  ") // we wrote it
			a.Body = b.Bytes()
		}
	}
	return a
}

// wanted is the format a request asks for: by the parameter, or else by the
// first media type of Accept that we have.
func wanted(r *web.Request, in *input) string {
	if f := in.text("format"); f != "" {
		return f
	}
	for part := range strings.SplitSeq(r.HTTP.Header.Get("Accept"), ",") {
		kind, _, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "application/json", "*/*":
			return "json"
		case "application/xml", "text/xml":
			return "xml"
		case "application/x-www-form-urlencoded":
			return "urlencoded"
		}
	}
	return "json"
}
