package console

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"countersign/internal/admin"
	"countersign/internal/gate"
	"countersign/internal/web"
	"countersign/internal/web/page"
)

// visit is one request, with who is there and the desk they work at.
type visit struct {
	c      *Console
	r      *web.Request
	desk   admin.Desk
	who    *gate.Entry // nil: nobody is signed in
	any    *gate.Entry // who, or somebody who has not given the second factor yet
	token  string
	notice *page.Notice // of the page that sent here; said once
	fields []web.Field
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// form is a field of the form, query a parameter of the address, path a segment
// of it that varies.
func (v *visit) form(name string) string  { return v.r.Form.Body.Text(name) }
func (v *visit) query(name string) string { return v.r.Form.Query.Text(name) }
func (v *visit) path(name string) string  { return v.r.HTTP.PathValue(name) }

// at writes a time for a page.
func (v *visit) at(t time.Time) page.Moment { return page.At(v.c.Now(), t) }

func (v *visit) from() gate.From {
	return gate.From{Address: v.r.Address(), Agent: v.r.HTTP.UserAgent(), RequestID: v.r.ID()}
}

// here is the address to come back to: of the page, not of an action.
func (v *visit) here() string {
	u := *v.r.HTTP.URL
	if u.RawQuery == "" {
		return u.Path
	}
	return u.Path + "?" + u.RawQuery
}

var mediaHTML = web.Media{"text/html; charset=utf-8"}

// page answers with a page.
func (v *visit) page(name string, f page.Frame) (web.Answer, error) {
	return v.pageStatus(http.StatusOK, name, f)
}

// pageStatus answers with a page and a status: 422 for a form that cannot be
// accepted as it is.
func (v *visit) pageStatus(status int, name string, f page.Frame) (web.Answer, error) {
	if v.r.HTTP.Method == http.MethodGet {
		v.takeNotice()
	}
	f.Theme, f.Here, f.May = v.themed(), v.here(), v.may
	if f.Notice == nil {
		f.Notice = v.notice
	}
	if v.who != nil && !f.Alone {
		f.Nav = v.c.nav(v)
		f.Who = &page.Who{Name: v.who.Member.Name, Role: string(v.who.Member.Role)}
		if org, err := v.desk.Org(v.ctx()); err == nil {
			f.Site = org.Name
		}
	}
	body, err := v.c.pages.Render(name, f)
	if err != nil {
		return web.Answer{}, err
	}
	return web.Answer{Status: status, Media: mediaHTML, Body: body}, nil
}

// redirect sends the browser to another page with GET.
func (v *visit) redirect(path string) web.Answer {
	return v.finish(web.Answer{Status: http.StatusSeeOther}.With("Location", path))
}

// done sends the browser to a page that says what happened. Secrets in it are
// shown once.
func (v *visit) done(path string, n page.Notice) (web.Answer, error) {
	text, err := json.Marshal(n)
	if err != nil {
		return web.Answer{}, err
	}
	sealed := v.c.Keys.SealRow(noticePurpose, v.seal(), text)
	v.setCookie(noticeCookie, base64.RawURLEncoding.EncodeToString(sealed), time.Minute)
	return web.Answer{Status: http.StatusSeeOther}.With("Location", path), nil
}

const noticePurpose = "console notice"

// seal binds a notice to the session it was made for.
func (v *visit) seal() string {
	if v.who == nil {
		return "nobody"
	}
	return string(v.who.Session.Hash[:])
}

// takeNotice reads what the last action has to say, and forgets it.
func (v *visit) takeNotice() {
	text := v.cookie(noticeCookie)
	if text == "" {
		return
	}
	v.setCookie(noticeCookie, "", -1)
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return
	}
	plain, err := v.c.Keys.OpenRow(noticePurpose, v.seal(), sealed)
	if err != nil {
		return
	}
	var n page.Notice
	if json.Unmarshal(plain, &n) == nil {
		v.notice = &n
	}
}

// Cookies. On https their names begin with __Host-: no other host, no path and
// no plain connection can set them. On http, which is for trials on one's own
// machine, browsers refuse such names.
//
// Spec: RFC 6265bis §4.1.3.2.
const (
	sessionCookie = "countersign-console"
	noticeCookie  = "countersign-notice"
	themeCookie   = "countersign-theme"
)

func (c *Console) cookieName(name string) string {
	if c.HTTPS {
		return "__Host-" + name
	}
	return name
}

func (v *visit) cookie(name string) string {
	k, err := v.r.HTTP.Cookie(v.c.cookieName(name))
	if err != nil {
		return ""
	}
	return k.Value
}

// setCookie sets a cookie for so long; 0 is until the browser closes, negative
// takes it away.
func (v *visit) setCookie(name, value string, lasts time.Duration) {
	k := http.Cookie{ //nolint:gosec // Secure wherever there is https; plain http is for one's own machine
		Name: v.c.cookieName(name), Value: value, Path: "/", HttpOnly: true, Secure: v.c.HTTPS, SameSite: http.SameSiteLaxMode,
	}
	switch {
	case lasts < 0:
		k.MaxAge = -1
	case lasts > 0:
		k.MaxAge = int(lasts / time.Second)
	}
	v.fields = append(v.fields, web.Field{Name: "Set-Cookie", Value: []string{k.String()}})
}

// policy lets a page load our stylesheet, script and pictures, and nothing else;
// send forms to us alone; be in no frame.
//
// Spec: W3C CSP 3.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// finish adds what every answer of the console says.
func (v *visit) finish(a web.Answer) web.Answer {
	var cookies []string
	for _, f := range v.fields {
		cookies = append(cookies, f.Value...)
	}
	v.fields = nil
	if cookies != nil {
		a = a.With("Set-Cookie", cookies...)
	}
	return a.With("Content-Security-Policy", policy).
		With("X-Frame-Options", "DENY").
		With("Referrer-Policy", "same-origin"). // no-referrer would take the Origin from our own forms
		With("Cross-Origin-Opener-Policy", "same-origin").
		With("Cross-Origin-Resource-Policy", "same-origin").
		With("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
}

// themed is the theme that the visitor chose.
func (v *visit) themed() page.Theme {
	switch t := page.Theme(strings.ToLower(v.cookie(themeCookie))); t {
	case page.Light, page.Dark:
		return t
	}
	return ""
}
