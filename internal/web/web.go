// Package web owns the manners of HTTP, the same for every dialect: a form is
// read once, an answer or an error is written once, one line is logged for each
// request, and every route has its limits, CORS, caching and security headers
// from one table. It knows no app, person or token, and spells no error: a
// Dialect does.
//
// To add an endpoint: write a Handler, give it a Route in the dialect's table,
// return an Answer or an error. Nothing else writes to the connection.
package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"countersign/internal/oauth"
	"countersign/internal/usage"
)

// Handler answers one request. It returns what to send, or an error: a refusal
// (oauth.Error) is rendered by the route's Dialect, anything else becomes
// server_error with its text in the log only.
type Handler func(*Request) (Answer, error)

// Request is one request on its way through a Handler.
type Request struct {
	HTTP  *http.Request
	Form  Form   // read already, if the route reads forms
	Body  []byte // read already, if the route takes the body raw
	Event Event  // fill in what becomes known: App, User
	route *route
	begun time.Time
}

// Context is the request's.
func (r *Request) Context() context.Context { return r.HTTP.Context() }

// Address is the client's, behind the configured proxies. It is the zero Addr
// where there is none (a Unix socket).
func (r *Request) Address() netip.Addr { return r.Event.Address }

// ID is the request's id: 22 characters, or the one a trusted proxy gave.
func (r *Request) ID() string { return r.Event.RequestID }

// Event is what is known of a request: the one log line, the metric and, if it
// was refused, the audit event are made of it. Never put a secret, code, token,
// password or verifier in, nor text of the request that was not found in the
// database.
type Event struct {
	RequestID string
	Method    string
	Route     string // the pattern, never the URL
	Dialect   string
	Address   netip.Addr
	App       oauth.ClientID // of an app that exists
	User      oauth.UserID   // of a person who exists
	Status    int
	Rule      string // of a refusal
	Duration  time.Duration
	Seen      usage.Seen // what it looked like, of a request that is counted
}

// Answer is what a Handler wants to be sent. The zero Answer is 200 without a
// body.
type Answer struct {
	Status int // 0: 200
	Media  Media
	Body   []byte
	Fields []Field // further header fields
}

// Media is a Content-Type, kept as the header map wants it so that it is not
// made anew for each answer.
type Media []string

// Content types.
var (
	MediaJSON = Media{"application/json"}
	MediaText = Media{"text/plain; charset=utf-8"}
	MediaForm = Media{formType}
)

// Field is a header field; Name is spelled canonically.
type Field struct {
	Name  string
	Value []string
}

// With returns the answer with one more header field.
func (a Answer) With(name string, value ...string) Answer {
	a.Fields = append(a.Fields[:len(a.Fields):len(a.Fields)], Field{name, value})
	return a
}

// JSON is an answer with v as its body. Errors: a fault of ours.
func JSON(status int, v any) (Answer, error) {
	body, err := json.Marshal(v)
	return Answer{Status: status, Media: MediaJSON, Body: body}, err
}

// Dialect is one way to spell refusals on the wire.
type Dialect struct {
	Name string
	// Refuse renders a refusal. Status and body are its business; Allow and
	// Retry-After are added for it.
	Refuse func(*Request, *oauth.Error) Answer
	// Headers are the request header fields that a page of an app may send, as
	// Access-Control-Allow-Headers lists them.
	Headers string
}

// Metrics counts requests.
type Metrics interface {
	// Observe is told of each request once it is answered. Route and rule are
	// names out of our own tables, outcome is one of the four below: nothing of
	// a request's text is among them.
	Observe(route, outcome, rule string, d time.Duration)
}

// Outcomes of a request.
const (
	OutcomeOK      = "ok"
	OutcomeRefused = "refused"
	OutcomeFault   = "fault"
	OutcomeGone    = "gone" // the client went away before the answer
)

// seconds writes a duration as Retry-After and max-age do, rounded up.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
