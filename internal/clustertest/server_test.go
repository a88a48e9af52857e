package clustertest

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// server is one countersign process. It keeps its address when it is started
// again.
type server struct {
	name    string
	url     string
	args    []string
	environ []string
	log     string
	cmd     *exec.Cmd
	in      interface{ Close() error }
	gone    chan struct{}
}

func newServer(t *testing.T, name string, environ []string, args ...string) *server {
	return &server{
		name: name, environ: environ, log: filepath.Join(t.TempDir(), name+".log"),
		args: append([]string{"serve", "--metrics-listen", "", "--log-level", "warn", "--set", "password.wait=30s"}, args...),
	}
}

// serve starts a server and waits until it listens. It ends with the test.
func serve(t *testing.T, name string, environ []string, args ...string) *server {
	t.Helper()
	s := newServer(t, name, environ, args...)
	if err := s.start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("the last words of server %s:\n%s", name, tail(s.log, 20))
		}
	})
	return s
}

func (s *server) start(address string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = exec.Command(self, append(s.args[:len(s.args):len(s.args)], "--listen", address)...)
	s.cmd.Env = append(append(os.Environ(), roleVariable+"="+roleServer), s.environ...)
	s.cmd.Stderr = log
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	s.gone = make(chan struct{})
	go func() { _ = s.cmd.Wait(); close(s.gone) }()
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if !ok {
		s.kill()
		return fmt.Errorf("server %s did not start:\n%s", s.name, tail(s.log, 20))
	}
	if s.url == "" { // one that comes again listens where it was, and clients read this
		s.url = url
	}
	return nil
}

// again starts a server that was killed, where it was.
func (s *server) again() error { return s.start(strings.TrimPrefix(s.url, "http://")) }

// kill ends the process at once, as a power cut would. It may be called twice.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.gone
	_ = s.in.Close()
}

// ready asks /readyz, and gives what it says when it says no.
func (s *server) ready() (bool, string) {
	client := http.Client{Timeout: 3 * time.Second}
	resp, err := client.Get(s.url + "/readyz")
	if err != nil {
		return false, err.Error()
	}
	defer resp.Body.Close()
	text, _ := bufio.NewReader(resp.Body).ReadString('\n')
	return resp.StatusCode == http.StatusOK, text
}

// tail gives the last lines of a file.
func tail(path string, n int) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// within asks until it is so, or fails the test with what it was told last.
func within(t *testing.T, limit time.Duration, what string, so func() (bool, string)) {
	t.Helper()
	var said string
	for began := time.Now(); time.Since(began) < limit; time.Sleep(100 * time.Millisecond) {
		var ok bool
		if ok, said = so(); ok {
			return
		}
	}
	t.Fatalf("not within %v: %s; last seen: %s", limit, what, said)
}
