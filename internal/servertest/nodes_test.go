package servertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"countersign/internal/cli"
	"countersign/internal/config"
	"countersign/internal/sqlstore/sqlstoretest"
)

// The name that all nodes of a fleet have in tokens.
const fleetIssuer = "https://login.example"

// fleet are nodes that serve from one database.
type fleet struct {
	dir, database string
	id, secret    string
	nodes         []*process // each in this process; the type is for its client
	at            []*Node
}

// newFleet starts nodes and makes an app and people by commands beside them.
func newFleet(t *testing.T, nodes int) *fleet {
	t.Helper()
	f := &fleet{dir: t.TempDir(), database: sqlstoretest.Schema(t)}
	f.id, f.secret = furnish(t, f.dir, "--database", f.database)
	for range nodes {
		f.start(t)
	}
	return f
}

func (f *fleet) start(t *testing.T) {
	t.Helper()
	n, stop, err := Start(context.Background(), f.dir, func(c *config.Config) {
		c.Database, c.Issuer = config.Secret(f.database), fleetIssuer
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	f.at = append(f.at, n)
	f.nodes = append(f.nodes, &process{url: n.server.URL()})
}

// code signs a person in at a node.
func (f *fleet) code(t *testing.T, n *process, person int) string {
	t.Helper()
	status, v := f.login(n, person)
	code, _ := v["authorization_code"].(string)
	if status != http.StatusOK || code == "" {
		t.Fatalf("no code: %d %v", status, v)
	}
	return code
}

func (f *fleet) login(n *process, person int) (int, map[string]any) {
	sum := sha256.Sum256([]byte(crashVerifier))
	return n.post("/oauth2/challenge", f.id, f.secret, url.Values{
		"response_type": {"code"}, "username": {fmt.Sprint("person", person)}, "password": {password}, "scope": {"openid offline_access"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	})
}

func (f *fleet) redeem(n *process, code string) (int, map[string]any) {
	return n.post("/oauth2/token", f.id, f.secret, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {crashVerifier}})
}

func (f *fleet) refresh(n *process, token any) (int, map[string]any) {
	return n.post("/oauth2/token", f.id, f.secret, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {fmt.Sprint(token)}})
}

func (f *fleet) active(n *process, token any) bool {
	_, v := n.post("/oauth2/introspect", f.id, f.secret, url.Values{"token": {fmt.Sprint(token)}})
	return v["active"] == true
}

// cli runs a command beside the nodes, as an administrator does.
func (f *fleet) cli(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := cli.Main(append(args, "--data", f.dir, "--database", f.database), strings.NewReader(""), &out, &errs, nil); code != 0 {
		t.Fatalf("countersign %v: %d %s", args, code, errs.String())
	}
	return out.String()
}

// must is an answer that has to be.
func must(t *testing.T, what string, want int, rule string, status int, v map[string]any) map[string]any {
	t.Helper()
	if uri, _ := v["error_uri"].(string); status != want || rule != "" && !strings.HasSuffix(uri, rule) {
		t.Errorf("%s: %d %v, want %d %s", what, status, v, want, rule)
	}
	return v
}

// TestNodes: what one node begins another one goes on with, and a third one knows
// what was used.
func TestNodes(t *testing.T) {
	f := newFleet(t, 3)
	a, b, c := f.nodes[0], f.nodes[1], f.nodes[2]

	code := f.code(t, a, 0)
	status, v := f.redeem(b, code)
	first := must(t, "a code of A at B", 200, "", status, v)
	status, v = f.refresh(c, first["refresh_token"])
	second := must(t, "the refresh token of B at C", 200, "", status, v)
	if !f.active(a, second["access_token"]) {
		t.Error("the access token of C is not alive at A")
	}
	status, v = f.redeem(c, code)
	must(t, "the code again, at C", 400, "code.spent", status, v)
	for i, n := range f.nodes { // the replay ended what came from the code
		status, v = f.refresh(n, second["refresh_token"])
		must(t, fmt.Sprintf("after the replay, node %d", i), 400, "", status, v)
	}
	for i, n := range f.at {
		if err := n.Seen(time.Second); err != nil {
			t.Error(err)
		}
		if f.active(f.nodes[i], second["access_token"]) {
			t.Errorf("after the replay the access token is alive at node %d", i)
		}
	}
}

// TestNodesRace: one code at all nodes at once is redeemed once; one refresh token
// at all nodes at once has one successor.
func TestNodesRace(t *testing.T) {
	f := newFleet(t, 3)
	const racers = 24
	race := func(do func(n *process) (int, map[string]any)) (won int, answers []map[string]any) {
		var all sync.WaitGroup
		var mu sync.Mutex
		for i := range racers {
			all.Go(func() {
				status, v := do(f.nodes[i%len(f.nodes)])
				mu.Lock()
				defer mu.Unlock()
				switch status {
				case http.StatusOK:
					won++
					answers = append(answers, v)
				case http.StatusBadRequest:
				default:
					t.Errorf("neither won nor lost: %d %v", status, v)
				}
			})
		}
		all.Wait()
		return won, answers
	}
	for person := range 3 {
		code := f.code(t, f.nodes[0], person)
		if won, _ := race(func(n *process) (int, map[string]any) { return f.redeem(n, code) }); won != 1 {
			t.Errorf("one code was redeemed %d times", won)
		}
		status, v := f.redeem(f.nodes[1], f.code(t, f.nodes[0], person))
		must(t, "a code", 200, "", status, v)
		won, answers := race(func(n *process) (int, map[string]any) { return f.refresh(n, v["refresh_token"]) })
		next := map[any]bool{}
		for _, a := range answers {
			next[a["refresh_token"]] = true
		}
		if won == 0 || len(next) != 1 {
			t.Errorf("%d refreshes of one token, %d successors; want one", won, len(next))
		}
	}
}

// TestNodesLearn: what an administrator does on one node, or beside them, is in
// force on the others within a second.
func TestNodesLearn(t *testing.T) {
	f := newFleet(t, 2)
	status, v := f.redeem(f.nodes[0], f.code(t, f.nodes[1], 0))
	tokens := must(t, "a login", 200, "", status, v)
	f.cli(t, "app", "set", f.id, "--enabled=off")
	began := time.Now()
	for i, n := range f.at {
		if err := n.Seen(time.Second - time.Since(began)); err != nil {
			t.Errorf("node %d: %v", i, err)
		}
		if status, v := f.login(f.nodes[i], 1); status == http.StatusOK {
			t.Errorf("an app that was switched off signs in at node %d: %v", i, v)
		}
		if status, v := f.refresh(f.nodes[i], tokens["refresh_token"]); status == http.StatusOK {
			t.Errorf("an app that was switched off refreshes at node %d: %v", i, v)
		}
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
	kids := map[string]bool{}
	for _, n := range f.nodes {
		_, body := get(t, n.url+"/oauth2/jwks")
		kids[body] = true
	}
	if len(kids) != 1 {
		t.Errorf("the nodes publish different keys: %v", kids)
	}
}

func get(t *testing.T, address string) (int, string) {
	t.Helper()
	resp, err := plainClient.Get(address)
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

// TestNoReads: apps, keys, policies and what ended are answered from memory. While
// tokens are looked into, the database is asked by the polls alone.
func TestNoReads(t *testing.T) {
	f := newFleet(t, 1)
	n := f.nodes[0]
	status, v := f.redeem(n, f.code(t, n, 0))
	tokens := must(t, "a login", 200, "", status, v)
	const looks = 300
	stats := f.at[0].server.DB.Stats
	before, began := stats(), time.Now()
	for range looks {
		if !f.active(n, tokens["access_token"]) {
			t.Fatal("the token is dead")
		}
		get(t, n.url+"/oauth2/jwks")
	}
	polls := uint64(time.Since(began)/(400*time.Millisecond)) + 2
	after := stats()
	if n := after.Statements - before.Statements; n > 2*polls+16 || n > looks {
		t.Errorf("%d statements for %d introspections and %d polls: some of them read the database", n, looks, polls)
	}
	if n := after.Commits - before.Commits; n > polls {
		t.Errorf("%d commits for introspections", n)
	}
}

// TestMove: a server on a file is stopped, its data are moved, and several nodes
// go on: with tokens, keys and codes in flight of before.
func TestMove(t *testing.T) {
	database := sqlstoretest.Schema(t)
	f := &fleet{dir: t.TempDir()}
	f.id, f.secret = furnish(t, f.dir)
	n, stop, err := Start(context.Background(), f.dir, func(c *config.Config) { c.Issuer = fleetIssuer })
	if err != nil {
		t.Fatal(err)
	}
	old := &process{url: n.server.URL()}
	spent, flying := f.code(t, old, 0), f.code(t, old, 1)
	status, v := f.redeem(old, spent)
	tokens := must(t, "a login", 200, "", status, v)
	_, keys := get(t, old.url+"/oauth2/jwks")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	f.database = database
	if said := f.cli(t, "migrate", "copy"); !strings.Contains(said, "everything was copied and compared") {
		t.Errorf("the copy says: %s", said)
	}
	f.start(t)
	f.start(t)
	a, b := f.nodes[0], f.nodes[1]
	if !f.active(a, tokens["access_token"]) {
		t.Error("an access token of before is dead")
	}
	status, v = f.refresh(b, tokens["refresh_token"])
	must(t, "a refresh token of before", 200, "", status, v)
	status, v = f.redeem(a, flying)
	must(t, "a code in flight", 200, "", status, v)
	status, v = f.redeem(b, spent)
	must(t, "a code spent before", 400, "code.spent", status, v)
	if _, now := get(t, a.url+"/oauth2/jwks"); now != keys {
		t.Errorf("the keys changed:\n%s\n%s", keys, now)
	}
}

// balancer sends requests to the nodes that say they are ready, in turn.
type balancer struct {
	mu    sync.Mutex
	nodes []*process
	next  int
}

func (b *balancer) pick() *process {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	return b.nodes[b.next%len(b.nodes)]
}

// swap takes nodes out and in.
func (b *balancer) swap(out, in *process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := []*process{}
	for _, n := range b.nodes {
		if n != out {
			kept = append(kept, n)
		}
	}
	if in != nil {
		kept = append(kept, in)
	}
	b.nodes = kept
}

// TestRollingRestart: three nodes are restarted one after the other, by SIGTERM,
// while people sign in and refresh. Nobody is answered anything but 200.
func TestRollingRestart(t *testing.T) {
	f := &fleet{dir: t.TempDir(), database: sqlstoretest.Schema(t)}
	f.id, f.secret = furnish(t, f.dir, "--database", f.database)
	start := func() *process {
		return startProcess(t, f.dir, "--database", f.database, "--issuer", fleetIssuer, "--set", "drain_wait=1s", "--set", "password.workers=2")
	}
	b := &balancer{nodes: []*process{start(), start(), start()}}
	var stopped atomic.Bool
	var logins, refreshes atomic.Int64
	var workers sync.WaitGroup
	for person := range 6 {
		workers.Go(func() {
			for !stopped.Load() {
				status, v := f.login(b.pick(), person)
				if status == http.StatusOK {
					status, v = f.redeem(b.pick(), fmt.Sprint(v["authorization_code"]))
				}
				for i := 0; i < 20 && status == http.StatusOK; i++ {
					refreshes.Add(1)
					status, v = f.refresh(b.pick(), v["refresh_token"])
				}
				if status != http.StatusOK {
					t.Errorf("person %d: %d %v", person, status, v)
					return
				}
				logins.Add(1)
			}
		})
	}
	first := append([]*process{}, b.nodes...)
	for i, old := range first {
		goal := logins.Load() + 6
		for logins.Load() < goal && !t.Failed() { // load between the restarts
			time.Sleep(10 * time.Millisecond)
		}
		if err := old.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		for ready := http.StatusOK; ready == http.StatusOK; ready, _ = get(t, old.url+"/readyz") {
			time.Sleep(5 * time.Millisecond)
		}
		b.swap(old, nil)
		if err := old.Wait(); err != nil {
			t.Errorf("node %d: %v", i, err)
		}
		b.swap(nil, start())
	}
	stopped.Store(true)
	workers.Wait()
	for _, n := range b.nodes {
		n.kill()
	}
	t.Logf("%d logins and %d refreshes while three nodes were restarted", logins.Load(), refreshes.Load())
}
