package bench

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// figures are the medians of one operation.
type figures struct {
	sample
	ratio float64
	price price // of the database, where it tells
}

// footprint is what the program takes without doing anything.
type footprint struct {
	binary float64 // MB of 10^6 bytes
	first  float64 // milliseconds from the start to the first 200
	idle   float64 // resident MB of 2^20 bytes
}

// starvation is how long a refresh takes, in milliseconds, with the password
// pool idle and full.
type starvation struct {
	idle50, idle99, full50, full99 float64
}

// results are what the benchmarks found, for the report.
var results = struct {
	rounds     int
	floor      map[string]float64
	operation  map[string]figures
	loadedRSS  float64
	footprint  footprint
	starvation starvation
	scaled     []scaled
	emptied    emptied
}{floor: map[string]float64{}, operation: map[string]figures{}}

// Targets of what is no operation.
const (
	mostBinary     = 30.0  // MB
	mostIdle       = 30.0  // MB
	mostFirst      = 100.0 // milliseconds
	mostStarvation = 3.0   // times the idle p99
)

// writeReport writes the document, if one was asked for.
func writeReport() error {
	if *reportTo == "" {
		return nil
	}
	if *families > 0 {
		var err error
		if len(results.scaled) == len(scaledOperations)+1 {
			err = replacePart(*reportTo, "scale-"+engineName(), scalePage())
		}
		if err == nil && results.emptied.rows > 0 {
			err = replacePart(*reportTo, "ring-"+engineName(), ringPage())
		}
		return err
	}
	if len(results.floor) < len(primitives()) || len(results.operation) < len(operations) ||
		results.footprint == (footprint{}) || results.starvation == (starvation{}) {
		return fmt.Errorf("%s is not written: not every benchmark ran", *reportTo)
	}
	if *databaseURL != "" {
		return replacePart(*reportTo, "postgres", postgresPage())
	}
	return replacePart(*reportTo, "embedded", page())
}

func page() string {
	var b strings.Builder
	for _, part := range []func(*strings.Builder){
		introduction, conditions, floorTable, operationTable, missed, footprintTable, limits,
	} {
		part(&b)
	}
	return b.String()
}

func introduction(b *strings.Builder) {
	b.WriteString(`# Benchmarks

Written by ` + "`./scripts/bench`" + `, which measures and then writes this page; change it there (` + "`internal/bench`" + `).

Machines are noisy, so the figure to compare is the **processor time of the server** for one operation, as the kernel
accounts for it, user and system together. It is read beside a **floor** measured in the same round on the same core: a
bare net/http server with one handler for each primitive that the operation cannot do without. The ratio of the two is
what a change to the code makes better or worse; throughput and percentiles depend on the machine and are shown only.
Every figure is the median of the rounds; a ratio is the median of the rounds' ratios. Nothing here is asserted by a test.
`)
}

func conditions(b *strings.Builder) {
	pinned := "not pinned; one core's worth of Go threads each"
	if *serverCore != "" {
		pinned = "server and floor on one core, load generator on another"
	}
	b.WriteString("\n## Conditions\n\n| | |\n|---|---|\n")
	for _, row := range [][2]string{
		{"Machine", fmt.Sprintf("%s, %s cores; Linux %s", field("/proc/cpuinfo", "model name"), cores(), field("/proc/sys/kernel/osrelease", ""))},
		{"Shared with others", "load average " + field("/proc/loadavg", "") + " at the end (1, 5, 15 minutes; the benchmark itself is about 2 of it)"},
		{"Go", runtime.Version()},
		{"Date, commit", time.Now().UTC().Format(time.DateOnly) + ", " + *revision},
		{"Load", fmt.Sprintf("%d connections kept open, each with one request under way, on loopback", connections)},
		{"Placement", pinned},
		{"Rounds", fmt.Sprint(max(results.rounds, 1))},
		{"Server", "its defaults: " + storage() + ", one log line for each request into a file, metrics on; plain HTTP"},
	} {
		fmt.Fprintf(b, "| %s | %s |\n", row[0], row[1])
	}
}

func storage() string {
	if *databaseURL != "" {
		return "PostgreSQL on the same machine, `synchronous_commit=on`, no standby"
	}
	return "embedded database with `synchronous=FULL`"
}

// cores counts those of the machine, whatever this process may use of them.
func cores() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if n := strings.Count(string(text), "\nprocessor\t"); err == nil && n > 0 {
		return fmt.Sprint(n + 1) // the first line has no line before it
	}
	return fmt.Sprint(runtime.NumCPU())
}

// field reads a value out of a file of the kernel; without a name, the first
// three words of the file.
func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	if name == "" {
		words := strings.Fields(string(text))
		return strings.Join(words[:min(3, len(words))], " ")
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
