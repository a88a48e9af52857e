package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/oauth"
)

var plain = &Dialect{
	Name: "plain", Headers: "Authorization, Content-Type",
	Refuse: func(_ *Request, e *oauth.Error) Answer {
		status := http.StatusBadRequest
		switch e.Code { //nolint:exhaustive // a dialect for tests
		case oauth.MethodNotAllowed:
			status = http.StatusMethodNotAllowed
		case oauth.ServerError:
			status = http.StatusInternalServerError
		case oauth.TooLarge:
			status = http.StatusRequestEntityTooLarge
		}
		return Answer{Status: status, Media: MediaText, Body: []byte(e.Rule + " " + e.Description)}
	},
}

var errTest = oauth.Refuse(oauth.InvalidGrant, "test.refused", "RFC 6749 §5.2", "refused for a test")

// stand is a site with a log and ears.
type stand struct {
	*Site
	log     bytes.Buffer
	refused []string
	seen    []string
}

func (s *stand) Observe(route, outcome, rule string, d time.Duration) {
	s.seen = append(s.seen, fmt.Sprint(route, " ", outcome, " ", rule, " ", d))
}

func newStand() *stand {
	s := &stand{}
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	s.Site = &Site{
		Log: slog.New(slog.NewJSONHandler(&s.log, nil)), Metrics: s,
		Now:     func() time.Time { now = now.Add(1500 * time.Microsecond); return now },
		Refused: func(e Event, err *oauth.Error) { s.refused = append(s.refused, e.Route+" "+err.Rule) },
		Origins: func(origin string, app oauth.ClientID) bool {
			return origin == "null" || origin == "https://app.example" && (app == "" || app == "app-00001")
		},
	}
	return s
}

func (s *stand) ask(t *testing.T, req *http.Request, routes ...Route) *httptest.ResponseRecorder {
	t.Helper()
	for i := range routes {
		if routes[i].Dialect == nil {
			routes[i].Dialect = plain
		}
	}
	h, err := s.Handler(routes...)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

func (s *stand) line(t *testing.T) map[string]any {
	t.Helper()
	var line map[string]any
	if err := json.Unmarshal(s.log.Bytes(), &line); err != nil {
		t.Fatalf("not one log line: %v\n%s", err, s.log.String())
	}
	delete(line, "time")
	return line
}

func ok(*Request) (Answer, error) { return JSON(0, map[string]string{"answer": "yes"}) }

func TestAnswerCarriesTheHeadersOfItsRowJ06(t *testing.T) {
	s := newStand()
	s.HTTPS = true
	res := s.ask(t, httptest.NewRequest(http.MethodGet, "/a", nil), Route{Methods: "GET", Pattern: "/a", Handle: ok, CORS: AppOrigins})
	id := res.Header().Get("X-Request-Id")
	if len(id) != 22 {
		t.Errorf("request id %q", id)
	}
	res.Header().Del("X-Request-Id")
	want := http.Header{
		"Cache-Control": {"no-store"}, "Pragma": {"no-cache"}, "Content-Type": {"application/json"},
		"X-Content-Type-Options": {"nosniff"}, "Referrer-Policy": {"no-referrer"},
		"Strict-Transport-Security": {"max-age=31536000"}, "Vary": {"Authorization, Origin"},
	}
	if diff := cmp.Diff(want, res.Header()); diff != "" {
		t.Error(diff)
	}
	if got := res.Body.String(); got != `{"answer":"yes"}` || res.Code != http.StatusOK {
		t.Error(res.Code, got)
	}
}

func TestPublicDocumentIsKeptFiveMinutesButNoRefusalJ06(t *testing.T) {
	s := newStand()
	row := Route{Methods: "GET", Pattern: "/doc", Handle: ok, Cache: FiveMinutes, CORS: AnyOrigin}
	res := s.ask(t, httptest.NewRequest(http.MethodGet, "/doc", nil), row)
	if got := res.Header().Get("Cache-Control"); got != "public, max-age=300" {
		t.Error(got)
	}
	if res.Header().Get("Access-Control-Allow-Origin") != "*" || res.Header().Get("Pragma") != "" {
		t.Error(res.Header())
	}
	res = s.ask(t, httptest.NewRequest(http.MethodPost, "/doc", nil), row)
	if got := res.Header().Get("Cache-Control"); got != "no-store" {
		t.Error("a refusal may be kept: ", got)
	}
}

func TestOneLogLineSaysWhatHappenedJ07(t *testing.T) {
	s := newStand()
	req := httptest.NewRequest(http.MethodPost, "/t?client_secret=hush-query", strings.NewReader("password=hush-body"))
	req.Header.Set("Content-Type", formType)
	req.Header.Set("Authorization", "Bearer hush-header")
	res := s.ask(t, req, Route{Methods: "POST", Pattern: "/t", Reads: ReadForm, Handle: func(r *Request) (Answer, error) {
		r.Event.App, r.Event.User = "app-00001", "005000000000001AAA"
		return Answer{}, errTest
	}})
	want := map[string]any{
		"level": "INFO", "msg": "request", "request_id": res.Header().Get("X-Request-Id"), "method": "POST", "route": "/t",
		"status": 400.0, "rule": "test.refused", "app": "app-00001", "user": "005000000000001AAA", "dialect": "plain",
		"address": "192.0.2.1", "duration_us": 1500.0,
	}
	if diff := cmp.Diff(want, s.line(t)); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(s.log.String(), "hush") {
		t.Error("a secret in the log: ", s.log.String())
	}
	if diff := cmp.Diff([]string{"/t test.refused"}, s.refused); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"/t refused test.refused 1.5ms"}, s.seen); diff != "" {
		t.Error(diff)
	}
}

