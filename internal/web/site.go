package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"countersign/internal/fault"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/usage"
)

// Site is what every route shares.
type Site struct {
	Log     *slog.Logger
	Now     func() time.Time
	Proxies Proxies
	Metrics Metrics // nil: nobody counts
	// Refused is told of every refusal and must not block; Recorder.Refused
	// makes audit events of them. nil: nobody is told.
	Refused func(Event, *oauth.Error)
	// Used is told of every request that succeeded and says what it looked like,
	// and must not block; usage.Counter counts them. nil: nobody counts.
	Used func(usage.Seen)
	// Load is told of every request, how it ended, and must not block; load.Counter
	// counts them. nil: nobody counts.
	Load func(e Event, outcome string)
	// Origins says whether a page at the origin may read answers to the app;
	// an empty id asks whether any app registered the origin. nil: none.
	Origins func(origin string, app oauth.ClientID) bool
	HTTPS   bool // the issuer is https: say so to browsers for a year

	trusted atomic.Pointer[Proxies] // Proxies at first; see Trust
}

// Refusals of the manners.
var (
	ErrMethod = oauth.Refuse(oauth.MethodNotAllowed, "http.method", "RFC 9110 §15.5.6",
		"the endpoint does not serve this method; Allow lists those it serves")
	ErrPath = oauth.Refuse(oauth.InvalidRequest, "http.path", "RFC 9110 §15.5.5",
		"there is nothing at this path")
)

// Trust believes other proxies from the next request on.
func (s *Site) Trust(p Proxies) { s.trusted.Store(&p) }

// Handler serves the routes. A path that no route has is answered 404; there is
// no redirect to a tidier path. Errors: two routes with one pattern, a route
// that lacks a column.
func (s *Site) Handler(routes ...Route) (http.Handler, error) {
	s.trusted.CompareAndSwap(nil, &s.Proxies)
	m := &mux{site: s, exact: make(map[string]*route, len(routes))}
	for _, r := range routes {
		c, err := s.compile(r)
		if err != nil {
			return nil, err
		}
		if _, taken := m.exact[r.Pattern]; taken {
			return nil, fmt.Errorf("two routes for %s", r.Pattern)
		}
		m.exact[r.Pattern] = c
		if c.segments != nil {
			m.varying = append(m.varying, c)
		}
	}
	none := Route{Pattern: "none", Dialect: nowhere}
	m.nowhere = &route{Route: none, fields: s.fields(none), log: s.lines(none)}
	return m, nil
}

// nowhere is the dialect of a path that has none.
var nowhere = &Dialect{Name: "none", Refuse: func(*Request, *oauth.Error) Answer {
	return Answer{Status: http.StatusNotFound, Media: MediaJSON, Body: []byte(`{"error":"not_found"}`)}
}}

type mux struct {
	site    *Site
	exact   map[string]*route
	varying []*route
	nowhere *route
}

// find returns the route of a path. A path with escapes in it is none of ours:
// there is one spelling of each.
func (m *mux) find(hr *http.Request) *route {
	if hr.URL.RawPath != "" {
		return m.nowhere
	}
	path := hr.URL.Path
	if r := m.exact[path]; r != nil && r.segments == nil {
		return r
	}
	for _, r := range m.varying {
		if r.match(path, hr) {
			return r
		}
	}
	return m.nowhere
}

// ServeHTTP answers one request: one answer, one log line, one metric, and one
// word to Refused if it was refused.
func (m *mux) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	s, rt := m.site, m.find(hr)
	begun := s.Now()
	peer, _ := netip.ParseAddrPort(hr.RemoteAddr)
	r := &Request{HTTP: hr, route: rt, begun: begun, Event: Event{
		Method: method(hr.Method), Route: rt.Pattern, Dialect: rt.Dialect.Name,
	}}
	r.Event.Address, r.Event.RequestID = s.trusted.Load().read(peer.Addr(), hr.Header)
	if r.Event.RequestID == "" {
		r.Event.RequestID = secret.NewID(begun).String()
	}
	a, err := s.handle(w, r)
	refusal := oauth.From(err)
	if refusal != nil {
		r.Event.Rule = refusal.Rule
		a = s.refuse(r, refusal)
	}
	s.write(w, r, a)
	r.Event.Duration = s.Now().Sub(begun)
	s.finish(r, refusal, err)
}

// method keeps what a stranger calls a method out of the log.
func method(name string) string {
	switch name {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions:
		return name
	}
	return "other"
}

// errPanic is a fault with the stack that goes to the log.
type errPanic struct {
	value any
	stack []byte
}

func (e *errPanic) Error() string { return fmt.Sprintf("panic: %v", e.value) }

func (s *Site) handle(w http.ResponseWriter, r *Request) (a Answer, err error) {
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler { //nolint:errorlint // the very value, by contract of net/http
				panic(v)
			}
			err = &errPanic{v, debug.Stack()}
		}
	}()
	rt := r.route
	switch {
	case rt.Handle == nil:
		return Answer{}, ErrPath
	case rt.CORS != NoOrigin && preflight(r.HTTP):
		return s.preflight(r), nil
	case !rt.serves(r.HTTP.Method):
		return Answer{}, ErrMethod
	}
	if err := r.read(w); err != nil {
		return Answer{}, err
	}
	return rt.Handle(r)
}

