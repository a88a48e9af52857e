package seal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"countersign/internal/evidence"
	"countersign/internal/jose"
)

// ErrFile says that a file is no transcript.
var ErrFile = errors.New("this is no transcript of a proof")

// mostLine bounds a line, and mostLines the lines of a file.
const (
	mostLine  = 16 << 20
	mostLines = 1 << 20
)

// File is a transcript file that was read.
type File struct {
	Transcripts []evidence.Transcript
	Signed      bool      // its signature is right and covers the list of lines
	SignedAt    time.Time // by the clock of the one who signed
	Faults      []string  // what is not as it was signed; none: nothing was touched
}

// Sound says that the file is signed and untouched.
func (f *File) Sound() bool { return f.Signed && len(f.Faults) == 0 }

// Read reads a file and holds every line against its seal. keys are the review
// keys that are trusted. What was changed, dropped, added or moved is named in
// Faults; an error means that the file could not be read as a transcript.
func Read(r io.Reader, keys jose.Keys) (*File, error) {
	lines, seal, err := readLines(r)
	if err != nil {
		return nil, err
	}
	f := &File{}
	if err := f.assemble(lines); err != nil {
		return nil, err
	}
	if seal == nil {
		f.Faults = append(f.Faults, "the last line, which seals the file, is missing")
		return f, nil
	}
	f.Faults = append(f.Faults, f.signature(seal, keys)...)
	f.Faults = append(f.Faults, compareLines(seal.Lines, lines)...)
	return f, nil
}

// got is a line that was read.
type got struct {
	line
	number int
	digest string
}

func readLines(r io.Reader) ([]got, *Seal, error) {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), mostLine)
	var lines []got
	var seal *Seal
	for n := 1; s.Scan(); n++ {
		if n > mostLines {
			return nil, nil, fmt.Errorf("%w: it has more than %d lines", ErrFile, mostLines)
		}
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			return nil, nil, fmt.Errorf("%w: line %d: %w", ErrFile, n, err)
		}
		if l.Seal != nil {
			seal = l.Seal
			continue
		}
		lines = append(lines, got{l, n, digest(s.Bytes())})
	}
	if err := s.Err(); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	if len(lines) == 0 {
		return nil, nil, fmt.Errorf("%w: it is empty", ErrFile)
	}
	return lines, seal, nil
}

// assemble puts cases and messages where they belong. One without what it belongs
// to is left out: the seal names what is missing.
func (f *File) assemble(lines []got) error {
	var t *evidence.Transcript
	for _, l := range lines {
		switch {
		case l.Transcript != nil:
			if l.Transcript.Schema != evidence.Schema {
				return fmt.Errorf("%w: line %d has schema %q; this version reads %s", ErrFile, l.number, l.Transcript.Schema, evidence.Schema)
			}
			f.Transcripts = append(f.Transcripts, *l.Transcript)
			t = &f.Transcripts[len(f.Transcripts)-1]
			t.Cases = nil
		case l.Case != nil && t != nil:
			t.Cases = append(t.Cases, *l.Case)
		case l.Exchange != nil && t != nil && len(t.Cases) > 0:
			c := &t.Cases[len(t.Cases)-1]
			c.Exchanges = append(c.Exchanges, *l.Exchange)
		case l.Case == nil && l.Exchange == nil:
			return fmt.Errorf("%w: line %d is neither transcript, case, exchange nor seal", ErrFile, l.number)
		}
	}
	if t == nil {
		return fmt.Errorf("%w: its first line, which names the probe, is missing", ErrFile)
	}
	return nil
}

// signature checks that the seal is signed by a trusted key and that the
// signature covers the list.
func (f *File) signature(seal *Seal, keys jose.Keys) []string {
	if seal.Signature == "" {
		return []string{"the file is not signed: nobody vouches for it"}
	}
	text, err := jose.VerifyOwn(seal.Signature, typ, keys)
	if err != nil {
		return []string{"the signature is not by a review key that is known here, or was changed (" + err.Error() + ")"}
	}
	var c claims
	if err := json.Unmarshal(text, &c); err != nil || c.Schema != evidence.Schema {
		return []string{"the signature is over something else than a transcript of this version"}
	}
	list, err := encode(seal.Lines)
	if err != nil || digest(list) != c.SHA256 || len(seal.Lines) != c.Lines {
		return []string{"the list of lines in the seal was changed after it was signed"}
	}
	f.Signed, f.SignedAt = true, time.Unix(c.Issued, 0).UTC()
	return nil
}

// compareLines names what differs between the lines as sealed and as found: a
// line that is there too few times is missing, one too many was added, one
// against the other is a change, and what stands elsewhere was moved.
func compareLines(sealed []Sealed, lines []got) []string {
	c := lineComparison{lacking: map[string]int{}, surplus: map[string]int{}}
	for _, s := range sealed {
		c.lacking[s.SHA256]++
		c.surplus[s.SHA256]--
	}
	for _, l := range lines {
		c.lacking[l.digest]--
		c.surplus[l.digest]++
	}
	for len(sealed) > 0 || len(lines) > 0 {
		a, b := c.step(sealed, lines)
		sealed, lines = sealed[a:], lines[b:]
	}
	return c.faults
}

type lineComparison struct {
	lacking, surplus map[string]int // how often a digest is still wanted, or left over
	faults           []string
}

// step compares what comes first on both sides, and says how many lines of each
// are dealt with.
func (c *lineComparison) step(sealed []Sealed, lines []got) (int, int) {
	switch {
	case len(sealed) == 0:
		c.note("added: line %d", lines[0].number)
		return 0, 1
	case len(lines) == 0:
		c.note("missing: %s", sealed[0].Name)
		return 1, 0
	}
	s, l := sealed[0], lines[0]
	if s.SHA256 == l.digest {
		return 1, 1
	}
	gone, extra := c.lacking[s.SHA256] > 0, c.surplus[l.digest] > 0
	if gone {
		c.lacking[s.SHA256]--
	}
	if extra {
		c.surplus[l.digest]--
	}
	switch {
	case gone && extra:
		c.note("changed: %s (line %d)", s.Name, l.number)
	case gone:
		c.note("missing: %s", s.Name)
		return 1, 0
	case extra:
		c.note("added: line %d", l.number)
		return 0, 1
	default:
		c.note("moved: %s (line %d stands in its place)", s.Name, l.number)
	}
	return 1, 1
}

func (c *lineComparison) note(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}