func TestFaultTellsTheLogAloneJ08(t *testing.T) {
	for name, handle := range map[string]Handler{
		"error": func(*Request) (Answer, error) { return Answer{}, errors.New("row 17 of table people") },
		"panic": func(*Request) (Answer, error) { panic("row 17 of table people") },
	} {
		s := newStand()
		res := s.ask(t, httptest.NewRequest(http.MethodPost, "/t", nil), Route{Methods: "POST", Pattern: "/t", Handle: handle})
		if got := res.Body.String(); res.Code != http.StatusInternalServerError || strings.Contains(got, "table") ||
			!strings.HasPrefix(got, oauth.ErrFault.Rule) {
			t.Error(name, res.Code, got)
		}
		line := s.line(t)
		if line["level"] != "ERROR" || !strings.Contains(fmt.Sprint(line["fault"]), "row 17") {
			t.Error(name, line)
		}
		if _, ok := line["stack"]; ok != (name == "panic") {
			t.Error(name, "stack:", ok)
		}
		if len(s.refused) != 0 {
			t.Error(name, "a fault is no refusal:", s.refused)
		}
	}
}

func TestAbortIsPassedOn(t *testing.T) {
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Error("http.ErrAbortHandler was swallowed")
		}
	}()
	newStand().ask(t, httptest.NewRequest(http.MethodPost, "/t", nil), Route{
		Methods: "POST", Pattern: "/t", Handle: func(*Request) (Answer, error) { panic(http.ErrAbortHandler) },
	})
}

func TestClientThatWentAwayIsNoFault(t *testing.T) {
	s := newStand()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.ask(t, httptest.NewRequest(http.MethodPost, "/t", nil).WithContext(ctx), Route{
		Methods: "POST", Pattern: "/t", Handle: func(r *Request) (Answer, error) { return Answer{}, r.Context().Err() },
	})
	if line := s.line(t); line["level"] != "INFO" || s.seen[0] != "/t gone server.fault 1.5ms" {
		t.Error(line, s.seen)
	}
}

func TestMethods(t *testing.T) {
	for _, row := range []struct {
		methods, ask string
		cors         CORS
		status       int
		allow        string
	}{
		{"POST", http.MethodPost, NoOrigin, 200, ""},
		{"POST", http.MethodGet, NoOrigin, 405, "POST"},
		{"POST", http.MethodHead, NoOrigin, 405, "POST"},
		{"POST", http.MethodOptions, NoOrigin, 405, "POST"},
		{"POST", "post", NoOrigin, 405, "POST"},
		{"POST", "BREW", NoOrigin, 405, "POST"},
		{"POST", http.MethodOptions, AppOrigins, 405, "POST, OPTIONS"},
		{"GET", http.MethodHead, NoOrigin, 200, ""},
		{"GET", http.MethodPut, NoOrigin, 405, "GET, HEAD"},
		{"GET POST", http.MethodPost, NoOrigin, 200, ""},
		{"GET POST", http.MethodPut, NoOrigin, 405, "GET, POST, HEAD"},
	} {
		s := newStand()
		req := httptest.NewRequest(http.MethodGet, "/t", nil)
		req.Method = row.ask
		res := s.ask(t, req, Route{Methods: row.methods, Pattern: "/t", Handle: ok, CORS: row.cors})
		if res.Code != row.status || res.Header().Get("Allow") != row.allow {
			t.Errorf("%s of %s: %d, Allow %q", row.ask, row.methods, res.Code, res.Header().Get("Allow"))
		}
		if row.status == http.StatusMethodNotAllowed {
			if line := s.line(t); line["rule"] != ErrMethod.Rule || line["method"] == "BREW" {
				t.Error(line)
			}
		}
	}
}

