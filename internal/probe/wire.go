package probe

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"countersign/internal/evidence"
)

// Request is a request as the harness thinks of it, before it is written.
type Request struct {
	Who, What string // for the transcript: "a thief", "redeems the code without a secret"
	Method    string
	URL       string
	Query     url.Values
	Form      url.Values
	Header    http.Header
	Person    *Person // who signs in with it; nil: it is no login
	App       *App    // whose credentials it carries; nil: none
	Bare      bool    // the app only says who it is, without its secret
	Secret    string  // instead of the app's own
	Outside   bool    // it comes from the attacker's address
}

// Answer is what came back. Of a request that failed Status is 0.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	Fault  string
	JSON   map[string]any // nil: the body is no JSON object
	Took   time.Duration
}

// Text is a member of the JSON body, or "".
func (a *Answer) Text(name string) string {
	text, _ := a.JSON[name].(string)
	return text
}

// Error is the error code of the answer, from body, redirect or challenge.
func (a *Answer) Error() string {
	if e := a.Text("error"); e != "" {
		return e
	}
	if u, err := url.Parse(a.Header.Get("Location")); err == nil {
		fragment, _ := url.ParseQuery(u.Fragment)
		if code := cmp.Or(u.Query().Get("error"), fragment.Get("error")); code != "" {
			return code
		}
	}
	if _, rest, ok := strings.Cut(a.Header.Get("Www-Authenticate"), `error="`); ok {
		code, _, _ := strings.Cut(rest, `"`)
		return code
	}
	if a.JSON == nil && len(a.Body) < 64 && !strings.Contains(a.Body, "<") {
		return strings.TrimSpace(a.Body)
	}
	return ""
}

// Rule is the name of the refusal, where the server gives one in error_uri.
func (a *Answer) Rule() string {
	text := a.Text("error_uri")
	if _, rest, ok := strings.Cut(a.Header.Get("Www-Authenticate"), `error_uri="`); ok && text == "" {
		text, _, _ = strings.Cut(rest, `"`)
	}
	_, rule, found := strings.Cut(text, "/oauth2/errors/")
	if !found {
		return ""
	}
	return rule
}

// gives names what the answer hands out that no attacker may have, or "".
func (a *Answer) gives() string {
	for _, name := range []string{"access_token", "refresh_token", "id_token", "authorization_code", "code", "device_code"} {
		if a.Text(name) != "" {
			return name
		}
	}
	if u, err := url.Parse(a.Header.Get("Location")); err == nil {
		fragment, _ := url.ParseQuery(u.Fragment)
		for _, name := range []string{"code", "access_token", "id_token"} {
			if u.Query().Get(name) != "" || fragment.Get(name) != "" {
				return name
			}
		}
	}
	return ""
}

// wire sends requests within the limits, and knows which of what comes back is
// secret.
type wire struct {
	target *Target
	o      Options
	began  time.Time
	slots  chan struct{}
	mu     sync.Mutex
	count  int
	last   time.Time
	hosts  map[string]bool
	from   map[netip.Addr]*http.Client
}

func newWire(t *Target, o Options, began time.Time) *wire {
	w := &wire{
		target: t, o: o, began: began, slots: make(chan struct{}, cmp.Or(o.Limits.AtATime, 20)),
		hosts: map[string]bool{}, from: map[netip.Addr]*http.Client{},
	}
	for _, d := range t.Doors {
		for _, text := range slices.Concat([]string{d.Login, d.Authorize, d.Token, d.Introspect, d.Revoke, d.Userinfo, d.Keys}, d.Metadata, d.Others) {
			if u, err := url.Parse(text); err == nil && u.Host != "" {
				w.hosts[u.Host] = true
			}
		}
	}
	for _, a := range []*App{t.App, t.AppB} {
		if a != nil {
			o.Mask.Know("secret of "+a.ID, a.Secret)
		}
	}
	for _, p := range []*Person{t.Person, t.PersonB} {
		if p != nil {
			o.Mask.Know("password", p.Password)
		}
	}
	return w
}

func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.from {
		c.CloseIdleConnections()
	}
}

func (w *wire) sent() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count
}

// admit counts a request, and waits for its turn.
func (w *wire) admit(ctx context.Context) error {
	w.mu.Lock()
	w.count++
	over := w.count > cmp.Or(w.o.Limits.Requests, 500)
	var wait time.Duration
	if every := w.o.Limits.Every; every > 0 {
		now := w.o.Now()
		wait = max(w.last.Add(every).Sub(now), 0)
		w.last = now.Add(wait)
	}
	w.mu.Unlock()
	switch {
	case over:
		return ErrTooMany
	case wait > 0 && w.o.Pause == nil:
		return errNoPause
	case wait > 0:
		w.o.Pause(ctx, wait)
	}
	return ctx.Err()
}

