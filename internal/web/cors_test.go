package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func corsHeaders(h http.Header) string {
	var out []string
	for _, name := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Allow-Credentials"} {
		if v, ok := h[name]; ok {
			out = append(out, strings.TrimPrefix(name, "Access-Control-Allow-")+": "+strings.Join(v, "|"))
		}
	}
	return strings.Join(out, "; ")
}

func TestCrossOriginA29(t *testing.T) {
	const permission = "; Methods: POST; Headers: Authorization, Content-Type"
	for name, row := range map[string]struct {
		cors   CORS
		origin string
		app    string
		asks   bool // a preflight
		want   string
	}{
		"preflight, registered":            {AppOrigins, "https://app.example", "", true, "Origin: https://app.example" + permission},
		"preflight, foreign":               {AppOrigins, "https://evil.example", "", true, ""},
		"preflight, null":                  {AppOrigins, "null", "", true, ""},
		"preflight, any":                   {AnyOrigin, "https://evil.example", "", true, "Origin: *" + permission},
		"preflight, none":                  {NoOrigin, "https://app.example", "", true, ""},
		"request, its app":                 {AppOrigins, "https://app.example", "app-00001", false, "Origin: https://app.example"},
		"request, before the app is known": {AppOrigins, "https://app.example", "", false, "Origin: https://app.example"},
		"request, another app":             {AppOrigins, "https://app.example", "app-00002", false, ""},
		"request, foreign":                 {AppOrigins, "https://evil.example", "app-00001", false, ""},
		"request, none":                    {NoOrigin, "https://app.example", "app-00001", false, ""},
		"request, any":                     {AnyOrigin, "https://evil.example", "", false, "Origin: *"},
		"request without origin":           {AppOrigins, "", "app-00001", false, ""},
	} {
		req := httptest.NewRequest(http.MethodPost, "/t", nil)
		if row.origin != "" {
			req.Header.Set("Origin", row.origin)
		}
		if row.asks {
			req.Method = http.MethodOptions
			req.Header.Set("Access-Control-Request-Method", http.MethodPost)
		}
		called := false
		res := newStand().ask(t, req, Route{Methods: "POST", Pattern: "/t", CORS: row.cors, Handle: func(r *Request) (Answer, error) {
			called = true
			r.Event.App = "app-0000" + "1"
			if row.app != "app-00001" {
				r.Event.App = ""
			}
			if row.app == "app-00002" {
				r.Event.App = "app-00002"
			}
			return Answer{}, errTest // a refusal is readable, too
		}})
		if got := corsHeaders(res.Header()); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
		if called == row.asks {
			t.Errorf("%s: called %v", name, called)
		}
	}
}
