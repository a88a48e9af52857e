package clustertest

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"countersign/internal/cli"
)

// What scripts/test gives.
const (
	networkVariable = "TEST_CLUSTER"        // prefix of the namespaces; we run on host 4
	everyVariable   = "TEST_CLUSTER_ALL"    // not empty: every fault, not the most telling alone
	reportVariable  = "TEST_CLUSTER_REPORT" // the file that gets a line for each fault
	roleVariable    = "TEST_CLUSTER_ROLE"   // what a child is to be
)

const roleServer = "server"

// TestMain is also the main function of the servers: the test binary starts
// itself again, so that they are built from the same tree, and with the clock of a
// test build.
func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVariable); role {
	case "":
		os.Exit(m.Run())
	case roleServer:
		os.Exit(beServer(os.Args[1:]))
	default:
		fmt.Fprintf(os.Stderr, "%s=%s is no role\n", roleVariable, role)
		os.Exit(2)
	}
}

// beServer runs one countersign command. It ends when its input does, so that no
// server outlives the one who started it.
func beServer(args []string) int {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Signal(syscall.SIGKILL)
		}
	}()
	var environ []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "COUNTERSIGN_") { // nobody's settings but ours
			environ = append(environ, e)
		}
	}
	return cli.Main(args, strings.NewReader(""), os.Stdout, os.Stderr, environ)
}
