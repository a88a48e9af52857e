package bench

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// Flags of this package's benchmarks; scripts/bench gives them.
var (
	reportTo    = flag.String("bench.report", "", "write the results to this Markdown `file`")
	revision    = flag.String("bench.revision", "unknown", "the `commit` that is measured, for the report")
	serverCore  = flag.String("bench.core", "", "processor `core` for the servers, by taskset; empty: any")
	databaseURL = flag.String("bench.database", "", "measure on this PostgreSQL `URL`, in databases of its own, instead of the embedded database")
	users       = flag.Int("bench.users", 0, "measure beside a database with so many people")
	families    = flag.Int("bench.families", 0, "and so many refresh families")
	profileTo   = flag.String("bench.profile", "", "after measuring, profile each operation into this `directory`")
)

// roleVariable says in a child's environment what the child is to be.
const roleVariable = "COUNTERSIGN_BENCH_ROLE"

// TestMain is also the main function of the children: the test binary starts
// itself again as the server or as the floor.
func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVariable); role {
	case "":
		flag.Parse()
		code := m.Run()
		if err := writeReport(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		os.Exit(code)
	case roleServer, roleFloor:
		os.Exit(beChild(role, os.Args[1:]))
	default:
		fmt.Fprintf(os.Stderr, "%s=%s is no role\n", roleVariable, role)
		os.Exit(2)
	}
}
