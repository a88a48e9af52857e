package endpoint

import (
	"cmp"
	"errors"
	"strings"

	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

// dialect is the standard one, with what its handlers need.
type dialect struct {
	Deps
	base     string // the issuer without a slash at its end
	plain    *web.Dialect
	atToken  *web.Dialect
	bearer   *web.Dialect
	keys     document
	facts    document
	refusals map[string]*oauth.Error
}

func newDialect(d Deps) *dialect {
	e := &dialect{Deps: d, base: strings.TrimSuffix(d.Issuer, "/"), refusals: map[string]*oauth.Error{}}
	const headers = "Authorization, Content-Type"
	e.plain = &web.Dialect{Name: "standard", Refuse: e.refuse(nil), Headers: headers}
	e.atToken = &web.Dialect{Name: "standard", Refuse: e.refuse(tokenSpellings), Headers: headers}
	e.bearer = &web.Dialect{Name: "standard", Refuse: e.refuseBearer, Headers: headers}
	for _, r := range oauth.Declared() {
		e.refusals[r.Rule] = r
	}
	return e
}

// asks reads who is asking and notes it, then has the feature answer. Failures
// of client authentication are counted, and told to wait once there are too many.
// The wrong method is no guess, as it is refused whatever the secret:
// libraries try one method after the other each time an app starts.
//
// Spec: RFC 6749 §2.3; OAuth 2.1 §2.4.1.
func (e *dialect) asks(r *web.Request, answer func(client.Credentials) error) error {
	c, err := credentials(r)
	if err != nil {
		return err
	}
	if e.Verifier.Directory.Lookup(c.ID) != nil {
		r.Event.App = c.ID
	}
	err = answer(c)
	if refusal := oauth.From(err); c.Method != client.AuthNone && refusal != nil &&
		(refusal.Code == oauth.InvalidClient || refusal.Code == oauth.UnknownClient) && !errors.Is(err, client.ErrWrongMethod) {
		return cmp.Or(e.Throttle.Failed(c.ID, r.Address()), err)
	}
	return err
}
