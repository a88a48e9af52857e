package bench

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/admin"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/server"
)

const (
	password = "a quiet river under the old bridge"
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 Appendix B
	callback = "https://app.example/callback"
)

var challenge = func() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}()

// app is an External Client App with the header that proves it.
type app struct {
	id    oauth.ClientID
	basic string
}

// house is the data of a server: two confidential apps and some people.
type house struct {
	dir    string
	db     *postgres // nil: the embedded database
	keys   *secret.Keyring
	signed app // its access tokens are JWTs
	opaque app // its access tokens are handles
	people []*account.Account
}

// furnish makes new data with so many people. All have one password, at the
// default cost.
func furnish(t testing.TB, people int) *house {
	t.Helper()
	h := &house{dir: filepath.Join(t.TempDir(), "data")}
	o := server.DataOptions{Dir: h.dir, Actor: "bench"}
	if *databaseURL != "" {
		h.db = newPostgres(t)
		o.Database = h.db.url
	}
	d, err := server.OpenData(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	h.keys = d.Keys
	if h.signed, err = newApp(t.Context(), d.Desk, "bench-app-jwt", "jwt"); err != nil {
		t.Fatal(err)
	}
	if h.opaque, err = newApp(t.Context(), d.Desk, "bench-app-opaque", "opaque"); err != nil {
		t.Fatal(err)
	}
	hash, err := account.HashPassword(account.DefaultParams, password)
	if err != nil {
		t.Fatal(err)
	}
	for i := range people {
		name := fmt.Sprintf("person%d@example.com", i)
		p, err := d.Desk.CreateUser(t.Context(), admin.NewUser{Username: name, Hash: hash, Sets: []admin.Set{
			{Field: "email", Values: []string{name}}, {Field: "name", Values: []string{"Ann Example"}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		h.people = append(h.people, p)
	}
	return h
}

func newApp(ctx context.Context, desk *admin.Desk, id oauth.ClientID, format string) (app, error) {
	r, err := desk.CreateApp(ctx, id, []admin.Set{
		{Field: "name", Values: []string{"Bench"}},
		{Field: "type", Values: []string{"confidential"}},
		{Field: "first-party", Values: []string{"on"}},
		{Field: "flow", Values: []string{"headless", "client_credentials"}},
		{Field: "redirect-uri", Values: []string{callback}},
		{Field: "scope", Values: []string{"openid", "profile", "email", "offline_access"}},
		{Field: "token-format", Values: []string{format}},
		{Field: "code-ttl", Values: []string{"120s"}}, // codes are minted in advance
	})
	basic := base64.StdEncoding.EncodeToString([]byte(string(id) + ":" + r.Secret))
	return app{id, "Authorization: Basic " + basic + "\r\n"}, err
}

// countersign is the server under test.
type countersign struct {
	*house
	*process
	metrics string // URL
}

// serve starts the real server on the house's data, with its defaults; but a
// password may wait longer for its turn, in case that others use the machine.
func (h *house) serve(t testing.TB) *countersign {
	t.Helper()
	p := startRole(t, roleServer, append(h.place(), "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--set", "password.wait=30s")...)
	addr, err := p.metricsAddress()
	if err != nil {
		t.Fatal(err)
	}
	return &countersign{h, p, "http://" + addr + "/metrics"}
}

// place is the command that serves the house's data.
func (h *house) place() []string {
	words := []string{"serve", "--data", h.dir}
	if h.db != nil {
		words = append(words, "--database", h.db.url)
	}
	return words
}

// metricsAddress reads from the log where the metrics are.
func (p *process) metricsAddress() (string, error) {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(p.log)
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(string(text)) {
			var said struct{ Msg, Metrics string }
			if json.Unmarshal([]byte(line), &said) == nil && said.Msg == "serving" {
				return said.Metrics, nil
			}
		}
	}
	return "", errors.New("the server's log does not say where its metrics are")
}

// counts are what the server counts of itself.
type counts struct {
	commits, changes, mallocs float64
}

func (c counts) minus(o counts) counts {
	return counts{c.commits - o.commits, c.changes - o.changes, c.mallocs - o.mallocs}
}

// count reads the server's own counters.
func (s *countersign) count() (c counts, err error) {
	resp, err := http.Get(s.metrics)
	if err != nil {
		return c, err
	}
	defer resp.Body.Close()
	wanted := map[string]*float64{
		"countersign_store_commits_total": &c.commits, "countersign_store_operations_total": &c.changes,
		"go_memstats_mallocs_total": &c.mallocs,
	}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if into, ok := wanted[name]; ok {
			if *into, err = strconv.ParseFloat(value, 64); err != nil {
				return c, err
			}
			delete(wanted, name)
		}
	}
	if len(wanted) > 0 {
		return c, fmt.Errorf("%s lacks %d counters that are read here", s.metrics, len(wanted))
	}
	return c, lines.Err()
}
