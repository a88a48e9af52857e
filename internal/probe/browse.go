package probe

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"countersign/internal/evidence"
)

// Browse is a way to sign in through the pages of a server: it takes the
// parameters of an authorization request and the person, and gives the last
// answer: the redirect to the app, or the page where it ended. It sends with do.
type Browse func(ctx context.Context, do func(*http.Request) (*Answer, error), authorize string, request url.Values, p *Person) (*Answer, error)

// mostPages is how many answers a login through pages may take.
const mostPages = 15

// ByForms signs in as a person with a browser without scripts would: it follows
// redirects, fills in the login, and agrees on the page for consent. A cookie
// is kept as long as the login takes.
func ByForms(ctx context.Context, do func(*http.Request) (*Answer, error), authorize string, request url.Values, p *Person) (*Answer, error) {
	return WithCookies(nil)(ctx, do, authorize, request, p)
}

// WithCookies is ByForms in a browser that has cookies, of a session for example.
func WithCookies(cookies []*http.Cookie) Browse {
	return func(ctx context.Context, do func(*http.Request) (*Answer, error), authorize string, request url.Values, p *Person) (*Answer, error) {
		b := browser{do: do, home: request.Get("redirect_uri"), cookies: map[string]string{}}
		for _, c := range cookies {
			b.cookies[c.Name] = c.Value
		}
		at, err := AuthorizationURL(authorize, request)
		if err != nil {
			return nil, err
		}
		return b.run(ctx, at, p)
	}
}

// AuthorizationURL is the address of an authorization request.
func AuthorizationURL(authorize string, request url.Values) (*url.URL, error) {
	at, err := url.Parse(authorize)
	if err != nil {
		return nil, err
	}
	query := at.Query()
	for name, values := range request {
		query[name] = values
	}
	at.RawQuery = query.Encode()
	return at, nil
}

type browser struct {
	do      func(*http.Request) (*Answer, error)
	home    string
	cookies map[string]string
	asked   int
}

func (b *browser) run(ctx context.Context, at *url.URL, p *Person) (*Answer, error) {
	method, form := http.MethodGet, url.Values(nil)
	for range mostPages {
		a, err := b.fetch(ctx, method, at, form)
		if err != nil {
			return nil, err
		}
		next, more := b.redirect(at, a)
		switch {
		case a.Status/100 == 3 && !more:
			return a, nil // it leaves the server
		case more:
			method, at, form = http.MethodGet, next, nil
			continue
		case a.Status >= 400:
			return a, nil
		}
		if method, at, form, err = b.submit(at, a, p); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("the login did not end within %d pages", mostPages)
}

func (b *browser) fetch(ctx context.Context, method string, at *url.URL, form url.Values) (*Answer, error) {
	target, body := *at, ""
	if method == http.MethodGet && form != nil {
		target.RawQuery = form.Encode()
	} else if form != nil {
		body = form.Encode()
	}
	hr, err := http.NewRequestWithContext(ctx, method, target.String(), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != "" {
		hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		hr.Header.Set("Origin", at.Scheme+"://"+at.Host)
	}
	hr.Header.Set("Accept", "text/html")
	for name, value := range b.cookies {
		hr.AddCookie(&http.Cookie{Name: name, Value: value}) //nolint:gosec // a cookie that is sent back has no attributes
	}
	a, err := b.do(hr)
	if err != nil {
		return nil, err
	}
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		b.cookies[c.Name] = c.Value
		if c.MaxAge < 0 || c.Value == "" {
			delete(b.cookies, c.Name)
		}
	}
	return a, nil
}

// redirect is where an answer leads, if that is still the server.
func (b *browser) redirect(at *url.URL, a *Answer) (*url.URL, bool) {
	if a.Status/100 != 3 {
		return nil, false
	}
	to, err := at.Parse(a.Header.Get("Location"))
	if err != nil || to.Host != at.Host || to.Scheme != at.Scheme {
		return nil, false
	}
	bare := *to
	bare.RawQuery, bare.Fragment = "", ""
	home, _, _ := strings.Cut(b.home, "?")
	return to, bare.String() != home
}

// submit fills in the form of a page.
func (b *browser) submit(at *url.URL, a *Answer, p *Person) (string, *url.URL, url.Values, error) {
	forms := formsOf(a.Body)
	if len(forms) == 0 {
		return "", nil, nil, fmt.Errorf("the page at %s has no form that can be sent without a script", at.Path)
	}
	f := forms[0]
	for _, other := range forms {
		if other.asksPassword() {
			f = other
			break
		}
	}
	if f.asksPassword() {
		if b.asked++; b.asked > 1 {
			return "", nil, nil, fmt.Errorf("the login page at %s came again: the person's credentials were not taken", at.Path)
		}
	}
	to, err := at.Parse(f.action)
	if err != nil || to.Host != at.Host || to.Scheme != at.Scheme {
		return "", nil, nil, fmt.Errorf("the form at %s leads away from the server", at.Path)
	}
	method := http.MethodGet
	if f.method == http.MethodPost {
		method = http.MethodPost
	}
	return method, to, f.fill(p), nil
}

// browse signs in through the pages, and records the first request and the last
// answer.
func (t *Trial) browse(r *Request) *Answer {
	form := url.Values{}
	for name, values := range r.Form {
		if name != "username" && name != "password" {
			form[name] = values
		}
	}
	if r.App != nil {
		form.Set("client_id", r.App.ID)
	}
	pages := 0
	do := func(hr *http.Request) (*Answer, error) {
		pages++
		hr.Header.Set("User-Agent", "countersign-probe")
		return t.wire.fetch(t.ctx, hr, r.Outside)
	}
	e := evidence.Exchange{Who: "the person's browser", At: t.wire.o.Now().Sub(t.wire.began)}
	a, err := t.Door.Browse(t.ctx, do, t.Door.Authorize, form, r.Person)
	e.Took = t.wire.o.Now().Sub(t.wire.began) - e.At
	e.What = fmt.Sprintf("%s, through the server's pages (%d requests)", r.What, pages)
	at, _ := url.Parse(t.Door.Authorize)
	e.Request = evidence.Message{Line: "GET " + at.RequestURI() + "?" + form.Encode()}
	if err != nil {
		a = &Answer{Fault: err.Error(), Header: http.Header{}}
		e.Fault = a.Fault
	} else {
		e.Response = a.message()
		t.wire.learn(a)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.exchanges = append(t.exchanges, e)
	return a
}
