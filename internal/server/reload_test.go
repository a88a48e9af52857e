package server

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"countersign/internal/audit"
	"countersign/internal/config"
	"countersign/internal/gate"
	"countersign/internal/login"
)

// written is a configuration that a test changes, and a server that reads it.
type written struct {
	*Server
	t   *testing.T
	cfg config.Config
	err error
	log bytes.Buffer
}

func newWritten(t *testing.T) *written {
	t.Helper()
	w := &written{t: t, cfg: configure(t.TempDir())}
	w.cfg.Password.MemoryKiB, w.cfg.Password.Time = 8, 1
	level := new(slog.LevelVar)
	var err error
	w.Server, err = New(t.Context(), Options{
		Config: w.cfg, Log: slog.New(slog.NewJSONHandler(&w.log, &slog.HandlerOptions{Level: level})), Level: level,
		Reread: func() (config.Config, error) { return w.cfg, w.err },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// logged runs something and returns what the log gained by it.
func (w *written) logged(f func()) string {
	w.log.Reset()
	f()
	return w.log.String()
}

func (w *written) request() {
	r := httptest.NewRequest(http.MethodGet, "/oauth2/jwks", http.NoBody)
	r.RemoteAddr = "10.0.0.1:1"
	r.Header.Set("X-Forwarded-For", "192.0.2.7")
	w.handler.ServeHTTP(httptest.NewRecorder(), r)
}

func (w *written) throttled() bool {
	var err error
	for range 3 {
		_, err = w.prover.Prove(w.t.Context(), login.Attempt{
			Identifier: "nobody", Password: "wrong", Client: "app", Address: netip.MustParseAddr("192.0.2.1"),
		})
	}
	return errors.Is(err, login.ErrThrottled)
}

func (w *written) reload() {
	for range 2 {
		w.reloads.look(w.t.Context())
	}
}

func TestReload(t *testing.T) {
	w := newWritten(t)
	if got := w.logged(w.request); !strings.Contains(got, `"10.0.0.1"`) {
		t.Fatalf("nobody is trusted yet: %s", got)
	}
	if w.throttled() {
		t.Fatal("three failures are free by default")
	}
	w.cfg.TrustedProxies = []string{"10.0.0.0/8"}
	w.cfg.Login.PersonAddress.Free = 1
	w.cfg.Listen = "127.0.0.1:1"
	got := w.logged(func() { w.reloads.look(t.Context()) })
	if got != "" {
		t.Errorf("taken up at the first look, which may have met half a file: %s", got)
	}
	got = w.logged(func() { w.reloads.look(t.Context()) })
	if !strings.Contains(got, `"changed":["trusted_proxies","login.person_address.free"],"waiting_for_restart":["listen"]`) {
		t.Errorf("log: %s", got)
	}
	if got := w.logged(w.reload); got != "" {
		t.Errorf("said again: %s", got)
	}
	if got := w.logged(w.request); !strings.Contains(got, `"192.0.2.7"`) {
		t.Errorf("the proxy is not trusted: %s", got)
	}
	if !w.throttled() {
		t.Error("the old limit holds")
	}
	w.cfg.LogLevel = "error"
	w.logged(w.reload)
	if got := w.logged(w.request); got != "" {
		t.Errorf("the old level holds: %s", got)
	}
	events, err := w.DB.List(t.Context(), audit.Filter{Name: audit.ServerReloaded})
	if err != nil || len(events) != 2 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

func TestReloadOfAFaultyConfiguration(t *testing.T) {
	w := newWritten(t)
	w.cfg.TrustedProxies, w.err = []string{"10.0.0.0/8"}, errors.New("countersign.yaml:3: colour: there is no such key")
	got := w.logged(w.reload)
	if !strings.Contains(got, "the old one goes on") || !strings.Contains(got, "countersign.yaml:3") {
		t.Errorf("log: %s", got)
	}
	if got := w.logged(w.reload); got != "" {
		t.Errorf("said twice without being asked: %s", got)
	}
	if got := w.logged(func() { w.reloads.told(t.Context()) }); !strings.Contains(got, "the old one goes on") {
		t.Errorf("not said when asked: %s", got)
	}
	if got := w.logged(w.request); !strings.Contains(got, `"10.0.0.1"`) {
		t.Errorf("a faulty configuration is in force: %s", got)
	}
	w.err = nil
	w.logged(w.reload)
	if got := w.logged(w.request); !strings.Contains(got, `"192.0.2.7"`) {
		t.Errorf("the mended one is not: %s", got)
	}
}

func TestReloadOnHangup(t *testing.T) {
	w := newWritten(t)
	if got := w.logged(func() { w.reloads.told(t.Context()) }); !strings.Contains(got, "configuration reloaded") {
		t.Errorf("whoever asks gets no answer: %s", got)
	}
	w.cfg.Login.KnownFor *= 2
	if got := w.logged(func() { w.reloads.told(t.Context()) }); !strings.Contains(got, "login.known_for") {
		t.Errorf("not taken up at once: %s", got)
	}
}

// TestLiveKeys: what the reference calls live is exactly what adopt puts in
// force. A key that gains the tag needs a place there, and a row here.
func TestLiveKeys(t *testing.T) {
	adopted := func(path string) bool {
		return slices.Contains([]string{"trusted_proxies", "proxy_header", "log_level"}, path) || strings.HasPrefix(path, "login.")
	}
	c := config.Default()
	for _, l := range config.Leaves(&c) {
		if l.Live != adopted(l.Path) {
			t.Errorf("%s: live is %v", l.Path, l.Live)
		}
	}
}

// TestReloadHoldsForAdministrators: a limit on failures that is taken up holds at
// the door of the console, too.
func TestReloadHoldsForAdministrators(t *testing.T) {
	w := newWritten(t)
	w.cfg.Login.PersonAddress.Free = 1
	if got := w.logged(w.reload); !strings.Contains(got, "login.person_address.free") {
		t.Fatalf("log: %s", got)
	}
	var err error
	for range 3 {
		_, err = w.gate.SignIn(t.Context(), "nobody", "wrong", "", gate.From{Address: netip.MustParseAddr("192.0.2.1")})
	}
	if !errors.Is(err, login.ErrThrottled) {
		t.Errorf("the old limit holds for administrators: %v", err)
	}
}
