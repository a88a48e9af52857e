package web

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"countersign/internal/oauth"
)

// post is a sound form; each row of the test spoils one thing.
func post(body string) *http.Request {
	req := httptest.NewRequest(http.MethodPost, "/t", strings.NewReader(body))
	req.Header.Set("Content-Type", formType)
	return req
}

func TestFormIsReadOnceJ04A22(t *testing.T) {
	show := func(r *Request) (Answer, error) {
		return Answer{Body: fmt.Appendf(nil, "a=%s q=%s raw=%d", r.Form.Body.Text("a"), r.Form.Query.Text("a"), len(r.Body))}, nil
	}
	for name, row := range map[string]struct {
		reads Reads
		spoil func(*http.Request)
		body  string
		want  string
	}{
		"sound":            {body: "a=1", want: "a=1 q= raw=0"},
		"encoded":          {body: "a=%C3%A4+b", want: "a=ä b q= raw=0"},
		"query apart":      {body: "a=1", spoil: func(r *http.Request) { r.URL.RawQuery = "a=2" }, want: "a=1 q=2 raw=0"},
		"charset":          {body: "a=1", spoil: func(r *http.Request) { r.Header.Set("Content-Type", formType+"; charset=UTF-8") }, want: "a=1 q= raw=0"},
		"type in capitals": {body: "a=1", spoil: func(r *http.Request) { r.Header.Set("Content-Type", "Application/X-WWW-Form-Urlencoded") }, want: "a=1 q= raw=0"},
		"empty":            {want: "a= q= raw=0"},
		"empty, no type":   {spoil: func(r *http.Request) { r.Header.Del("Content-Type") }, want: "a= q= raw=0"},
		"chunked": {spoil: func(r *http.Request) {
			r.ContentLength, r.Body = -1, io.NopCloser(strings.NewReader("a=1"))
		}, want: "a=1 q= raw=0"},
		"any type":              {reads: ReadAsForm, body: "a=1", spoil: func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, want: "a=1 q= raw=0"},
		"raw":                   {reads: ReadRaw, body: `{"a":1}`, spoil: func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, want: "a= q= raw=7"},
		"nothing":               {reads: ReadNothing, body: "a=1&a=1", spoil: func(r *http.Request) { r.URL.RawQuery = "x=1&x=1" }, want: "a= q= raw=0"},
		"other charset":         {body: "a=1", spoil: func(r *http.Request) { r.Header.Set("Content-Type", formType+"; charset=utf-16") }, want: ErrMediaType.Rule},
		"json":                  {body: "{}", spoil: func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, want: ErrMediaType.Rule},
		"no type":               {body: "a=1", spoil: func(r *http.Request) { r.Header.Del("Content-Type") }, want: ErrMediaType.Rule},
		"two types":             {body: "a=1", spoil: func(r *http.Request) { r.Header.Add("Content-Type", formType) }, want: ErrMediaType.Rule},
		"compressed":            {body: "a=1", spoil: func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, want: ErrMediaType.Rule},
		"repeated C14":          {body: "a=1&a=2", want: oauth.ErrParamRepeated.Rule},
		"repeated in the query": {spoil: func(r *http.Request) { r.URL.RawQuery = "a=1&a=2" }, want: oauth.ErrParamRepeated.Rule},
		"repeatable":            {body: "resource=1&resource=2&a=1", want: "a=1 q= raw=0"},
		"bad escape":            {body: "a=%zz", want: oauth.ErrParamSyntax.Rule},
		"many":                  {body: strings.Repeat("&x=1", 1) + manyParams(65), want: oauth.ErrParamMany.Rule},
		"long":                  {body: "a=" + strings.Repeat("x", 100), want: ErrTooLarge.Rule},
		"long, chunked": {spoil: func(r *http.Request) {
			r.ContentLength, r.Body = -1, io.NopCloser(strings.NewReader("a="+strings.Repeat("x", 3000)))
		}, want: ErrTooLarge.Rule},
		"a length beyond all memory": {body: "a=1", spoil: func(r *http.Request) { r.ContentLength = 1 << 60 }, want: ErrTooLarge.Rule},
		"broken":                     {body: "a=1", spoil: func(r *http.Request) { r.ContentLength = 10 }, want: ErrBody.Rule},
		"long query":                 {spoil: func(r *http.Request) { r.URL.RawQuery = "a=" + strings.Repeat("x", maxQuery) }, want: ErrQuery.Rule},
	} {
		req := post(row.body)
		if row.spoil != nil {
			row.spoil(req)
		}
		reads, limit := row.reads, int64(100)
		if name != "raw" && name != "any type" && name != "nothing" {
			reads = ReadForm
		}
		if name == "many" {
			limit = 0
		}
		res := newStand().ask(t, req, Route{Methods: "POST", Pattern: "/t", Handle: show, Reads: reads, Limit: limit, Repeat: []string{"resource"}})
		if got := res.Body.String(); !strings.HasPrefix(got, row.want) {
			t.Errorf("%s: %d %q, want %q", name, res.Code, got, row.want)
		}
	}
}

func manyParams(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "&p%d=1", i)
	}
	return b.String()
}

func TestTooLongBodyClosesTheConnectionJ04(t *testing.T) {
	h, err := newStand().Handler(Route{Methods: "POST", Pattern: "/t", Handle: ok, Reads: ReadForm, Dialect: plain})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	res, err := http.Post(srv.URL+"/t", formType, strings.NewReader(strings.Repeat("x", oauth.MaxFormBytes+1)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge || !res.Close {
		t.Error(res.StatusCode, "close:", res.Close)
	}
}

func FuzzForm(f *testing.F) {
	for _, seed := range []string{"a=1&b=2", "a=%41+b&c", "=", "a=1&a=2", "%zz", "a=\x00", "a=\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		req := post(body)
		r := &Request{HTTP: req, route: &route{Route: Route{Reads: ReadForm}}}
		if err := r.read(httptest.NewRecorder()); err != nil {
			return
		}
		if n := r.Form.Body.Len(); n > 64 || n > strings.Count(body, "&")+1 {
			t.Errorf("%d parameters in %q", n, body)
		}
	})
}