func TestPathsHaveOneSpelling(t *testing.T) {
	rows := []Route{
		{Methods: "GET", Pattern: "/oauth2/token", Handle: ok},
		{Methods: "GET", Pattern: "/id/{org}/{user}", Handle: func(r *Request) (Answer, error) {
			return Answer{Body: []byte(r.HTTP.PathValue("org") + "+" + r.HTTP.PathValue("user"))}, nil
		}},
	}
	for path, want := range map[string]int{
		"/oauth2/token": 200, "/oauth2/token/": 404, "//oauth2/token": 404, "/oauth2/./token": 404, "/x/../oauth2/token": 404,
		"/oauth2%2ftoken": 404, "/oauth2/toke%6e": 404, "/OAUTH2/token": 404, "/": 404,
		"/id/a/b": 200, "/id/a": 404, "/id/a/": 404, "/id//b": 404, "/id/a/b/c": 404, "/id/a/b%2fc": 404, "/id/{org}/{user}": 404,
	} {
		s := newStand()
		res := s.ask(t, httptest.NewRequest(http.MethodGet, path, nil), rows...)
		if res.Code != want {
			t.Errorf("%s: %d, want %d", path, res.Code, want)
		}
		if want == http.StatusNotFound {
			if line := s.line(t); line["rule"] != ErrPath.Rule || line["route"] != "none" || len(s.refused) != 0 {
				t.Error(line, s.refused)
			}
		}
		if strings.HasPrefix(path, "/id/a/b") && want == 200 && res.Body.String() != "a+b" {
			t.Error("path values are lost")
		}
	}
}

func TestTableThatIsWrongIsNotServed(t *testing.T) {
	row := Route{Methods: "GET", Pattern: "/a", Handle: ok, Dialect: plain}
	for name, rows := range map[string][]Route{
		"twice":      {row, row},
		"no handler": {{Methods: "GET", Pattern: "/a", Dialect: plain}},
		"no dialect": {{Methods: "GET", Pattern: "/a", Handle: ok}},
		"no method":  {{Pattern: "/a", Handle: ok, Dialect: plain}},
		"no slash":   {{Methods: "GET", Pattern: "a", Handle: ok, Dialect: plain}},
	} {
		if _, err := newStand().Handler(rows...); err == nil {
			t.Error(name)
		}
	}
}

func TestRetryAfterIsRoundedUp(t *testing.T) {
	for want, err := range map[string]error{
		"2": errTest.After(1200 * time.Millisecond), "": errTest,
		"1": oauth.ErrUnknownOutcome, "9": oauth.ErrUnknownOutcome.After(9 * time.Second),
	} {
		res := newStand().ask(t, httptest.NewRequest(http.MethodGet, "/a", nil), Route{
			Methods: "GET", Pattern: "/a", Handle: func(*Request) (Answer, error) { return Answer{}, err },
		})
		if got := res.Header().Get("Retry-After"); got != want {
			t.Errorf("Retry-After: %q, want %q", got, want)
		}
	}
}

func TestLongAnswerHasItsLength(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 5000)
	row := Route{Methods: "GET", Pattern: "/a", Handle: func(*Request) (Answer, error) { return Answer{Body: body}, nil }, Dialect: plain}
	h, err := newStand().Handler(row)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(h)
	Limit(srv.Config)
	srv.Start()
	defer srv.Close()
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		req, _ := http.NewRequestWithContext(t.Context(), method, srv.URL+"/a", nil)
		res, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if res.ContentLength != 5000 || len(res.TransferEncoding) != 0 {
			t.Error(method, res.ContentLength, res.TransferEncoding)
		}
	}
	if srv.Config.ReadHeaderTimeout == 0 || srv.Config.MaxHeaderBytes == 0 {
		t.Error("no limits")
	}
}

func TestAuthorizationIsReadOnce(t *testing.T) {
	for _, row := range []struct {
		fields              []string
		scheme, credentials string
		err                 error
	}{
		{nil, "", "", nil},
		{[]string{"Bearer abc"}, "bearer", "abc", nil},
		{[]string{"BASIC  abc"}, "basic", "abc", nil},
		{[]string{"Bearer"}, "bearer", "", nil},
		{[]string{"Bearer a", "Bearer a"}, "", "", ErrAuthorization},
	} {
		r := &Request{HTTP: &http.Request{Header: http.Header{"Authorization": row.fields}}}
		scheme, credentials, err := r.Authorization()
		if scheme != row.scheme || credentials != row.credentials || !errors.Is(err, row.err) {
			t.Errorf("%q: %q %q %v", row.fields, scheme, credentials, err)
		}
	}
}
