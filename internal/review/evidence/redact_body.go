package evidence

import (
	"bytes"
	"encoding/json"
	"strings"
)

// mostBody is how much of a body a transcript keeps.
const mostBody = 8 << 10

// Body replaces the secrets of a body of that media type, and cuts a long one
// short.
func (r *Redactor) Body(media string, body []byte) string {
	if len(body) == 0 {
		return ""
	}
	media, _, _ = strings.Cut(media, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	text := ""
	switch {
	case media == "application/x-www-form-urlencoded":
		text = r.Form(string(body))
	case media == "application/json" || strings.HasSuffix(media, "+json"):
		text = r.members(body)
	case media == "application/jwt" || strings.HasSuffix(media, "+jwt"):
		text = r.Learn("token", string(body))
	default:
		text = r.Text(string(body))
	}
	if len(text) > mostBody {
		text = text[:mostBody] + "… (cut)"
	}
	return strings.ToValidUTF8(text, "�")
}

// members writes JSON again, with the secrets of its members replaced and in the
// same order. What is no JSON is text.
func (r *Redactor) members(body []byte) string {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var out strings.Builder
	if err := r.value(d, &out, ""); err != nil || d.More() {
		return r.Text(string(body))
	}
	return out.String()
}

// value copies one value; kind is what a text in this place would be.
func (r *Redactor) value(d *json.Decoder, out *strings.Builder, kind string) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		return r.nested(d, out, v, kind)
	case string:
		if kind != "" {
			quote(out, r.Learn(kind, v))
		} else {
			quote(out, r.URLOrText(v))
		}
	default:
		quote(out, v)
	}
	return nil
}

func (r *Redactor) nested(d *json.Decoder, out *strings.Builder, open json.Delim, kind string) error {
	out.WriteString(open.String())
	for first := true; d.More(); first = false {
		if !first {
			out.WriteString(",")
		}
		inner := kind
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			text, _ := name.(string)
			quote(out, text)
			out.WriteString(":")
			inner = kinds[text]
		}
		if err := r.value(d, out, inner); err != nil {
			return err
		}
	}
	closing, err := d.Token()
	if err != nil {
		return err
	}
	end, _ := closing.(json.Delim)
	out.WriteString(end.String())
	return nil
}

// URLOrText replaces secrets in a text that may be a URL.
func (r *Redactor) URLOrText(text string) string {
	if strings.Contains(text, "://") && !strings.ContainsAny(text, " \n") {
		return r.URL(text)
	}
	return r.Text(text)
}

func quote(out *strings.Builder, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // texts, numbers, bools and nil always encode
	out.Write(bytes.TrimRight(b.Bytes(), "\n"))
}
