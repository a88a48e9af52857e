package salesforce

import (
	"errors"
	"fmt"
	"net/http"

	"countersign/internal/account"
	"countersign/internal/inspect"
	"countersign/internal/web"
)

// introspect answers an app's question about a token.
//
// Spec: RFC 7662 §2; docs/divergences.md D19.
func (d *door) introspect(r *web.Request) (web.Answer, error) {
	in := &input{body: r.Form.Body} // nothing is read from the URL here
	c, err := clientOf(r, in)
	if err != nil {
		return web.Answer{}, err
	}
	if err := d.fromApp(r, d.app(r, string(c.ID))); err != nil {
		return web.Answer{}, err
	}
	var found inspect.Introspection
	err = d.throttled(r, c, func() (err error) {
		_, found, err = d.Inspector.Introspect(r.Context(), c, d.handle(in.text("token")))
		return err
	})
	if err != nil {
		return web.Answer{}, err
	}
	o := object{{"active", found.Active}}
	if found.Active {
		if o, err = d.describe(r, found); err != nil {
			return web.Answer{}, err
		}
	}
	return web.Answer{Status: http.StatusOK, Media: web.MediaJSON, Body: o.json(nil)}, nil
}

// describe says of a living token what this dialect says.
func (d *door) describe(r *web.Request, found inspect.Introspection) (object, error) {
	a := found.Access
	kind := "access_token"
	if found.Refresh {
		kind = "refresh_token"
	}
	o := object{
		{"active", true},
		{"scope", a.Scopes.String()},
		{"client_id", string(a.Client)},
		{"sub", d.identity(a.Subject())},
		{"token_type", kind},
		{"iat", found.Issued.Unix()},
		{"nbf", found.Issued.Unix()},
	}
	if !found.Expires.IsZero() {
		o = append(o, member{"exp", found.Expires.Unix()})
	}
	if a.User == "" {
		return o, nil
	}
	person, err := d.Inspector.Accounts.Account(r.Context(), a.User)
	switch {
	case errors.Is(err, account.ErrNotFound):
		return object{{"active", false}}, nil
	case err != nil:
		return nil, fmt.Errorf("read the person of a token: %w", err)
	}
	return append(o, member{"username", person.Username}), nil
}
