package endpoint

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync/atomic"

	"countersign/internal/web"
)

// document is a public text that is made anew when the keys change, and not for
// each request.
type document struct{ current atomic.Pointer[edition] }

type edition struct {
	keys *byte // where the key set it was made from begins: sets are replaced, never changed
	body []byte
	tag  []string
}

func (d *document) edition(keys []byte, write func() []byte) *edition {
	if now := d.current.Load(); now != nil && now.keys == &keys[0] {
		return now
	}
	next := &edition{keys: &keys[0], body: write()}
	sum := sha256.Sum256(next.body)
	next.tag = []string{`"` + hex.EncodeToString(sum[:16]) + `"`}
	d.current.Store(next)
	return next
}

// answer gives the document, or says that the client has this edition.
//
// Spec: RFC 9110 §13.1.2.
func (n *edition) answer(r *web.Request) web.Answer {
	tag := web.Field{Name: "Etag", Value: n.tag}
	for _, known := range r.HTTP.Header["If-None-Match"] {
		if known == "*" || strings.Contains(known, n.tag[0]) {
			return web.Answer{Status: http.StatusNotModified, Fields: []web.Field{tag}}
		}
	}
	return web.Answer{Media: web.MediaJSON, Body: n.body, Fields: []web.Field{tag}}
}

// jwks publishes the keys that verify: those that sign, those that will, and
// those that did until the last token of theirs has expired.
//
// Spec: RFC 7517 §5.
func (e *dialect) jwks(r *web.Request) (web.Answer, error) {
	set := e.Ring.Set()
	return e.keys.edition(set, func() []byte { return set }).answer(r), nil
}
