package web

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// sink is a ResponseWriter that costs nothing.
type sink struct{ h http.Header }

func (s sink) Header() http.Header         { return s.h }
func (s sink) Write(b []byte) (int, error) { return len(b), nil }
func (s sink) WriteHeader(int)             {}

func BenchmarkForm(b *testing.B) {
	const form = "grant_type=authorization_code&code=csc1_0123456789012345678901234567890123456789&code_verifier=0123456789012345678901234567890123456789012"
	var log bytes.Buffer // a real handler: the line is part of the cost
	s := &Site{Log: slog.New(slog.NewJSONHandler(&log, nil)), Now: time.Now}
	answer := []byte(`{"access_token":"x"}`)
	h, err := s.Handler(Route{
		Methods: "POST", Pattern: "/oauth2/token", Reads: ReadForm, CORS: AppOrigins, Dialect: plain,
		Handle: func(*Request) (Answer, error) { return Answer{Media: MediaJSON, Body: answer}, nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, "/oauth2/token", nil)
	req.Header.Set("Content-Type", formType)
	req.ContentLength = int64(len(form))
	w := sink{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		log.Reset()
		req.Body = io.NopCloser(strings.NewReader(form))
		h.ServeHTTP(w, req)
	}
}
