package servertest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"countersign/internal/cli"
)

// serveEnv makes the test binary the server: a process that can be killed.
const (
	serveEnv = "COUNTERSIGN_SERVERTEST_SERVE"
	argsEnv  = "COUNTERSIGN_SERVERTEST_ARGS" // more arguments, a line each
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveEnv); dir != "" {
		args := []string{"serve", "--data", dir, "--listen", "127.0.0.1:0", "--metrics-listen="}
		args = append(args, strings.FieldsFunc(os.Getenv(argsEnv), func(r rune) bool { return r == '\n' })...)
		os.Exit(cli.Main(args, os.Stdin, os.Stdout, os.Stderr, nil))
	}
	os.Exit(m.Run())
}

// process is a server in a process of its own.
type process struct {
	*exec.Cmd
	url string
}

func startProcess(t *testing.T, dir string, more ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0])}
	p.Env = append(os.Environ(), serveEnv+"="+dir, argsEnv+"="+strings.Join(more, "\n"))
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	_, p.url, _ = strings.Cut(strings.TrimSpace(line), "listening on ")
	if err != nil || p.url == "" {
		t.Fatalf("the server does not say where it listens: %q, %v", line, err)
	}
	return p
}

func (p *process) kill() {
	_ = p.Process.Signal(syscall.SIGKILL)
	_ = p.Wait()
}

// post sends a form as the app and reads the JSON; status 0 is no answer.
func (p *process) post(path, id, secret string, form url.Values) (int, map[string]any) {
	r, err := http.NewRequest(http.MethodPost, p.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(id, secret)
	resp, err := plainClient.Do(r)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	var v map[string]any
	if err != nil || json.Unmarshal(body, &v) != nil {
		return 0, nil
	}
	return resp.StatusCode, v
}

// login is what one worker holds of its last acknowledged step.
type login struct {
	code, verifier string // redeemed, and acknowledged
	refresh        string // the newest one that was acknowledged
}

const crashVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// work signs in once and refreshes until the server is gone. It keeps what was
// acknowledged.
func work(p *process, id, secret string, person int) (l login) {
	sum := sha256.Sum256([]byte(crashVerifier))
	status, v := p.post("/oauth2/challenge", id, secret, url.Values{
		"response_type": {"code"}, "username": {fmt.Sprint("person", person)}, "password": {password},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	})
	if status != http.StatusOK {
		return l
	}
	code, _ := v["authorization_code"].(string)
	status, v = p.post("/oauth2/token", id, secret, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {crashVerifier}})
	for status == http.StatusOK {
		l.code, l.verifier = code, crashVerifier
		l.refresh, _ = v["refresh_token"].(string)
		status, v = p.post("/oauth2/token", id, secret, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {l.refresh}})
	}
	return l
}

// TestKill9UnderLoad kills the server in the middle of its work. Every login
// that was acknowledged goes on afterwards, and no code can be spent again.
func TestKill9UnderLoad(t *testing.T) {
	dir := t.TempDir()
	id, secret := furnish(t, dir)
	const workers = 16
	for round := range 2 {
		p := startProcess(t, dir)
		logins := make([]login, workers)
		var wg sync.WaitGroup
		for i := range logins {
			wg.Go(func() { logins[i] = work(p, id, secret, i) })
		}
		time.Sleep(1500 * time.Millisecond) // load, for a while
		p.kill()
		wg.Wait()

		p = startProcess(t, dir)
		acknowledged := 0
		for i, l := range logins {
			if l.code == "" {
				continue
			}
			acknowledged++
			if status, v := p.post("/oauth2/token", id, secret, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {l.refresh}}); status != http.StatusOK {
				t.Errorf("round %d, worker %d: an acknowledged login does not refresh: %d %v", round, i, status, v)
			}
			if status, v := p.post("/oauth2/token", id, secret, url.Values{"grant_type": {"authorization_code"}, "code": {l.code}, "code_verifier": {l.verifier}}); status != http.StatusBadRequest || v["error"] != "invalid_grant" {
				t.Errorf("round %d, worker %d: a spent code is answered with %d %v", round, i, status, v)
			}
		}
		p.kill()
		if acknowledged == 0 {
			t.Fatalf("round %d: nothing was acknowledged before the kill", round)
		}
		t.Logf("round %d: %d logins acknowledged", round, acknowledged)
	}
}

// furnish makes an app and people by the real commands.
func furnish(t *testing.T, dir string, more ...string) (id, secret string) {
	t.Helper()
	run := func(stdin string, args ...string) map[string]any {
		var out, errs bytes.Buffer
		args = append(append(args, "--data", dir, "-o", "json"), more...)
		if code := cli.Main(args, strings.NewReader(stdin), &out, &errs, nil); code != 0 {
			t.Fatalf("%v: %d %s", args, code, errs.String())
		}
		var v map[string]any
		if err := json.Unmarshal(out.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	app := run("", "app", "create", "--name", "shop", "--type", "confidential", "--first-party", "--redirect-uri", "https://shop.example/cb",
		"--flow", "code_and_credentials", "--flow", "refresh_token", "--scope", "openid offline_access")
	for i := range 16 {
		run(password, "user", "create", "--username", fmt.Sprint("person", i), "--password-stdin")
	}
	return app["client_id"].(string), app["client_secret"].(string)
}
