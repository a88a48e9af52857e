package salesforce_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// blanks are what a transcript leaves open. A name that was seen before must
// come again; requests repeat what answers said.
var blanks = map[string]string{
	"code":          `csc1_[A-Za-z0-9._-]+`,
	"access_token":  `00D000000000001![.\w]+`,
	"refresh_token": `csr1_[A-Za-z0-9._-]+`,
	"signature":     `[A-Za-z0-9+/]{43}=`,
	"jwt":           `[\w-]+\.[\w-]+\.[\w-]+`,
	"ms":            `\d{13}`,
}

var blank = regexp.MustCompile(`\{(` + "code|access_token|refresh_token|signature|jwt|ms" + `)\}`)

// pattern matches a line of a transcript, byte by byte but for its blanks.
func pattern(line string, known map[string]string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("^")
	rest := line
	for {
		at := blank.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		name := rest[at[2]:at[3]]
		b.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		if known[name] != "" {
			b.WriteString(regexp.QuoteMeta(known[name]))
		} else {
			b.WriteString("(?P<" + name + ">" + blanks[name] + ")")
		}
		rest = rest[at[1]:]
	}
	b.WriteString(regexp.QuoteMeta(rest) + "$")
	return regexp.MustCompile(b.String())
}

// block is a request or an answer: its first line, header fields and body.
type block struct {
	answer  bool
	first   string
	headers []string
	body    string
}

// parseTranscript reads lines that begin with > (request) or < (answer); the
// lines of a body are joined without a break.
func parseTranscript(text string) []block {
	var out []block
	var mark string
	inBody := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		rest, ok := strings.CutPrefix(line, "> ")
		m := ">"
		if !ok {
			rest, ok = strings.CutPrefix(line, "< ")
			m = "<"
		}
		switch {
		case line == ">" || line == "<":
			inBody = true
		case !ok:
			mark, inBody = "", false
		case mark != m:
			mark, inBody = m, false
			out = append(out, block{answer: m == "<", first: rest})
		case inBody:
			out[len(out)-1].body += rest
		default:
			out[len(out)-1].headers = append(out[len(out)-1].headers, rest)
		}
	}
	return out
}

func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	must(t, err)
	if len(files) < 3 {
		t.Fatal("no transcripts")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			must(t, err)
			s, known := newSite(t, base), map[string]string{}
			fill := func(text string) string {
				return blank.ReplaceAllStringFunc(text, func(b string) string { return known[b[1:len(b)-1]] })
			}
			var got reply
			for _, b := range parseTranscript(string(text)) {
				if !b.answer {
					method, target, _ := strings.Cut(fill(b.first), " ")
					for i := range b.headers {
						b.headers[i] = fill(b.headers[i])
					}
					got = s.send(t, method, target, fill(b.body), b.headers...)
					continue
				}
				b.check(t, got, known)
			}
		})
	}
}

func (b block) check(t *testing.T, got reply, known map[string]string) {
	t.Helper()
	if strconv.Itoa(got.status) != b.first {
		t.Fatalf("%d %v %s, want %s", got.status, got.header, got.body, b.first)
	}
	match := func(what, line, text string) {
		p := pattern(line, known)
		found := p.FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("%s\n got %q\nwant %q", what, text, line)
		}
		for i, name := range p.SubexpNames() {
			if name != "" && name != "ms" && name != "jwt" {
				known[name] = found[i]
			}
		}
	}
	for _, h := range b.headers {
		name, value, _ := strings.Cut(h, ": ")
		match(name, value, got.header.Get(name))
	}
	match("body", b.body, got.body)
}
