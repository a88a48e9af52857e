package cli

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is a running countersign.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *bufio.Reader
	errs *strings.Builder
}

func start(t *testing.T, words ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0], words...), errs: &strings.Builder{}}
	p.cmd.Env = append(os.Environ(), "RUN_AS_COUNTERSIGN=1")
	p.cmd.Stderr = p.errs
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// stop ends the process as an operator does, and expects a good end.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, p.out)
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("after SIGTERM: %v\n%s", err, p.errs)
	}
}

func run(t *testing.T, words ...string) string {
	t.Helper()
	var out, errs strings.Builder
	if code := Main(words, strings.NewReader(""), &out, &errs, nil); code != 0 {
		t.Fatalf("%v: exit code %d\n%s", words, code, errs.String())
	}
	return out.String()
}

func post(t *testing.T, u string, form url.Values) (int, map[string]any) {
	t.Helper()
	resp, err := http.PostForm(u, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var v map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, v
}

// TestServe: the port is printed, a change made by the command line beside it is
// in force soon (how soon is for the tests of server and sqlstore), and SIGTERM
// ends it in good order.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	run(t, "app", "create", "--data", dir, "--name", "Shop", "--type", "public", "--client-id", "shop-app-1",
		"--flow", "headless", "--first-party", "--scope", "openid")
	p := start(t, "serve", "--data", dir, "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0")
	line, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, p.errs)
	}
	base, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if !ok || strings.HasSuffix(base, ":0") {
		t.Fatalf("the first line is %q", line)
	}
	ask := func() any {
		_, v := post(t, base+"/oauth2/challenge", url.Values{"client_id": {"shop-app-1"}, "response_type": {"code"}})
		return v["error"]
	}
	if got := ask(); got == "unauthorized_client" || got == "invalid_client" {
		t.Fatalf("before: %v", got)
	}
	run(t, "app", "set", "shop-app-1", "--data", dir, "--flow", "headless=off")
	changed := time.Now()
	for ask() != "unauthorized_client" {
		if time.Since(changed) > 20*time.Second {
			t.Fatal("the server still serves the flow that was switched off")
		}
	}
	p.stop()
	for l := range strings.Lines(p.errs.String()) {
		var v map[string]any
		if json.Unmarshal([]byte(l), &v) != nil {
			t.Errorf("the log has a line that is no JSON: %s", l)
		}
	}
	log := run(t, "audit", "list", "--data", dir)
	for _, want := range []string{"server.started", "server.stopped", "app.changed"} {
		if !strings.Contains(log, want) {
			t.Errorf("no event %s in\n%s", want, log)
		}
	}
}

// TestHangup: SIGHUP makes a running server read its file again.
func TestHangup(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "countersign.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("login: {suspect_burst: 5}\n")
	p := start(t, "serve", "--config", file, "--data", dir, "--listen", "127.0.0.1:0", "--metrics-listen", "")
	if _, err := p.out.ReadString('\n'); err != nil {
		t.Fatalf("%v\n%s", err, p.errs)
	}
	write("login: {suspect_burst: 6}\n")
	deadline := time.Now().Add(30 * time.Second)
	for !strings.Contains(run(t, "audit", "list", "--data", dir, "-o", "json"), `"keys": "login.suspect_burst"`) {
		if time.Now().After(deadline) {
			t.Fatal("the server did not take up what its file says")
		}
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	p.stop()
}

// TestDemo pastes what the demo prints into a shell, and gets tokens three times;
// a second run with the same data prints the same.
func TestDemo(t *testing.T) {
	for _, tool := range []string{"curl", "sed", "base64", "sh"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing", tool)
		}
	}
	dir := filepath.Join(t.TempDir(), "demo")
	p := start(t, "demo", "--data", dir, "--listen", "127.0.0.1:0")
	text := p.until("Stop with Ctrl-C.")
	var script []string
	pasting := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "CODE=") {
			pasting = true
		}
		if strings.TrimSpace(line) == "" {
			pasting = false
		}
		if pasting {
			script = append(script, line)
		}
	}
	out, err := exec.Command("sh", "-c", strings.Join(script, "")).Output()
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(out), `"refresh_token":`); n != 3 {
		t.Errorf("%d of 3 logins gave tokens:\n%s", n, out)
	}
	p.stop()

	p = start(t, "demo", "--data", dir, "--listen", "127.0.0.1:0", "-o", "json")
	var d demo
	if err := json.Unmarshal([]byte(p.until("}")), &d); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, d.Secret) || !strings.Contains(text, d.Password) {
		t.Error("the second run has other secrets than the first")
	}
	p.stop()
}

// until reads lines up to one that is last.
func (p *process) until(last string) string {
	p.t.Helper()
	var b strings.Builder
	for {
		line, err := p.out.ReadString('\n')
		if err != nil {
			p.t.Fatalf("%v\n%s%s", err, b.String(), p.errs)
		}
		b.WriteString(line)
		if strings.TrimSpace(line) == last {
			return b.String()
		}
	}
}
