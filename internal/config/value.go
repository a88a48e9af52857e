package config

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"countersign/internal/client"
)

// Bool is true or false and nothing else: YAML's yes, on and y are other
// people's words for things that are not switches.
type Bool bool

// Secret is a value that is never printed. It may come from a file.
type Secret string

// Masked is what is printed in place of a secret.
const Masked = "********"

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return Masked
}

// Leaf is one key of the configuration.
type Leaf struct {
	Path  string // as in login.person.free
	Env   string
	Flag  string // without the dashes
	Doc   string
	Shape string // what a value is: text, true|false, number, duration, list, secret
	Live  bool   // a running server takes up a new value
	value reflect.Value
}

// EnvPrefix begins every environment variable of ours.
const EnvPrefix = "COUNTERSIGN_"

// Leaves lists every key of a configuration, in the order of the struct.
func Leaves(c *Config) []Leaf { return leaves(reflect.ValueOf(c).Elem(), "", false) }

func leaves(v reflect.Value, prefix string, live bool) []Leaf {
	var out []Leaf
	for i := range v.NumField() {
		f := v.Type().Field(i)
		path, live := prefix+f.Tag.Get("yaml"), live || f.Tag.Get("reload") == "yes"
		l := Leaf{
			Path: path, Doc: f.Tag.Get("doc"), Live: live, value: v.Field(i),
			Env:  EnvPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_")),
			Flag: strings.NewReplacer(".", "-", "_", "-").Replace(path),
		}
		switch v.Field(i).Interface().(type) {
		case string:
			l.Shape = "text"
		case Secret:
			l.Shape = "secret"
		case Bool:
			l.Shape = "true|false"
		case int:
			l.Shape = "number"
		case client.Duration:
			l.Shape = "duration"
		case []string:
			l.Shape = "list"
		default:
			out = append(out, leaves(v.Field(i), path+".", live)...)
			continue
		}
		out = append(out, l)
	}
	return out
}

// Text is the value as people read it; a secret is masked.
func (l Leaf) Text() string {
	switch v := l.value.Interface().(type) {
	case []string:
		return strings.Join(v, ", ")
	case fmt.Stringer:
		return v.String()
	default:
		return fmt.Sprint(v)
	}
}

// set reads a text. Errors: a sentence that says what was expected.
func (l Leaf) set(text string) error {
	switch p := l.value.Addr().Interface().(type) {
	case *string:
		*p = text
	case *Secret:
		*p = Secret(text)
	case *[]string:
		*p = fields(text)
	case *int:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n > math.MaxInt32 || n < -1 {
			return fmt.Errorf("expected a whole number, found %q", text)
		}
		*p = int(n)
	case *client.Duration:
		d, err := client.ParseDuration(text)
		if err == nil && d < 0 {
			err = errors.New("a length of time is not negative")
		}
		if err != nil {
			return fmt.Errorf("%w, found %q", err, text)
		}
		*p = d
	case *Bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("expected true or false, found %q", text)
		}
		*p = text == "true"
	}
	return nil
}

// fields splits a list given as one text, at commas and blanks.
func fields(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
}
