package cli

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"countersign/internal/admin"
)

// valueFlag takes one value, each time it is given.
type valueFlag struct {
	values []string
	given  bool
}

// Decode implements kong.MapperValue.
func (f *valueFlag) Decode(ctx *kong.DecodeContext) error {
	var v string
	if err := ctx.Scan.PopValueInto("value", &v); err != nil {
		return err
	}
	f.values, f.given = append(f.values, v), true
	return nil
}

// switchFlag is on by its name alone, and takes =on or =off.
type switchFlag struct{ valueFlag }

// Decode implements kong.MapperValue.
func (f *switchFlag) Decode(ctx *kong.DecodeContext) error {
	v := "on"
	if ctx.Scan.Peek().Type == kong.FlagValueToken {
		v = fmt.Sprint(ctx.Scan.Pop().Value)
	}
	f.values, f.given = []string{v}, true
	return nil
}

// IsBool tells the parser that the value may be left out.
func (f *switchFlag) IsBool() bool { return true }

// fieldFlags makes a flag of every field of a table. Making says whether the
// record is being made, when all its fields can be set.
func fieldFlags[T any](fields []admin.Field[T], making bool) kong.Plugins {
	var members []reflect.StructField
	for i, f := range fields {
		if f.Fixed && !making {
			continue
		}
		kind := reflect.TypeFor[valueFlag]()
		if f.Hint == admin.OnOff {
			kind = reflect.TypeFor[switchFlag]()
		}
		help := f.What
		hint := f.Hint
		if strings.Contains(hint, "|") && hint != admin.OnOff && !f.Many {
			help += " One of: " + strings.ReplaceAll(hint, "|", ", ") + "."
			hint = "WORD"
		}
		if f.Many {
			help += " Repeatable."
		}
		tag := fmt.Sprintf(`name:%q help:%s placeholder:%s`, f.Name, strconv.Quote(help), strconv.Quote(hint))
		members = append(members, reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: kind, Tag: reflect.StructTag(tag)})
	}
	return kong.Plugins{reflect.New(reflect.StructOf(members)).Interface()}
}

// sets reads what the flags of a table were given.
func sets(plugins kong.Plugins) []admin.Set {
	var out []admin.Set
	for _, p := range plugins {
		v := reflect.ValueOf(p).Elem()
		for i := range v.NumField() {
			name, hint := v.Type().Field(i).Tag.Get("name"), v.Type().Field(i).Tag.Get("placeholder")
			var f valueFlag
			switch x := v.Field(i).Addr().Interface().(type) {
			case *valueFlag:
				f = *x
			case *switchFlag:
				f = x.valueFlag
			}
			if !f.given {
				continue
			}
			if many[name] {
				f.values = split(f.values, hint)
			}
			out = append(out, admin.Set{Field: name, Values: f.values})
		}
	}
	return out
}

// many are the fields that take lists.
var many = func() map[string]bool {
	out := map[string]bool{}
	note(out, admin.AppFields)
	note(out, admin.UserFields)
	note(out, admin.OrgFields)
	return out
}()

func note[T any](into map[string]bool, fields []admin.Field[T]) {
	for _, f := range fields {
		into[f.Name] = into[f.Name] || f.Many
	}
}

// uriAhead matches a comma that ends a URI: another URI follows it.
var uriAhead = regexp.MustCompile(`,([+-]?[A-Za-z][A-Za-z0-9+.-]*:)`)

// split takes lists apart at blanks and commas. A comma inside a URI stays.
func split(values []string, hint string) []string {
	var out []string
	for _, v := range values {
		if hint == "URI" || hint == "ORIGIN" {
			v = uriAhead.ReplaceAllString(v, " $1")
		} else {
			v = strings.ReplaceAll(v, ",", " ")
		}
		out = append(out, strings.Fields(v)...)
	}
	return out
}