// refuse renders a refusal and adds what every dialect says alike.
func (s *Site) refuse(r *Request, refusal *oauth.Error) Answer {
	a := r.route.Dialect.Refuse(r, refusal)
	if refusal.Code == oauth.MethodNotAllowed {
		a = a.With("Allow", r.route.allow...)
	}
	switch {
	case refusal.RetryAfter > 0:
		a = a.With("Retry-After", seconds(refusal.RetryAfter))
	case refusal.Code == oauth.RateLimited || refusal.Code == oauth.TemporarilyUnavailable:
		a = a.With("Retry-After", "1")
	}
	if r.route.Cache != NoStore {
		a = a.With("Cache-Control", "no-store")
	}
	return a
}

func (s *Site) write(w http.ResponseWriter, r *Request, a Answer) {
	h := w.Header()
	for _, f := range r.route.fields {
		h[f.Name] = f.Value
	}
	s.allowOrigin(h, r)
	h["X-Request-Id"] = []string{r.Event.RequestID}
	if a.Media != nil {
		h["Content-Type"] = a.Media
	}
	for _, f := range a.Fields {
		h[f.Name] = f.Value
	}
	if len(a.Body) > 2000 || r.HTTP.Method == http.MethodHead { // net/http counts shorter ones itself
		h["Content-Length"] = []string{strconv.Itoa(len(a.Body))}
	}
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	r.Event.Status = a.Status
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // whoever went away needs no answer
}

// finish tells the log, the counter and the recorder what became of a request.
func (s *Site) finish(r *Request, refusal *oauth.Error, err error) {
	e := &r.Event
	outcome := OutcomeOK
	switch {
	case refusal == nil:
	case refusal != oauth.ErrFault:
		outcome = OutcomeRefused
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		outcome = OutcomeGone
	default:
		outcome = OutcomeFault
	}
	s.log(r, outcome, err)
	if s.Metrics != nil {
		s.Metrics.Observe(e.Route, outcome, e.Rule, e.Duration)
	}
	if s.Load != nil {
		s.Load(*e, outcome)
	}
	if outcome == OutcomeOK && s.Used != nil {
		s.Used(e.Seen)
	}
	if outcome == OutcomeRefused && s.Refused != nil && r.route.Handle != nil {
		s.Refused(*e, refusal)
	}
}

// log writes the one line of a request. The record is made here, not by slog: that
// would look up who called, for each line, to say that it was this function.
func (s *Site) log(r *Request, outcome string, err error) {
	e, level := &r.Event, slog.LevelInfo
	if outcome == OutcomeFault {
		level = slog.LevelError
	}
	out := r.route.log
	if !out.Enabled(r.Context(), level) {
		return
	}
	line := slog.NewRecord(r.begun.Add(e.Duration), level, "request", 0)
	line.AddAttrs(
		slog.String("request_id", e.RequestID), slog.String("method", e.Method), slog.Int("status", e.Status),
		slog.Int64("duration_us", e.Duration.Microseconds()))
	for _, f := range [...]struct{ name, value string }{
		{"rule", e.Rule}, {"app", string(e.App)}, {"user", string(e.User)},
	} {
		if f.value != "" {
			line.AddAttrs(slog.String(f.name, f.value))
		}
	}
	if e.Address.IsValid() {
		line.AddAttrs(slog.String("address", e.Address.String()))
	}
	if outcome == OutcomeFault {
		line.AddAttrs(slog.String("fault", err.Error()))
		var p *errPanic
		if errors.As(err, &p) {
			line.AddAttrs(slog.String("stack", string(p.stack)))
		}
	}
	if fault.Is(fault.SecretLogged) {
		line.AddAttrs(slog.Any("headers", r.HTTP.Header))
	}
	_ = out.Handle(r.Context(), line) // where a line cannot be written, there is nobody to tell
}

// lines is the log with what every line of a route says, written once.
func (s *Site) lines(r Route) slog.Handler {
	return s.Log.Handler().WithAttrs([]slog.Attr{slog.String("route", r.Pattern), slog.String("dialect", r.Dialect.Name)})
}

// fields are those that every answer of a route has.
func (s *Site) fields(r Route) []Field {
	out := []Field{
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"Referrer-Policy", []string{"no-referrer"}},
	}
	if s.HTTPS {
		out = append(out, Field{"Strict-Transport-Security", []string{"max-age=31536000"}})
	}
	var vary []string
	switch {
	case r.Cache == NoStore && !fault.Is(fault.CacheableTokens):
		out = append(out, Field{"Cache-Control", []string{"no-store"}}, Field{"Pragma", []string{"no-cache"}})
		vary = append(vary, "Authorization")
	case r.Cache == FiveMinutes:
		out = append(out, Field{"Cache-Control", []string{"public, max-age=300"}})
	}
	if r.CORS == AppOrigins {
		vary = append(vary, "Origin")
	}
	if vary != nil {
		out = append(out, Field{"Vary", []string{strings.Join(vary, ", ")}})
	}
	if r.CORS == AnyOrigin {
		out = append(out, Field{"Access-Control-Allow-Origin", []string{"*"}})
	}
	return out
}
