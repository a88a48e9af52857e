package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
)

// Route is one row of a dialect's table. What applies where is read off its
// columns; a Handler repeats none of it.
type Route struct {
	Methods string // "POST", "GET", "GET POST"; HEAD comes with GET
	Pattern string // "/oauth2/token"; "/id/{org}/{user}" has segments that vary
	Handle  Handler
	Reads   Reads
	Limit   int64 // longest body in bytes; 0: oauth.MaxFormBytes
	CORS    CORS
	Cache   Cache
	Dialect *Dialect
	Repeat  []string // parameters that may occur several times
}

// Reads says what a route takes in.
type Reads int

// What a route takes in. A form's body and query are kept apart; whether a
// parameter may stand in the query is the dialect's question.
const (
	ReadNothing Reads = iota // neither body nor query is looked at
	ReadForm                 // a body must be a form by its Content-Type
	ReadAsForm               // a body is read as a form, whatever its Content-Type
	ReadRaw                  // any body, as bytes; the query is read
)

// CORS says whose pages may read a route's answers. Credentials of the browser
// (cookies) are never allowed.
type CORS int

// Whose pages may read an answer.
const (
	NoOrigin   CORS = iota
	AppOrigins      // pages at an origin that the app registered
	AnyOrigin       // every page: public documents
)

// Cache says who may keep an answer.
type Cache int

// Who may keep an answer.
const (
	NoStore     Cache = iota // nobody: it carries or depends on credentials
	FiveMinutes              // everybody, for so long; a refusal is not kept
)

// route is a Route as it is served: what can be computed once is.
type route struct {
	Route
	methods  []string
	allow    []string // of a 405
	fields   []Field  // on every answer
	segments []string // of a pattern that varies; nil otherwise
	log      slog.Handler
}

func (s *Site) compile(r Route) (*route, error) {
	if r.Handle == nil || r.Dialect == nil || !strings.HasPrefix(r.Pattern, "/") || r.Methods == "" {
		return nil, fmt.Errorf("route %q needs a pattern, methods, a handler and a dialect", r.Pattern)
	}
	c := &route{Route: r, methods: strings.Fields(r.Methods)}
	if c.serves(http.MethodGet) {
		c.methods = append(c.methods, http.MethodHead)
	}
	allow := strings.Join(c.methods, ", ")
	if r.CORS != NoOrigin {
		allow += ", " + http.MethodOptions
	}
	c.allow = []string{allow}
	c.fields, c.log = s.fields(r), s.lines(r)
	if strings.Contains(r.Pattern, "{") {
		c.segments = strings.Split(r.Pattern, "/")
	}
	return c, nil
}

func (r *route) serves(method string) bool {
	for _, m := range r.methods {
		if m == method {
			return true
		}
	}
	return false
}

// match holds a path against the pattern and notes the segments that vary.
func (r *route) match(path string, hr *http.Request) bool {
	parts := strings.Split(path, "/")
	if len(parts) != len(r.segments) {
		return false
	}
	for i, s := range r.segments {
		if name, varies := strings.CutPrefix(s, "{"); varies {
			if parts[i] == "" {
				return false
			}
			hr.SetPathValue(strings.TrimSuffix(name, "}"), parts[i])
		} else if s != parts[i] {
			return false
		}
	}
	return true
}
