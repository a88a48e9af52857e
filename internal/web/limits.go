package web

import (
	"net/http"
	"time"
)

// Limits of the listening server. A client that sends slowly or nothing holds a
// connection no longer than these; what it may send is bounded by the routes.
const (
	ReadHeaderTimeout = 5 * time.Second
	ReadTimeout       = 15 * time.Second
	WriteTimeout      = 60 * time.Second // a password may wait for the pool
	IdleTimeout       = 120 * time.Second
	MaxHeaderBytes    = 16 << 10
)

// Limit sets the limits on a server with its handler.
//
// Spec: RFC 9110 §17.5.
func Limit(srv *http.Server) {
	srv.ReadHeaderTimeout, srv.ReadTimeout = ReadHeaderTimeout, ReadTimeout
	srv.WriteTimeout, srv.IdleTimeout = WriteTimeout, IdleTimeout
	srv.MaxHeaderBytes = MaxHeaderBytes
	srv.Handler = endChunked(srv.Handler)
}

// endChunked ends the connection behind every chunked request. net/http drops a
// Content-Length beside it without a word; a proxy that goes by the length would
// have sent another person's request inside, or ours inside theirs.
//
// Spec: RFC 9112 §6.1.
func endChunked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 {
			w.Header()["Connection"] = []string{"close"}
		}
		next.ServeHTTP(w, r)
	})
}
