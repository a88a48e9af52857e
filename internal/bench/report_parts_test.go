package bench

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// The page consists of parts, each written by a run of its own.
var partNames = []string{"embedded", "postgres", "scale-embedded", "ring-embedded", "scale-postgres", "ring-postgres"}

func partMark(name string) string { return "<!-- scripts/bench: " + name + " -->\n" }

func engineName() string {
	if *databaseURL != "" {
		return "postgres"
	}
	return "embedded"
}

// replacePart writes one part of the page, and leaves the others as they are.
func replacePart(file, name, text string) error {
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(file, []byte(withPart(string(old), name, text)), 0o644)
}

// withPart puts a part into its place. What stands before the first mark is the
// part "embedded".
func withPart(old, name, text string) string {
	parts := map[string]string{}
	current := partNames[0]
	for line := range strings.Lines(old) {
		mark := false
		for _, n := range partNames {
			if line == partMark(n) {
				current, mark = n, true
			}
		}
		if !mark {
			parts[current] += line
		}
	}
	parts[name] = text
	var b strings.Builder
	for i, n := range partNames {
		body := strings.Trim(parts[n], "\n")
		if body == "" {
			continue
		}
		if i > 0 {
			b.WriteString("\n" + partMark(n))
		}
		b.WriteString(body + "\n")
	}
	return b.String()
}

func TestParts(t *testing.T) {
	page := withPart("", "embedded", "one\n")
	page = withPart(page, "scale-postgres", "\nlast\n")
	page = withPart(page, "postgres", "two\n\nlines\n")
	page = withPart(page, "embedded", "first\n")
	want := "first\n\n" + partMark("postgres") + "two\n\nlines\n\n" + partMark("scale-postgres") + "last\n"
	if page != want {
		t.Errorf("the page is\n%s\nwant\n%s", page, want)
	}
}

// postgresPage is the part about operations on PostgreSQL.
func postgresPage() string {
	var b strings.Builder
	b.WriteString("# On PostgreSQL\n\nThe same operations with `--database`. W is one row with a commit of its own here (`pg`).\n")
	conditions(&b)
	floorTable(&b)
	b.WriteString(`
## Operations on PostgreSQL

| Operation | CPU-µs | Floor | CPU-µs of the floor | Ratio | Target | Database CPU-µs | Commits | Rows | WAL, bytes | A second | p99, ms |
|---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|
`)
	for _, o := range operations {
		f := results.operation[o.name]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | ≤ %g | %s | %s | %s | %.0f | %.0f | %.1f |\n", o.title, micros(f.cpu), o.least, micros(f.floor),
			verdict(f.ratio, o.target), o.target, micros(f.db), count(f.commits), count(f.price.rows), f.price.wal, f.rate, float64(f.p99.Microseconds())/1000)
	}
	b.WriteString(`
The database's processor time is that of all processes of its server, as the kernel accounts for it. Commits are counted
at the store. Rows (inserted, changed, deleted) and bytes of WAL are what PostgreSQL itself counts, less what an idle
server makes it write in the same time; right after a checkpoint, whole pages make the WAL larger.
`)
	return b.String()
}

// scalePage is the part about a full database.
func scalePage() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# With a crowd, on %s\n\nBeside an empty database: one with %s people and %s refresh families, loaded before.\n", engineTitle(), thousands(*users), thousands(*families))
	conditions(&b)
	b.WriteString(`
| Operation | CPU-µs, empty | CPU-µs, full | Ratio | Target | p99 empty, ms | p99 full, ms |
|---|--:|--:|--:|--:|--:|--:|
`)
	for _, r := range results.scaled {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | ≤ %g | %.1f | %.1f |\n", r.title, micros(r.empty.cpu+r.empty.db), micros(r.full.cpu+r.full.db),
			verdict(r.ratio, mostScaled), mostScaled, float64(r.empty.p99.Microseconds())/1000, float64(r.full.p99.Microseconds())/1000)
	}
	b.WriteString("\nProcessor time is that of the server and of its database together.\n")
	return b.String()
}

func engineTitle() string {
	if *databaseURL != "" {
		return "PostgreSQL"
	}
	return "the embedded database"
}

// ringPage is the part about a slot that passes.
func ringPage() string {
	var b strings.Builder
	e := results.emptied
	fmt.Fprintf(&b, "# A slot of the ring passes, on %s\n", engineTitle())
	conditions(&b)
	fmt.Fprintf(&b, `
%s spent values lie in one table of the ring, and its time is over: the whole table is emptied, while %d clients redeem
codes, straight at the store, some hundreds a second.

| Redeem | p50, ms | p99, ms | longest, ms |
|---|--:|--:|--:|
| the five seconds before | %.2f | %.2f | %.1f |
| from a second before the table was empty until a second after | | %.2f | %.1f |

The table was empty %.1f s after its time was over. The log grew by %.1f MB in those two seconds, and by %.1f MB in two quiet ones.
`, thousands(e.rows), redeemers, e.quiet50, e.quiet99, e.quietMost, e.during99, e.duringMost, e.took.Seconds(), e.wal, e.quietWAL)
	return b.String()
}

func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
