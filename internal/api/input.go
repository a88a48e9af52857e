package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"countersign/internal/admin"
	"countersign/internal/oauth"
)

// Refusals of reading a request.
var (
	ErrParameter = oauth.Refuse(oauth.InvalidRequest, "api.parameter", "RFC 9110 §15.5.1",
		"a query parameter is unknown or has a wrong value")
	ErrMediaType = oauth.Refuse(oauth.UnsupportedMediaType, "api.media-type", "RFC 9110 §15.5.16",
		"send the request body as application/json")
	ErrJSON = oauth.Refuse(oauth.InvalidRequest, "api.json", "RFC 8259 §2",
		"the request body is not one JSON object as the operation describes it")
	ErrMember = oauth.Refuse(oauth.InvalidRequest, "api.member", "RFC 9110 §15.5.1",
		"the request body has a member that the operation does not know")
)

// read takes the request body apart: one JSON object with members that the
// operation knows, each once. Errors: ErrMediaType, ErrJSON, ErrMember.
//
// Spec: RFC 8259 §4.
func (c *call) read(into any) error {
	kind, _, err := mime.ParseMediaType(c.HTTP.Header.Get("Content-Type"))
	if len(c.Body) > 0 && (err != nil || kind != "application/json") {
		return ErrMediaType
	}
	if name := repeatedMember(c.Body); name != "" {
		return explain(c.Request, ErrJSON, "the member "+quoted(name)+" stands there twice")
	}
	d := json.NewDecoder(bytes.NewReader(c.Body))
	d.DisallowUnknownFields()
	err = d.Decode(into)
	if err == nil {
		if _, end := d.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("something stands behind the object")
		}
	}
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil && bytes.HasPrefix(bytes.TrimSpace(c.Body), []byte("{")):
		return nil
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return explain(c.Request, ErrJSON, "send one JSON object")
	case errors.As(err, &wrong):
		return explain(c.Request, ErrJSON, fmt.Sprintf("%s: a JSON %s is not what belongs there", quoted(wrong.Field), wrong.Value))
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if text, err := strconv.Unquote(name); err == nil {
			name = quoted(text)
		}
		return explain(c.Request, ErrMember, name+" is no member of this operation's request")
	}
	return explain(c.Request, ErrJSON, strings.TrimPrefix(err.Error(), "json: "))
}

// repeatedMember returns the name of a member that an object has twice: two
// readers would take two values. A body that is no JSON is left to the decoder.
func repeatedMember(body []byte) string {
	d := json.NewDecoder(bytes.NewReader(body))
	type level struct {
		object bool
		names  map[string]bool
		value  bool // the next token is the value of a member
	}
	var open []level
	for {
		t, err := d.Token()
		if err != nil {
			return ""
		}
		in := len(open) - 1
		switch t := t.(type) {
		case json.Delim:
			if t == '}' || t == ']' {
				open = open[:in]
				in--
				break
			}
			open = append(open, level{object: t == '{', names: map[string]bool{}})
			continue
		case string:
			if in >= 0 && open[in].object && !open[in].value {
				name := folded(t)
				if open[in].names[name] {
					return t
				}
				open[in].names[name], open[in].value = true, true
				continue
			}
		}
		if in >= 0 {
			open[in].value = false
		}
	}
}

// folded is a name as the decoder compares it: without regard to case.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, name)
}

// settings are the values that a request sets, by the names of the fields.
type settings map[string]json.RawMessage

// kinds is how a field looks in JSON: off and on are false and true, a list is a
// list, everything else is a text as the command line takes it.
func sets[T any](fields []admin.Field[T], from settings) ([]admin.Set, error) {
	var out []admin.Set
	var faults admin.Invalid
	known := 0
	for _, f := range fields {
		raw, ok := from[f.Name]
		if !ok {
			continue
		}
		known++
		values, err := values(raw, f.Hint == admin.OnOff, f.Many)
		if err != nil {
			faults = append(faults, admin.Fault{Field: f.Name, Text: err.Error()})
			continue
		}
		out = append(out, admin.Set{Field: f.Name, Values: values})
	}
	if known < len(from) {
		var names []string
		for _, f := range fields {
			names = append(names, f.Name)
		}
		for name := range from {
			if !slices.Contains(names, name) {
				faults = append(faults, admin.Fault{Field: name, Text: "there is no such setting"})
			}
		}
		slices.SortFunc(faults, func(a, b admin.Fault) int { return strings.Compare(a.Field, b.Field) })
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return out, nil
}

func values(raw json.RawMessage, onOff, many bool) ([]string, error) {
	switch {
	case onOff:
		var on bool
		if err := json.Unmarshal(raw, &on); err != nil || string(raw) == "null" {
			return nil, errors.New("send true or false")
		}
		if on {
			return []string{"on"}, nil
		}
		return []string{"off"}, nil
	case many:
		var list []string
		if err := json.Unmarshal(raw, &list); err != nil || list == nil {
			return nil, errors.New("send a list of texts")
		}
		if len(list) == 0 {
			list = []string{""} // which empties the list
		}
		return list, nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil || string(raw) == "null" {
		return nil, errors.New("send a text")
	}
	return []string{text}, nil
}

// text reads a parameter.
func (c *call) text(name string) string { return c.Form.Query.Text(name) }

// limit reads how many are wanted. Errors: ErrParameter.
func (c *call) limit() (int, error) { return c.number("limit", 100, 1000) }

func (c *call) number(name string, usual, most int) (int, error) {
	text := c.text(name)
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, explain(c.Request, ErrParameter, fmt.Sprintf("%s is a number from 1 to %d", name, most))
	}
	return n, nil
}

// since reads a time. Errors: ErrParameter.
func (c *call) since() (time.Time, error) {
	text := c.text("since")
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, explain(c.Request, ErrParameter, "since is a time as in 2027-01-31T12:00:00Z (RFC 3339)")
	}
	return t, nil
}

// word reads a parameter with a few values. Errors: ErrParameter.
func (c *call) word(name string, allowed ...string) (string, error) {
	text := c.text(name)
	if text == "" {
		return allowed[0], nil
	}
	if !slices.Contains(allowed, text) {
		return "", explain(c.Request, ErrParameter, name+" is one of "+strings.Join(allowed, ", "))
	}
	return text, nil
}
