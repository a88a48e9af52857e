package salesforce

import (
	"errors"
	"net/http"
	"regexp"

	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/web"
)

// ErrNoResource refuses everything under /services/data but what login clients
// ask: this server keeps people and apps, and is no record system.
var ErrNoResource = oauth.Refuse(oauth.InvalidRequest, "data.not-found", "RFC 9110 §15.5.5",
	"The requested resource does not exist")

var apiVersion = regexp.MustCompile(`^v[1-9][0-9]{1,2}\.0$`)

// resources is where a client asks that has kept no more than its tokens: it says
// where the identity of the token's person is.
//
// Spec: docs/divergences.md, data API.
func (d *door) resources(r *web.Request) (web.Answer, error) {
	if !apiVersion.MatchString(r.HTTP.PathValue("version")) {
		return web.Answer{}, ErrNoResource
	}
	p, err := d.holder(r, inputOf(r))
	if err != nil {
		return web.Answer{}, err
	}
	o := object{{"identity", d.identity(string(p.Account.ID))}}
	return web.Answer{Media: web.MediaJSON, Body: o.json(nil)}, nil
}

// user answers the one question that login clients ask of a record: the name of
// the person who just signed in.
//
// Spec: docs/divergences.md, data API.
func (d *door) user(r *web.Request) (web.Answer, error) {
	if !apiVersion.MatchString(r.HTTP.PathValue("version")) {
		return web.Answer{}, ErrNoResource
	}
	p, err := d.holder(r, inputOf(r))
	if err != nil {
		return web.Answer{}, err
	}
	if id := r.HTTP.PathValue("id"); !secret.ValidRecordID(secret.PrefixUser, id) || secret.RecordID18(id) != string(p.Account.ID) {
		return web.Answer{}, ErrNoResource
	}
	o := object{{"Id", string(p.Account.ID)}, {"Username", p.Account.Username}}
	return web.Answer{Media: web.MediaJSON, Body: o.json(nil)}, nil
}

func (d *door) noResource(*web.Request) (web.Answer, error) { return web.Answer{}, ErrNoResource }

// refuseData writes a refusal as the list that clients of the record system
// read. A bad token is 401 there.
func refuseData(_ *web.Request, e *oauth.Error) web.Answer {
	w := wireOf(e)
	a, code := web.Answer{Status: w.status, Media: web.MediaJSON}, "UNKNOWN_EXCEPTION"
	switch {
	case errors.Is(e, ErrNoResource):
		a.Status, code = http.StatusNotFound, "NOT_FOUND"
	case e.Code == oauth.InvalidToken:
		a.Status, code = http.StatusUnauthorized, "INVALID_SESSION_ID"
		a = challenge(a, e)
	case e.Code == oauth.MethodNotAllowed:
		code = "METHOD_NOT_ALLOWED"
	case w.status == http.StatusServiceUnavailable:
		code = "SERVER_UNAVAILABLE"
	case w.status < http.StatusInternalServerError:
		code = "INVALID_REQUEST"
	}
	o := object{{"errorCode", code}, {"message", w.text}}
	a.Body = append(o.json([]byte{'['}), ']')
	return w.later(a)
}
