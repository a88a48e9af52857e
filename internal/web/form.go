package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"countersign/internal/oauth"
)

// Form is what a request said in parameters, body and query apart. Whether a
// parameter may stand in the query is the dialect's question.
type Form struct {
	Body  oauth.Params
	Query oauth.Params
}

// Refusals of reading a request.
var (
	ErrMediaType = oauth.Refuse(oauth.UnsupportedMediaType, "http.media-type", "RFC 6749 §3.2",
		"send the parameters as application/x-www-form-urlencoded")
	ErrTooLarge = oauth.Refuse(oauth.TooLarge, "http.body-too-large", "RFC 9110 §15.5.14",
		"the request body is too long")
	ErrBody = oauth.Refuse(oauth.InvalidRequest, "http.body-broken", "RFC 9110 §6.4",
		"the request body ended early")
	ErrQuery = oauth.Refuse(oauth.InvalidRequest, "http.query-too-long", "RFC 9110 §15.5.15",
		"the query is too long")
)

const (
	formType = "application/x-www-form-urlencoded"
	maxQuery = 8 << 10
)

// read takes in what the route's column says, once. Errors: ErrMediaType,
// ErrTooLarge, ErrBody, ErrQuery, those of oauth.ParseParams.
//
// Spec: RFC 6749 §3.2, Appendix B.
func (r *Request) read(w http.ResponseWriter) error {
	rt := r.route
	if rt.Reads == ReadNothing {
		return nil
	}
	var err error
	if q := r.HTTP.URL.RawQuery; q != "" {
		if len(q) > maxQuery {
			return ErrQuery
		}
		if r.Form.Query, err = oauth.ParseParams(q, rt.Repeat...); err != nil {
			return err
		}
	}
	if r.HTTP.ContentLength == 0 || r.HTTP.Method == http.MethodGet || r.HTTP.Method == http.MethodHead {
		return nil
	}
	if rt.Reads == ReadForm && !isForm(r.HTTP.Header) || r.HTTP.Header.Get("Content-Encoding") != "" {
		return ErrMediaType
	}
	body, err := r.readBody(w)
	if err != nil || rt.Reads == ReadRaw {
		r.Body = body
		return err
	}
	r.Form.Body, err = oauth.ParseParams(string(body), rt.Repeat...)
	return err
}

// isForm says whether the one Content-Type is that of a form. A charset is
// accepted if it is UTF-8, the only one a form has.
func isForm(h http.Header) bool {
	types := h["Content-Type"]
	if len(types) != 1 {
		return false
	}
	if types[0] == formType {
		return true
	}
	media, params, err := mime.ParseMediaType(types[0])
	charset := params["charset"]
	return err == nil && media == formType && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

func (r *Request) readBody(w http.ResponseWriter) ([]byte, error) {
	limit := r.route.Limit
	if limit == 0 {
		limit = oauth.MaxFormBytes
	}
	n := r.HTTP.ContentLength
	if n > limit {
		w.Header()["Connection"] = []string{"close"}
		return nil, ErrTooLarge
	}
	var body []byte
	var err error
	if n > 0 { // net/http reads no further than the length
		body = make([]byte, n)
		_, err = io.ReadFull(r.HTTP.Body, body)
	} else {
		body, err = io.ReadAll(http.MaxBytesReader(w, r.HTTP.Body, limit))
	}
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return nil, ErrTooLarge
	case err != nil:
		return nil, ErrBody
	}
	return body, nil
}