// client dials from an address.
func (w *wire) client(from netip.Addr) *http.Client {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.from[from]; c != nil {
		return c
	}
	d := net.Dialer{Timeout: 5 * time.Second}
	if from.IsValid() {
		d.LocalAddr = &net.TCPAddr{IP: from.AsSlice()}
	}
	c := &http.Client{
		Timeout:       30 * time.Second,
		Transport:     &http.Transport{DialContext: d.DialContext, MaxIdleConnsPerHost: 20, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	w.from[from] = c
	return c
}

// mostBody bounds what is read of an answer.
const mostBody = 1 << 20

// send sends a request and records it. What keeps it from being sent is a fault
// in the answer.
func (w *wire) send(ctx context.Context, r *Request) (*Answer, evidence.Exchange) {
	from := w.target.Inside
	if r.Outside && w.target.Outside.IsValid() {
		from = w.target.Outside
	}
	e := evidence.Exchange{Who: r.Who, What: r.What}
	if from.IsValid() {
		e.From = from.String()
	}
	hr, body, err := r.write(ctx)
	a := &Answer{Header: http.Header{}}
	if err == nil {
		e.Request = evidence.Message{Line: r.Method + " " + hr.URL.RequestURI(), Headers: lines(hr.Header), Body: body}
		if !w.hosts[hr.URL.Host] {
			err = fmt.Errorf("%s is no part of the target", hr.URL.Host)
		}
	}
	if err == nil {
		err = w.admit(ctx)
	}
	if err == nil {
		w.slots <- struct{}{}
		e.At = w.o.Now().Sub(w.began)
		err = w.exchange(hr, w.client(from), a)
		e.Took = w.o.Now().Sub(w.began) - e.At
		<-w.slots
	}
	if err != nil {
		a.Fault = err.Error()
		e.Fault = a.Fault
		return a, e
	}
	a.Took = e.Took
	e.Response = a.message()
	w.learn(a)
	return a, e
}

// message is the answer as a transcript has it.
func (a *Answer) message() evidence.Message {
	return evidence.Message{
		Line: fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status)), Status: a.Status, Headers: lines(a.Header), Body: a.Body,
	}
}

// fetch sends a request that somebody else wrote, within the same limits.
func (w *wire) fetch(ctx context.Context, hr *http.Request, outside bool) (*Answer, error) {
	from := w.target.Inside
	if outside && w.target.Outside.IsValid() {
		from = w.target.Outside
	}
	if !w.hosts[hr.URL.Host] {
		return nil, fmt.Errorf("%s is no part of the target", hr.URL.Host)
	}
	if err := w.admit(ctx); err != nil {
		return nil, err
	}
	w.slots <- struct{}{}
	defer func() { <-w.slots }()
	a := &Answer{Header: http.Header{}}
	return a, w.exchange(hr, w.client(from), a)
}

func (w *wire) exchange(hr *http.Request, c *http.Client, a *Answer) error {
	resp, err := c.Do(hr)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostBody))
	if err != nil {
		return err
	}
	a.Status, a.Header, a.Body = resp.StatusCode, resp.Header, string(text)
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		_ = json.Unmarshal(text, &a.JSON) // a body that only looks like JSON has no members
	}
	return nil
}

// learn remembers what of an answer is secret.
func (w *wire) learn(a *Answer) {
	for name, kind := range map[string]string{
		"access_token": "access token", "refresh_token": "refresh token", "id_token": "ID token", "authorization_code": "code", "code": "code",
	} {
		w.o.Mask.Know(kind, a.Text(name))
	}
	if u, err := url.Parse(a.Header.Get("Location")); err == nil {
		w.o.Mask.Know("code", u.Query().Get("code"))
		w.o.Mask.Know("access token", u.Query().Get("access_token"))
	}
}

// write makes the HTTP request, with the app's credentials where its method wants
// them.
func (r *Request) write(ctx context.Context) (*http.Request, string, error) {
	form, header := url.Values{}, http.Header{}
	for k, v := range r.Form {
		form[k] = slices.Clone(v)
	}
	for k, v := range r.Header {
		header[k] = slices.Clone(v)
	}
	r.authenticate(form, header)
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, "", err
	}
	query := u.Query()
	for k, v := range r.Query {
		query[k] = v
	}
	body := form.Encode()
	if r.Method == http.MethodGet || r.Method == http.MethodOptions {
		for k, v := range form {
			query[k] = v
		}
		body = ""
	}
	u.RawQuery = query.Encode()
	hr, err := http.NewRequestWithContext(ctx, r.Method, u.String(), strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	hr.Header = header
	if body != "" {
		hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	hr.Header.Set("User-Agent", "countersign-probe")
	return hr, body, nil
}

func (r *Request) authenticate(form url.Values, header http.Header) {
	if r.App == nil {
		return
	}
	text := cmp.Or(r.Secret, r.App.Secret)
	switch {
	case r.Bare || text == "":
		form.Set("client_id", r.App.ID)
	case r.App.Method == "client_secret_post":
		form.Set("client_id", r.App.ID)
		form.Set("client_secret", text)
	default:
		pair := url.QueryEscape(r.App.ID) + ":" + url.QueryEscape(text)
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
}

// lines are a header in a fixed order. Basic credentials are told apart, since
// they hide the secret from everybody who searches for it.
func lines(h http.Header) []evidence.Header {
	var out []evidence.Header
	for name, values := range h {
		for _, v := range values {
			if rest, ok := strings.CutPrefix(v, "Basic "); ok && name == "Authorization" {
				if plain, err := base64.StdEncoding.DecodeString(rest); err == nil {
					v = "Basic base64(" + string(plain) + ")"
				}
			}
			out = append(out, evidence.Header{Name: name, Value: v})
		}
	}
	slices.SortFunc(out, func(a, b evidence.Header) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
	})
	return out
}
