package consoletest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
)

// Browser keeps cookies as a browser does, and says where its forms come from.
type Browser struct {
	house   *House
	cookies map[string]string
	// Spoil changes a request before it is sent; nil changes nothing.
	Spoil func(*http.Request)
}

// Page is an answer.
type Page struct {
	Status   int
	Header   http.Header
	Body     string
	Location string // of a redirect
}

func (b *Browser) origin() string {
	if b.house.HTTPS {
		return "https://as.example"
	}
	return "http://127.0.0.1:8480"
}

// Get fetches a page.
func (b *Browser) Get(path string) Page { return b.Do(http.MethodGet, path, "") }

// Post sends a form of names and values; it does not follow the redirect.
func (b *Browser) Post(path string, pairs ...string) Page {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.Do(http.MethodPost, path, form.Encode())
}

// Follow sends a form and fetches the page that it leads to.
func (b *Browser) Follow(path string, pairs ...string) Page {
	p := b.Post(path, pairs...)
	for range 5 {
		if p.Status != http.StatusSeeOther {
			return p
		}
		p = b.Get(p.Location)
	}
	return p
}

// Do sends one request.
func (b *Browser) Do(method, path, body string) Page {
	r := httptest.NewRequest(method, b.origin()+path, strings.NewReader(body))
	r.RemoteAddr = "203.0.113.7:40000"
	r.Header.Set("User-Agent", "Mozilla/5.0 (test) Firefox/140.0")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.origin())
		r.Header.Set("Referer", b.origin()+path)
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if b.Spoil != nil {
		b.Spoil(r)
	}
	w := httptest.NewRecorder()
	b.house.Handler.ServeHTTP(w, r)
	res := w.Result()
	defer res.Body.Close()
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return Page{Status: w.Code, Header: w.Header(), Body: w.Body.String(), Location: w.Header().Get("Location")}
}

// Cookie is the value of a cookie, "" if there is none. The name is without
// __Host-.
func (b *Browser) Cookie(name string) string {
	if v, ok := b.cookies["__Host-"+name]; ok {
		return v
	}
	return b.cookies[name]
}

// SetCookie puts a cookie in, as somebody else on the network might.
func (b *Browser) SetCookie(name, value string) {
	if b.house.HTTPS {
		name = "__Host-" + name
	}
	b.cookies[name] = value
}
