package bench

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"syscall"

	"countersign/internal/cli"
)

// Roles of a child.
const (
	roleServer = "server"
	roleFloor  = "floor"
)

// profileVariable names a Unix socket on which a child gives its profiles.
const profileVariable = "COUNTERSIGN_BENCH_PROFILE_SOCKET"

// beChild is the main function of a child. It ends when its input does, so that
// no child outlives the one who started it.
func beChild(role string, args []string) int {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Signal(syscall.SIGTERM)
		}
	}()
	if path := os.Getenv(profileVariable); path != "" {
		if err := serveProfiles(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if role == roleFloor {
		return floorMain(args)
	}
	var environ []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "COUNTERSIGN_") { // the settings of whoever measures are not measured
			environ = append(environ, e)
		}
	}
	return cli.Main(args, strings.NewReader(""), os.Stdout, os.Stderr, environ)
}

// serveProfiles answers /start, and then /stop with the processor profile of the
// time between, and /allocs with everything allocated so far.
func serveProfiles(path string) error {
	runtime.MemProfileRate = 128 << 10
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	var cpu bytes.Buffer
	mux := http.NewServeMux()
	mux.HandleFunc("/start", func(w http.ResponseWriter, _ *http.Request) {
		cpu.Reset()
		if err := pprof.StartCPUProfile(&cpu); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("/stop", func(w http.ResponseWriter, _ *http.Request) {
		pprof.StopCPUProfile()
		_, _ = w.Write(cpu.Bytes())
	})
	mux.HandleFunc("/allocs", func(w http.ResponseWriter, _ *http.Request) {
		runtime.GC()
		_ = pprof.Lookup("allocs").WriteTo(w, 0)
	})
	go func() { _ = http.Serve(listener, mux) }()
	return nil
}
