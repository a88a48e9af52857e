// Package api owns the Admin API: the operations of admin over HTTP, for apps
// that hold rights over this server. openapi.json is its contract, written first
// and served with it; one table lists every operation with the rights it needs,
// and one file for each resource carries them out. It decides nothing about an
// app, a person or a key: admin does.
package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"countersign/internal/admin"
	"countersign/internal/client"
	"countersign/internal/fault"
	"countersign/internal/inspect"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/web"
)

// Base is the path below which everything stands.
const Base = "/api/v1"

// Deps are what the operations work with.
type Deps struct {
	Issuer    string
	Desk      *admin.Desk // a copy of it is made for each request, without an owner's power
	Inspector *inspect.Inspector
	Keys      *secret.Keyring
	Now       func() time.Time
}

// Refusals of who is asking.
var (
	ErrRight = oauth.Refuse(oauth.InsufficientScope, "api.right", "RFC 6750 §3.1",
		"the access token does not have the right that this operation needs")
	ErrAudience = oauth.Refuse(oauth.InvalidToken, "api.audience", "RFC 9068 §4; RFC 9700 §2.3",
		"the access token is for another audience than this server")
	ErrScheme = oauth.Refuse(oauth.InvalidToken, "api.scheme", "RFC 6750 §2.1",
		"send the access token in the Authorization header, as a bearer token")
)

// plane is the API with its dialect.
type plane struct {
	Deps
	base    string // the issuer without a slash at its end
	dialect *web.Dialect
}

// Routes is the API as a table, below the issuer's own path. Errors: an issuer
// that is no URL.
func Routes(d Deps) ([]web.Route, error) {
	u, err := url.Parse(d.Issuer)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("issuer %q: an https URL is needed", d.Issuer)
	}
	p := &plane{Deps: d, base: strings.TrimSuffix(d.Issuer, "/")}
	p.dialect = &web.Dialect{Name: "api", Refuse: p.refuse}
	root := strings.TrimSuffix(u.Path, "/") + Base
	by := map[string]map[string]operation{}
	var order []string
	for _, o := range operations {
		if by[o.path] == nil {
			by[o.path] = map[string]operation{}
			order = append(order, o.path)
		}
		by[o.path][o.method] = o
	}
	var out []web.Route
	for _, path := range order {
		var methods []string
		for _, o := range operations {
			if o.path == path {
				methods = append(methods, o.method)
			}
		}
		out = append(out, web.Route{
			Methods: strings.Join(methods, " "), Pattern: root + path, Handle: p.serve(by[path]),
			Reads: web.ReadRaw, Limit: maxBody, Dialect: p.dialect, Repeat: repeated,
		})
	}
	return append(out, p.documents(root)...), nil
}

// maxBody bounds a request: settings, and lists of at most a hundred values.
const maxBody = 256 << 10

// call is one request on its way through an operation.
type call struct {
	*web.Request
	plane   *plane
	desk    *admin.Desk
	machine inspect.Machine
}

// serve admits a request and carries it out.
//
// Spec: RFC 6750 §2.1, §3.1.
func (p *plane) serve(methods map[string]operation) web.Handler {
	return func(r *web.Request) (web.Answer, error) {
		method := r.HTTP.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		o := methods[method]
		m, err := p.admit(r, o)
		if err != nil {
			return web.Answer{}, err
		}
		if err := o.known(r); err != nil {
			return web.Answer{}, err
		}
		desk := *p.Desk
		desk.Owner, desk.Actor = false, "api:"+string(m.App.ID)
		a, err := o.do(&call{Request: r, plane: p, desk: &desk, machine: m})
		return a, translate(r, err)
	}
}

// admit asks who is asking, and whether they have every right the operation
// needs. Errors: ErrScheme, ErrAudience, ErrRight, those of inspect.Machine.
func (p *plane) admit(r *web.Request, o operation) (inspect.Machine, error) {
	scheme, text, err := r.Authorization()
	if err != nil {
		return inspect.Machine{}, err
	}
	if scheme != "" && scheme != "bearer" {
		return inspect.Machine{}, ErrScheme
	}
	m, err := p.Inspector.Machine(text, r.Address())
	r.Event.App = m.Access.Client
	if err != nil {
		return m, err
	}
	if aud := m.Access.Audience; len(aud) > 0 && !slices.Contains(aud, p.Issuer) && !slices.Contains(aud, p.base+Base) {
		return m, ErrAudience
	}
	for _, right := range o.rights {
		if !m.Scopes.Has(right) && !fault.Is(fault.RightIgnored) {
			return m, explain(r, ErrRight, "it needs the scope "+strings.Join(texts(o.rights), " and "))
		}
	}
	return m, nil
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// self says who is asking.
func self(c *call) (web.Answer, error) {
	type right struct {
		admin.Right
		Held bool `json:"held"`
	}
	out := struct {
		Client  oauth.ClientID `json:"client_id"`
		Expires time.Time      `json:"expires"`
		Rights  []right        `json:"rights"`
	}{Client: c.machine.App.ID, Expires: c.machine.Access.Expires.UTC()}
	for _, r := range admin.Rights {
		out.Rights = append(out.Rights, right{r, c.machine.Scopes.Has(r.Scope)})
	}
	return web.JSON(http.StatusOK, out)
}

// app reads the app that the path names: its client_id, nothing else. Errors:
// client.ErrNotFound.
func (c *call) app() (*client.Client, error) {
	id := c.HTTP.PathValue("app_id")
	a, err := c.desk.App(c.Context(), id)
	if err == nil && string(a.ID) != id || errors.Is(err, admin.ErrAmbiguous) {
		err = fmt.Errorf("%q: %w", id, client.ErrNotFound)
	}
	return a, err
}
