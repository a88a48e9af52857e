package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"countersign/internal/admin"
	"countersign/internal/gate"
	"countersign/internal/oauth"
	"countersign/internal/staff"
	"countersign/internal/web"
)

// Refusals of the console itself.
var (
	ErrCrossOrigin = oauth.Refuse(oauth.AccessDenied, "console.cross-origin", "RFC 10017 §6.3.2",
		"this form was sent by another site, or by something that is no browser; open the console and send it from there")
	ErrPermission = oauth.Refuse(oauth.AccessDenied, "console.permission", "NIST SP 800-53 AC-6",
		"your role does not allow this; an owner can change roles under Administrators")
	ErrOwner = oauth.Refuse(oauth.AccessDenied, "console.owners-only", "NIST SP 800-53 AC-6",
		"only an owner gives an app rights over this server, or changes an app that has them")
	ErrGone = oauth.Refuse(oauth.InvalidRequest, "console.not-found", "RFC 9110 §15.5.5",
		"what this address names does not exist, or does not exist any more")
)

// serve is what every request goes through, in this order: the form comes from
// our own page; somebody is signed in; their role may; their proof is recent.
func (c *Console) serve(r *web.Request, of map[string]route) (web.Answer, error) {
	method := r.HTTP.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	row := of[method]
	if method == http.MethodPost {
		if err := c.sameOrigin(r.HTTP); err != nil {
			return web.Answer{}, err
		}
	}
	v := &visit{c: c, r: r, desk: *c.Desk}
	if err := v.open(); err != nil {
		return web.Answer{}, err
	}
	if row.need != anyone {
		if v.who == nil {
			return v.redirect("/console/login?" + url.Values{"back": {v.origin(of)}}.Encode()), nil
		}
		if c.Gate.MustEnrol(v.who.Member) && row.need != signedIn {
			return v.redirect("/console/account/authenticator"), nil
		}
		if row.need != signedIn && !v.who.Member.Role.May(row.need) {
			return web.Answer{}, ErrPermission
		}
		if row.proof == recent && !c.Gate.Recent(*v.who) {
			return v.redirect("/console/prove?" + url.Values{"back": {v.origin(of)}}.Encode()), nil
		}
	}
	a, err := row.do(v)
	if errors.Is(err, admin.ErrOwner) {
		err = ErrOwner
	}
	if err != nil {
		return web.Answer{}, err
	}
	return v.finish(a), nil
}

// sameOrigin refuses a form of another site. A browser says where a form comes
// from in Sec-Fetch-Site or Origin; one that says neither is none, and has no
// business here.
//
// Spec: OWASP ASVS 5.0 §3.5.
func (c *Console) sameOrigin(hr *http.Request) error {
	if hr.Header.Get("Sec-Fetch-Site") == "" && hr.Header.Get("Origin") == "" {
		return ErrCrossOrigin
	}
	if err := c.origin.Check(hr); err != nil {
		return ErrCrossOrigin
	}
	return nil
}

// open finds out who is there. A session that is over is nobody.
func (v *visit) open() error {
	token := v.cookie(sessionCookie)
	if token == "" {
		return nil
	}
	e, err := v.c.Gate.Open(v.ctx(), token)
	if errors.Is(err, gate.ErrSession) {
		return nil
	}
	if err != nil {
		return err
	}
	v.token, v.any = token, &e
	if e.Session.Pending {
		return nil
	}
	v.who = &e
	v.desk.Actor, v.desk.Owner = e.Member.Actor(), e.Member.Role == staff.Owner
	return nil
}

// origin is the page to come back to after signing in: this one, or for an action
// the page that its form was on.
func (v *visit) origin(of map[string]route) string {
	if _, isPage := of[http.MethodGet]; isPage {
		return v.here()
	}
	u, err := url.Parse(v.r.HTTP.Referer())
	if err != nil || u.Host != v.r.HTTP.Host {
		return "/console/"
	}
	return back((&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String())
}

// may says whether whoever is there may do something.
func (v *visit) may(p string) bool {
	return v.who != nil && v.who.Member.Role.May(staff.Permission(p))
}

// back is a path of the console that a form or link names, or the overview:
// nobody can be sent elsewhere by a link.
//
// Spec: RFC 9700 §4.11.
func back(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.ContainsAny(text, "\\\r\n\t") ||
		!strings.HasPrefix(u.Path, "/console/") || strings.Contains(u.Path, "..") || u.Path == "/console/login" {
		return "/console/"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
}
