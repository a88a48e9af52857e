package web

import (
	"net/http"
	"strings"

	"countersign/internal/fault"
)

// preflight says whether a browser asks on behalf of a page before it sends the
// page's request.
func preflight(hr *http.Request) bool {
	return hr.Method == http.MethodOptions && hr.Header.Get("Origin") != "" &&
		hr.Header.Get("Access-Control-Request-Method") != ""
}

// preflight answers without looking at anything but the origin. A page at an
// origin that no app registered gets an answer without permission.
//
// Spec: RFC 10017 §6.3.2; WHATWG Fetch §3.2.
func (s *Site) preflight(r *Request) Answer {
	a := Answer{Status: http.StatusNoContent}
	if r.route.CORS == AppOrigins && !s.registered(r) {
		return a
	}
	return a.With("Access-Control-Allow-Methods", strings.Join(r.route.methods, ", ")).
		With("Access-Control-Allow-Headers", r.route.Dialect.Headers).
		With("Access-Control-Max-Age", "600")
}

// allowOrigin lets the page that sent the request read the answer, if the app
// that the request came from registered its origin; before the app is known, if
// any app did.
func (s *Site) allowOrigin(h http.Header, r *Request) {
	switch r.route.CORS {
	case NoOrigin:
		return
	case AppOrigins:
		if !s.registered(r) {
			return
		}
		h["Access-Control-Allow-Origin"] = r.HTTP.Header["Origin"]
	case AnyOrigin: // the route's own fields say *
	}
	if r.HTTP.Method != http.MethodOptions {
		h["Access-Control-Expose-Headers"] = exposed
	}
}

var exposed = []string{"X-Request-Id, Retry-After, WWW-Authenticate"}

func (s *Site) registered(r *Request) bool {
	origins := r.HTTP.Header["Origin"]
	return len(origins) == 1 && origins[0] != "" && origins[0] != "null" && s.Origins != nil &&
		(s.Origins(origins[0], r.Event.App) || fault.Is(fault.AnyOrigin))
}
