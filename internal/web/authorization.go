package web

import (
	"strings"

	"countersign/internal/oauth"
)

// ErrAuthorization refuses a request with several Authorization fields: two
// readings of one request are an attack.
var ErrAuthorization = oauth.Refuse(oauth.InvalidRequest, "http.authorization-repeated", "RFC 9110 §11.6.2",
	"the request has more than one Authorization header field")

// Authorization returns the scheme, in lower case, and the credentials of the
// one Authorization field; both are empty if there is none. Errors:
// ErrAuthorization.
//
// Spec: RFC 9110 §11.4, §11.6.2.
func (r *Request) Authorization() (scheme, credentials string, err error) {
	fields := r.HTTP.Header["Authorization"]
	switch len(fields) {
	case 0:
		return "", "", nil
	case 1:
		scheme, credentials, _ = strings.Cut(fields[0], " ")
		return strings.ToLower(scheme), strings.TrimLeft(credentials, " "), nil
	}
	return "", "", ErrAuthorization
}
