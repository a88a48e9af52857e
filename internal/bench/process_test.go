package bench

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is a server in a process of its own.
type process struct {
	cmd  *exec.Cmd
	in   io.Closer // closing it ends a child
	url  string
	log  string // the file that its stderr goes to
	gone chan struct{}
}

// startRole starts this test binary again in a role, on the core for servers,
// and waits until it says where it listens. It stops with the test.
func startRole(t testing.TB, role string, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	environ := []string{roleVariable + "=" + role}
	if *profileTo != "" {
		environ = append(environ, profileVariable+"="+profileSocket(t, role))
	}
	return start(t, environ, self, args...)
}

// start starts a program that prints "listening on URL" when it does.
func start(t testing.TB, environ []string, program string, args ...string) *process {
	t.Helper()
	if *serverCore != "" {
		program, args = "taskset", append([]string{"-c", *serverCore, program}, args...)
	} else {
		environ = append(environ, "GOMAXPROCS=1") // what one core gives it
	}
	p := &process{cmd: exec.Command(program, args...), log: filepath.Join(t.TempDir(), "log"), gone: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), environ...)
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p.cmd.Stderr = log
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	go func() { _ = p.cmd.Wait(); close(p.gone) }()
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if !ok {
		said, _ := os.ReadFile(p.log)
		t.Fatalf("%s did not start: %q, %v\n%s", program, line, err, said)
	}
	p.url = url
	return p
}

// stop ends the process in good order, or otherwise. It may be called twice.
func (p *process) stop() {
	_ = p.in.Close()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.gone:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.gone
	}
}

// errNoAccounts says that the system does not tell what a process used.
var errNoAccounts = errors.New("this system does not tell the processor time of other processes: /proc/PID/schedstat is needed")

// cpu is the processor time of the process so far, all threads together, to the
// nanosecond. Threads of a Go program do not end, so none is missed.
func (p *process) cpu() (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	if err != nil || len(files) == 0 {
		return 0, errNoAccounts
	}
	var sum int64
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		first, _, _ := strings.Cut(string(text), " ")
		n, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return time.Duration(sum), nil
}

// rss is the memory of the process that is resident, in MB of 2^20 bytes.
func (p *process) rss() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, errNoAccounts
	}
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(v)[0], 64)
			return kb / 1024, err
		}
	}
	return 0, errNoAccounts
}
