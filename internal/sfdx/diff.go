package sfdx

import (
	"fmt"
	"regexp"
	"strings"
)

// secretLine matches a line that carries a secret in a tag.
var secretLine = regexp.MustCompile(`(<(?:consumerSecret|recaptchaSecretKey)[^>]*>)[^<]*`)

const (
	contextLines = 3
	hidden       = "(hidden)"
)

// Unified returns the change as a unified diff, for people and for
// git apply --unidiff-zero. A committed secret never shows: a hunk has less context
// rather than a line with a secret, which is why the option is needed, and where a
// changed line holds one, its value reads (hidden), so that such a diff is for
// reading only and After is what counts.
func (d FileDiff) Unified() string {
	from, to := "a/"+d.Path, "b/"+d.Path
	if strings.ContainsAny(d.Path, " \t") {
		from, to = from+"\t", to+"\t"
	}
	if d.Created {
		from = "/dev/null"
	}
	script := compare(splitKeep(string(d.Before)), splitKeep(string(d.After)))
	var s strings.Builder
	for _, h := range hunks(script) {
		if s.Len() == 0 {
			fmt.Fprintf(&s, "--- %s\n+++ %s\n", from, to)
		}
		h.write(&s, script)
	}
	return s.String()
}

// String is Unified, so that a diff that is printed shows no secret either.
func (d FileDiff) String() string { return d.Unified() }

// splitKeep splits into lines that keep their line ends.
func splitKeep(s string) []string {
	var out []string
	for line := range strings.Lines(s) {
		out = append(out, line)
	}
	return out
}

// step is one line of an edit script.
type step struct {
	op   byte // ' ', '-' or '+'
	line string
	a, b int // lines before it on either side
}

// compare finds a short edit script: equal lines at both ends are kept, and what is
// between goes through the longest common subsequence.
func compare(a, b []string) []step {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var out []step
	for i := range head {
		out = append(out, step{' ', a[i], i, i})
	}
	out = append(out, middle(a[head:len(a)-tail], b[head:len(b)-tail], head)...)
	for i := range tail {
		x, y := len(a)-tail+i, len(b)-tail+i
		out = append(out, step{' ', a[x], x, y})
	}
	return out
}

// mostCells bounds the table of middle; beyond it the lines are shown as replaced.
const mostCells = 4_000_000

func middle(a, b []string, offset int) []step {
	var out []step
	i, j := 0, 0
	if len(a)*len(b) <= mostCells {
		common := commonLengths(a, b)
		for i < len(a) && j < len(b) {
			switch {
			case a[i] == b[j]:
				out = append(out, step{' ', a[i], offset + i, offset + j})
				i, j = i+1, j+1
			case common[i+1][j] >= common[i][j+1]:
				out = append(out, step{'-', a[i], offset + i, offset + j})
				i++
			default:
				out = append(out, step{'+', b[j], offset + i, offset + j})
				j++
			}
		}
	}
	for ; i < len(a); i++ {
		out = append(out, step{'-', a[i], offset + i, offset + j})
	}
	for ; j < len(b); j++ {
		out = append(out, step{'+', b[j], offset + i, offset + j})
	}
	return out
}

// commonLengths tells for each pair of positions how many lines the rests share.
func commonLengths(a, b []string) [][]int {
	out := make([][]int, len(a)+1)
	for i := range out {
		out[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				out[i][j] = out[i+1][j+1] + 1
			} else {
				out[i][j] = max(out[i+1][j], out[i][j+1])
			}
		}
	}
	return out
}

// hunk is a run of steps shown together.
type hunk struct{ from, to int }

// hunks groups the changed steps with their context. A line with a secret is never
// context.
func hunks(script []step) []hunk {
	var out []hunk
	for i, s := range script {
		if s.op == ' ' {
			continue
		}
		from, to := i, i+1
		for from > 0 && i-from < contextLines && isContext(script[from-1]) {
			from--
		}
		for to < len(script) && to-i <= contextLines && isContext(script[to]) {
			to++
		}
		if n := len(out); n > 0 && out[n-1].to >= from {
			out[n-1].to = to
			continue
		}
		out = append(out, hunk{from, to})
	}
	return out
}

func isContext(s step) bool { return s.op != ' ' || !secretLine.MatchString(s.line) }

func (h hunk) write(s *strings.Builder, script []step) {
	var body strings.Builder
	first := script[h.from]
	old, added := 0, 0
	for _, st := range script[h.from:h.to] {
		if st.op != '+' {
			old++
		}
		if st.op != '-' {
			added++
		}
		body.WriteByte(st.op)
		body.WriteString(secretLine.ReplaceAllString(st.line, "${1}"+hidden))
		if !strings.HasSuffix(st.line, "\n") {
			body.WriteString("\n\\ No newline at end of file\n")
		}
	}
	fmt.Fprintf(s, "@@ -%s +%s @@\n", lineRange(first.a, old), lineRange(first.b, added))
	s.WriteString(body.String())
}

// lineRange writes start,count; an empty range starts at the line before.
func lineRange(before, count int) string {
	if count == 0 {
		return fmt.Sprintf("%d,0", before)
	}
	return fmt.Sprintf("%d,%d", before+1, count)
}
