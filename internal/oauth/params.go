package oauth

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// Params are the parameters of one request, read once. Every name occurs at
// most once; an empty value counts as absent.
//
// Spec: RFC 6749 §3.1, §3.2.
type Params struct{ pairs []pair }

type pair struct{ name, value string }

// Limits of a parameter list. A request beyond them is hostile or broken.
const (
	maxParams = 64
	// MaxFormBytes is the longest form body a dialect may hand to ParseParams.
	MaxFormBytes = 64 << 10
)

// Refusals of ParseParams.
var (
	ErrParamRepeated = Refuse(InvalidRequest, "request.parameter-repeated", "RFC 6749 §3.2",
		"a parameter occurs more than once")
	ErrParamSyntax = Refuse(InvalidRequest, "request.parameter-syntax", "RFC 6749 Appendix B",
		"the parameters are not UTF-8 text in application/x-www-form-urlencoded form")
	ErrParamMany = Refuse(InvalidRequest, "request.parameters-too-many", "RFC 9700 §4.18",
		"the request has more than 64 parameters")
)

// ParseParams reads form-encoded text (a body or a query). Repeatable lists the
// names that may occur several times (resource). Errors: ErrParamSyntax,
// ErrParamRepeated, ErrParamMany.
//
// Spec: RFC 6749 Appendix B.
func ParseParams(text string, repeatable ...string) (Params, error) {
	var p Params
	if text == "" {
		return p, nil
	}
	p.pairs = make([]pair, 0, 8)
	for field := range strings.SplitSeq(text, "&") {
		if field == "" {
			continue
		}
		name, value, _ := strings.Cut(field, "=")
		n, err1 := unescape(name)
		v, err2 := unescape(value)
		if err1 != nil || err2 != nil {
			return Params{}, ErrParamSyntax
		}
		if err := p.add(n, v, repeatable); err != nil {
			return Params{}, err
		}
	}
	return p, nil
}

// Add puts one parameter in, under the same rules as ParseParams. Errors:
// ErrParamRepeated, ErrParamMany, ErrParamSyntax.
func (p *Params) Add(name, value string) error { return p.add(name, value, nil) }

func (p *Params) add(name, value string, repeatable []string) error {
	if len(p.pairs) == maxParams {
		return ErrParamMany
	}
	if !utf8.ValidString(name) || !utf8.ValidString(value) || strings.IndexByte(value, 0) >= 0 {
		return ErrParamSyntax
	}
	if p.has(name) && !contains(repeatable, name) {
		return ErrParamRepeated
	}
	p.pairs = append(p.pairs, pair{name, value})
	return nil
}

func unescape(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s, nil
	}
	return url.QueryUnescape(s)
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func (p *Params) has(name string) bool {
	for i := range p.pairs {
		if p.pairs[i].name == name {
			return true
		}
	}
	return false
}

// Text returns the value of the named parameter, "" if it is absent.
func (p *Params) Text(name string) string {
	for i := range p.pairs {
		if p.pairs[i].name == name {
			return p.pairs[i].value
		}
	}
	return ""
}

// Has says whether the named parameter is present with a value.
func (p *Params) Has(name string) bool { return p.Text(name) != "" }

// All returns every value of a repeatable parameter, empty ones left out.
func (p *Params) All(name string) []string {
	var out []string
	for i := range p.pairs {
		if p.pairs[i].name == name && p.pairs[i].value != "" {
			out = append(out, p.pairs[i].value)
		}
	}
	return out
}

// Len returns the number of parameters, empty ones included.
func (p *Params) Len() int { return len(p.pairs) }
