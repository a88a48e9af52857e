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

// Limit sets the limits on a server.
//
// Spec: RFC 9110 §17.5.
func Limit(srv *http.Server) {
	srv.ReadHeaderTimeout, srv.ReadTimeout = ReadHeaderTimeout, ReadTimeout
	srv.WriteTimeout, srv.IdleTimeout = WriteTimeout, IdleTimeout
	srv.MaxHeaderBytes = MaxHeaderBytes
}
