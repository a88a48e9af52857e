package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign/internal/admin"
	"countersign/internal/audit"
	"countersign/internal/config"
	"countersign/internal/jose"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

func configure(dir string) config.Config {
	c := config.Default()
	c.Data, c.Listen, c.MetricsListen = dir, "127.0.0.1:0", "127.0.0.1:0"
	return c
}

func newServer(t *testing.T, c config.Config) *Server {
	t.Helper()
	s, err := New(t.Context(), Options{Config: c, Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// running serves until the test ends or stop is called.
func running(t *testing.T, c config.Config) (s *Server, stop func()) {
	t.Helper()
	s = newServer(t, c)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("stop: %v", err)
		}
	}
	t.Cleanup(stop)
	return s, stop
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url) //nolint:noctx // a test
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestStartAndStop(t *testing.T) {
	dir := t.TempDir()
	s, stop := running(t, configure(dir))
	if strings.HasSuffix(s.URL(), ":0") || s.Issuer != s.URL() {
		t.Errorf("URL %s, issuer %s", s.URL(), s.Issuer)
	}
	for path, want := range map[string]string{
		"/healthz":      `{"status":"ok"}`,
		"/readyz":       `{"ready":true,"checks":{"database":"ok","keys":"ok"}}`,
		"/oauth2/jwks":  `{"keys":[`,
		"/id/keys":      `{`,
		"/oauth2/token": `{"error":"invalid_request"`, // GET
	} {
		if _, body := fetch(t, s.URL()+path); !strings.HasPrefix(body, want) {
			t.Errorf("%s: %s, want %s", path, body, want)
		}
	}
	stop()
	if code, _ := fetch(t, s.URL()+"/healthz"); code != 0 {
		t.Errorf("after the stop: %d", code)
	}
	d, err := OpenData(t.Context(), DataOptions{Dir: dir, MustExist: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, name := range []audit.Name{audit.ServerStarted, audit.ServerStopped} {
		if list, err := d.DB.List(t.Context(), audit.Filter{Name: name}); err != nil || len(list) != 1 {
			t.Errorf("%s: %d events, %v", name, len(list), err)
		}
	}
	if keys, err := d.Desk.SigningKeys(t.Context()); err != nil || len(keys) != 2 {
		t.Errorf("first keys: %d, %v", len(keys), err)
	}
}

func TestDialectsOff(t *testing.T) {
	c := configure(t.TempDir())
	c.Salesforce.Enabled = false
	s, _ := running(t, c)
	if code, _ := fetch(t, s.URL()+"/id/keys"); code != 404 {
		t.Errorf("the Salesforce dialect is served though it is off: %d", code)
	}
}

// TestDrain: while it stops, the node says so, and finishes what is under way.
func TestDrain(t *testing.T) {
	c := configure(t.TempDir())
	s := newServer(t, c)
	entered, inner := make(chan struct{}, 1), s.handler
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		inner.ServeHTTP(w, r)
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	// a request that is under way when the server stops gets its answer
	conn, err := net.Dial("tcp", s.Address()) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	begin := "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 4\r\n\r\na=1"
	if _, err := conn.Write([]byte(begin)); err != nil {
		t.Fatal(err)
	}
	<-entered
	cancel()
	for fails := false; !fails; { // until the listener is closed
		probe, err := net.Dial("tcp", s.Address()) //nolint:noctx // a test
		if fails = err != nil; !fails {
			probe.Close()
		}
	}
	if r := s.health.readiness(); r.Ready || r.Checks["serving"] != "the server is stopping" {
		t.Errorf("readiness while stopping: %+v", r)
	}
	if _, err := conn.Write([]byte("2")); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 400 ")) {
		t.Errorf("the request under way was answered %.40q, %v", answer, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestNotReady(t *testing.T) {
	h := &health{checks: []check{{"database", func() error { return nil }}, {"keys", func() error { return errors.New("no key") }}}}
	for path, want := range map[string]string{
		"/healthz": "200 {\"status\":\"ok\"}\n",
		"/readyz":  "503 {\"ready\":false,\"checks\":{\"database\":\"ok\",\"keys\":\"no key\"}}\n",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		if got := strconv.Itoa(w.Code) + " " + w.Body.String(); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/readyz", http.NoBody)); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST /readyz: %d", w.Code)
	}
}

func TestMasterKey(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, MasterKeyFile)
	reopen := func(o DataOptions) error {
		o.Dir = dir
		d, err := OpenData(t.Context(), o)
		if err == nil {
			err = d.Close()
		}
		return err
	}
	if err := reopen(DataOptions{}); err != nil {
		t.Fatal(err)
	}
	mine, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other, stranger := secret.NewMasterKey(), secret.NewMasterKey()
	for name, tt := range map[string]struct {
		file  []byte
		mode  os.FileMode
		given string
		want  error
		says  string
	}{
		"right":              {mine, 0o600, "", nil, ""},
		"right, given":       {nil, 0, string(mine), nil, ""},
		"new key in front":   {append(append([]byte{}, other...), mine...), 0o600, "", nil, ""},
		"another":            {stranger, 0o600, "", ErrKeyFit, "put the right key back"},
		"another, given":     {mine, 0o600, string(stranger), ErrKeyFit, "the configured master key"},
		"missing":            {nil, 0, "", ErrKeyMissing, "put the file back"},
		"no key":             {[]byte("hunter2\n"), 0o600, "", secret.ErrMasterKey, path},
		"readable by others": {mine, 0o644, "", nil, "chmod 600 " + path},
		"readable by group":  {mine, 0o640, "", nil, "chmod 600 " + path},
	} {
		t.Run(name, func(t *testing.T) {
			_ = os.Remove(path)
			if tt.file != nil {
				if err := errors.Join(os.WriteFile(path, tt.file, 0o600), os.Chmod(path, tt.mode)); err != nil {
					t.Fatal(err)
				}
			}
			err := reopen(DataOptions{MasterKey: tt.given})
			if tt.want != nil && !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil && tt.says == "") {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %q does not say %q", err, tt.says)
			}
			if _, err := os.Stat(path); tt.file == nil && err == nil {
				t.Error("a new key was made for old data")
			}
		})
	}
}

// TestMasterKeyChanges: a new key in front is taken on, and then serves alone.
func TestMasterKeyChanges(t *testing.T) {
	dir := t.TempDir()
	old, next, newest := secret.NewMasterKey(), secret.NewMasterKey(), secret.NewMasterKey()
	for _, step := range []struct {
		name string
		keys [][]byte
		want error
	}{
		{"the first", [][]byte{old}, nil},
		{"another alone", [][]byte{next}, ErrKeyFit},
		{"another in front", [][]byte{next, []byte("# the old one\n"), old}, nil},
		{"the new one alone", [][]byte{next}, nil},
		{"the first alone", [][]byte{old}, nil}, // it still opens what it sealed
		{"a third in front of the second", [][]byte{newest, next}, nil},
		{"the third alone", [][]byte{newest}, nil},
		{"a stranger", [][]byte{secret.NewMasterKey()}, ErrKeyFit},
	} {
		d, err := OpenData(t.Context(), DataOptions{Dir: dir, MasterKey: string(bytes.Join(step.keys, nil))})
		if err == nil {
			err = d.Close()
		}
		if !errors.Is(err, step.want) {
			t.Errorf("%s: %v, want %v", step.name, err, step.want)
		}
	}
}

// TestFirstStartTogether: of several processes that begin the same data at the
// same moment, all end up with one key.
func TestFirstStartTogether(t *testing.T) {
	dir := t.TempDir()
	errs := make(chan error, 4)
	for range cap(errs) {
		go func() {
			d, err := OpenData(context.Background(), DataOptions{Dir: dir})
			if err == nil {
				err = d.Close()
			}
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, ".new-key-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestWillNotStart(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for name, tt := range map[string]struct {
		spoil func(*config.Config)
		want  string
	}{
		"port in use":         {func(c *config.Config) { c.Listen = busy.Addr().String() }, "address already in use; choose another address with --listen"},
		"metrics port in use": {func(c *config.Config) { c.MetricsListen = busy.Addr().String() }, "--metrics-listen"},
		"no name":             {func(c *config.Config) { c.Listen = ":0" }, "give --issuer"},
		"no certificate":      {func(c *config.Config) { c.TLS = config.TLS{Certificate: "nowhere.pem", Key: "nowhere.key"} }, "nowhere.pem"},
		"no directory":        {func(c *config.Config) { c.Data = "" }, "--data"},
		"proxies":             {func(c *config.Config) { c.TrustedProxies = []string{"x"} }, "neither an address nor a range"},
		"prefix":              {func(c *config.Config) { c.Salesforce.SitePrefix = "x" }, "site prefix"},
	} {
		t.Run(name, func(t *testing.T) {
			c := configure(t.TempDir())
			tt.spoil(&c)
			_, err := New(t.Context(), Options{Config: c, Log: slog.New(slog.DiscardHandler)})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// TestChangesArriveWithinASecond: another process changes the data; the server
// knows within a second, without being told.
// TestChangesArriveWithinASecond: each kind of change comes by itself, and most
// of them within a second. On a busy machine one look or the other may be late.
func TestChangesArriveWithinASecond(t *testing.T) {
	dir := t.TempDir()
	s, _ := running(t, configure(dir))
	other, err := OpenData(t.Context(), DataOptions{Dir: dir, MustExist: true, Actor: "cli"})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	const app = oauth.ClientID("shop-app-1")
	late := 0
	for _, change := range []struct {
		name string
		do   func() error
		seen func() bool
	}{
		{"an app", func() error {
			_, err := other.Desk.CreateApp(t.Context(), app, []admin.Set{{Field: "name", Values: []string{"Shop"}}})
			return err
		}, func() bool { return s.apps.Lookup(app) != nil }},
		{"a switch", func() error {
			_, err := other.Desk.ChangeApp(t.Context(), app, []admin.Set{{Field: "enabled", Values: []string{"off"}}})
			return err
		}, func() bool { return !s.apps.Lookup(app).Effective.Enabled }},
		{"the settings of all", func() error {
			_, _, err := other.Desk.ChangeOrg(t.Context(), []admin.Set{{Field: "require-pkce", Values: []string{"on"}}})
			return err
		}, func() bool { return s.apps.Org().RequirePKCE }},
		{"a key", func() error {
			_, err := other.Desk.RotateKey(t.Context(), jose.ES256, true)
			return err
		}, func() bool { return len(s.ring.Verifiers()) == 3 }},
		{"an ending", func() error {
			_, err := other.Desk.EndGrants(t.Context(), "0055g00000DGVJ1AAP", "")
			return err
		}, func() bool { return s.endings.Len() > 1 }}, // the app's is the first
		{"a deletion", func() error { return other.Desk.DeleteApp(t.Context(), app) }, func() bool { return s.apps.Lookup(app) == nil }},
	} {
		if err := change.do(); err != nil {
			t.Fatalf("%s: %v", change.name, err)
		}
		done := time.Now()
		never := time.NewTimer(20 * time.Second) // before the janitors' half minute
		look := time.NewTicker(time.Millisecond)
		for !change.seen() {
			select {
			case <-never.C:
				t.Fatalf("%s: never seen", change.name)
			case <-look.C:
			}
		}
		look.Stop()
		if time.Since(done) > time.Second {
			late++
		}
	}
	if late > 3 {
		t.Errorf("%d of six changes took more than a second", late)
	}
}

func TestMetrics(t *testing.T) {
	s, _ := running(t, configure(t.TempDir()))
	fetch(t, s.URL()+"/oauth2/jwks")
	fetch(t, s.URL()+"/no/such/secret-path-sesame")
	resp, err := http.Post(s.URL()+"/oauth2/token", "application/x-www-form-urlencoded", strings.NewReader("grant_type=made-up-sesame")) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if code, _ := fetch(t, s.URL()+"/metrics"); code != 404 {
		t.Errorf("metrics on the public address: %d", code)
	}
	_, body := fetch(t, "http://"+s.MetricsAddress()+"/metrics")
	for _, want := range []string{
		`countersign_requests_total{outcome="ok",route="/oauth2/jwks",rule=""} 1`,
		`countersign_requests_total{outcome="refused",route="/oauth2/token",rule="token.grant-type-unknown"} 1`,
		`countersign_requests_total{outcome="refused",route="none",rule="http.path"} 2`,
		`countersign_info{version="test"} 1`, "countersign_ready 1", "countersign_store_commits_total ", "countersign_store_lease_age_seconds ",
		"countersign_password_workers ", `countersign_store_commit_groups_total{size="1"} `, "countersign_endings 0", "countersign_audit_dropped_total 0", "go_goroutines ",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
	if strings.Contains(body, "sesame") {
		t.Error("text of a request became a label")
	}
}

// TestSpellings: what explain shows is what the wire says.
func TestSpellings(t *testing.T) {
	got, err := Spellings(oauth.From(oauth.Declared()[0]))
	if err != nil || len(got) != len(spelled) {
		t.Errorf("%d spellings, %v", len(got), err)
	}
}

func TestTwoServersOnOneMachineBothHaveMetrics(t *testing.T) {
	taken, err := net.Listen("tcp", config.Default().MetricsListen)
	if err == nil {
		defer taken.Close()
	} // somebody else has it already: just as well
	cfg := config.Default()
	cfg.Data, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	s, err := New(t.Context(), Options{Config: cfg, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if s.MetricsAddress() == "" || s.MetricsAddress() == config.Default().MetricsListen {
		t.Errorf("metrics at %q", s.MetricsAddress())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	cfg.Data, cfg.MetricsListen = t.TempDir(), s.Address()
	if other, err := net.Listen("tcp", cfg.MetricsListen); err == nil {
		defer other.Close()
		if _, err := New(t.Context(), Options{Config: cfg, Log: slog.New(slog.DiscardHandler)}); err == nil {
			t.Error("a port that was asked for and is taken is no error")
		}
	}
}
