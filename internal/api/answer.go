package api

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/web"
)

// ErrCursor refuses a cursor that was not given by this operation with these
// parameters.
var ErrCursor = oauth.Refuse(oauth.InvalidRequest, "api.cursor", "RFC 9110 §15.5.1",
	"the cursor is not one that this operation gave with these parameters")

// page is one page of a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next_cursor,omitempty"`
}

// paged answers with a page. An empty list is [].
func paged[T any](items []T, next string) (web.Answer, error) {
	if items == nil {
		items = []T{}
	}
	return web.JSON(http.StatusOK, page[T]{items, next})
}

const (
	cursorPurpose = "api cursor"
	cursorTag     = 16
)

// bound is what a cursor belongs to: the operation and its filters.
func (c *call) bound() []byte {
	h := sha256.New()
	h.Write([]byte(c.Event.Route))
	for _, name := range []string{"name", "search", "identifier", "app", "user", "event", "rule", "since", "order"} {
		h.Write([]byte("\x00" + name + "=" + c.text(name)))
	}
	return h.Sum(nil)
}

// cursor says where the next page begins. It is opaque, and carries a mark that
// only this server can make.
func (c *call) cursor(at string) string {
	tag := c.plane.Keys.Hash(cursorPurpose, c.bound(), []byte(at))
	return base64.RawURLEncoding.EncodeToString(append(tag[:cursorTag], at...))
}

// from reads the cursor of the request; empty: the first page. Errors: ErrCursor.
func (c *call) from() (string, error) {
	text := c.text("cursor")
	if text == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) <= cursorTag {
		return "", ErrCursor
	}
	at := string(raw[cursorTag:])
	if c.cursor(at) != text {
		return "", ErrCursor
	}
	return at, nil
}

// fromID reads a cursor that is a time-ordered id.
func (c *call) fromID() (id secret.ID, err error) {
	at, err := c.from()
	if err != nil || at == "" {
		return id, err
	}
	if id, err = secret.ParseID(at); err != nil {
		return id, ErrCursor
	}
	return id, nil
}

// etag is the version of a record as a strong validator.
//
// Spec: RFC 9110 §8.8.3.
func etag(version int64) string { return `"` + strconv.FormatInt(version, 36) + `"` }

// record answers with one record and its version: 304 if the client has it.
//
// Spec: RFC 9110 §13.1.2.
func (c *call) record(status int, version int64, v any) (web.Answer, error) {
	tag := etag(version)
	if known := c.HTTP.Header.Get("If-None-Match"); c.HTTP.Method == http.MethodGet && known != "" && matches(known, tag) {
		return web.Answer{Status: http.StatusNotModified}.With("Etag", tag), nil
	}
	a, err := web.JSON(status, v)
	return a.With("Etag", tag), err
}

// decided notes on which version of the record a change was decided. A desk
// refuses the change if it is another one by now. Errors: ErrPrecondition.
//
// Spec: RFC 9110 §13.1.1.
func (c *call) decided(version int64) error {
	want := c.HTTP.Header.Get("If-Match")
	if want == "" {
		return nil
	}
	if !matches(want, etag(version)) {
		return ErrPrecondition
	}
	c.desk.Saw = version
	return nil
}

// matches says whether a list of entity tags names one. A weak one never does.
func matches(list, tag string) bool {
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part == tag || part == "*" {
			return true
		}
	}
	return false
}

// made answers for a record that was just made.
func (c *call) made(a web.Answer, err error, path string) (web.Answer, error) {
	return a.With("Location", c.plane.base+Base+path), err
}

// done answers that there is nothing to say.
func done(err error) (web.Answer, error) {
	return web.Answer{Status: http.StatusNoContent}, err
}
