package bench

import (
	"fmt"
	"strings"
)

func floorTable(b *strings.Builder) {
	b.WriteString("\n## The floor\n\n| Primitive | What the handler does | CPU-µs |\n|---|---|--:|\n")
	for _, p := range primitives() {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", p.name, p.what, micros(results.floor[p.name]))
	}
	fmt.Fprintf(b, "\nBelow, S = `es256` − `json` (a signature), W = `%s` − `json` (a durable write), V = `verify-es256` − `json`.\n", durable())
}

func operationTable(b *strings.Builder) {
	b.WriteString(`
## Operations

| Operation | CPU-µs | Floor | CPU-µs of the floor | Ratio | Target | Durable changes | Commits | Allocations | A second | p99, ms |
|---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|
`)
	for _, o := range operations {
		f := results.operation[o.name]
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | ≤ %g | %s | %s | %.0f | %.0f | %.1f |\n", o.title, micros(f.cpu), o.least, micros(f.floor),
			verdict(f.ratio, o.target), o.target, count(f.changes), count(f.commits), f.mallocs, f.rate, float64(f.p99.Microseconds())/1000)
	}
	b.WriteString(`
Changes and commits are counted at the store, for each operation. A change is all that an operation writes, in one
transaction; changes that wait at the same time share a commit, so under load there are fewer commits than changes.
`)
}

func missed(b *strings.Builder) {
	b.WriteString("\n## Targets that are missed\n\n")
	none := true
	miss := func(what string, is, target float64, why string) {
		if is > target {
			none = false
			fmt.Fprintf(b, "- **%s**: %s, target %g. %s\n", what, ratioText(is), target, why)
		}
	}
	for _, o := range operations {
		miss(o.title, results.operation[o.name].ratio, o.target, o.beyond)
	}
	f, s := results.footprint, results.starvation
	miss("size of the binary, MB", f.binary, mostBinary, "Symbols and debug information are in it; `-ldflags=-s` leaves them out.")
	miss("idle memory, MB", f.idle, mostIdle, "")
	miss("start to the first 200, ms", f.first, mostFirst, "")
	miss("p99 of a refresh while the password pool is full, times the idle one", s.full99/s.idle99, mostStarvation,
		"Hashes run on threads of low priority, and Go has a processor more for each; what is left is the kernel's share for them.")
	if none {
		b.WriteString("None.\n")
	}
}

func footprintTable(b *strings.Builder) {
	f, s := results.footprint, results.starvation
	fmt.Fprintf(b, `
## Footprint

| | | Target |
|---|--:|--:|
| Binary, MB | %.1f | ≤ %g |
| Start to the first 200 on an existing directory, ms | %.0f | ≤ %g |
| Resident memory when idle, MB | %.1f | ≤ %g |
| Resident memory after all of the above, logins included, MB | %.0f | |

## While passwords are checked

A refresh, from 4 connections, while nobody signs in and while %d clients sign in without a pause.

| | p50, ms | p99, ms |
|---|--:|--:|
| Password pool idle | %.2f | %.2f |
| Password pool full | %.2f | %.2f |
| Ratio | %.1f | %s, target ≤ %g |
`, f.binary, mostBinary, f.first, mostFirst, f.idle, mostIdle, results.loadedRSS, logins,
		s.idle50, s.idle99, s.full50, s.full99, s.full50/s.idle50, verdict(s.full99/s.idle99, mostStarvation), mostStarvation)
}

func limits(b *strings.Builder) {
	b.WriteString(`
## What is not measured

TLS, and several servers at once.
`)
}

func micros(us float64) string {
	if us < 100 {
		return fmt.Sprintf("%.1f", us)
	}
	return fmt.Sprintf("%.0f", us)
}

// ratioText has the digits that a target has: 1.03 wants three.
func ratioText(r float64) string {
	if r < 1.2 {
		return fmt.Sprintf("%.3f", r)
	}
	return fmt.Sprintf("%.2f", r)
}

// verdict is a ratio, marked if it misses its target.
func verdict(ratio, target float64) string {
	if ratio > target {
		return "**" + ratioText(ratio) + "**"
	}
	return ratioText(ratio)
}

func count(n float64) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%.2f", n)
}
