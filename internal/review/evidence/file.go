package evidence

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"countersign/internal/jose"
)

// Schema is the version of the file: one JSON object a line. A transcript is a
// line "transcript", followed by a line "case" for each case and, after it, a line
// "step" for each message and its answer. The last line of the file, "seal",
// lists the SHA-256 of every line before it, and signs the list.
const Schema = "countersign-transcript-1"

// typ is the type in the header of the signature, so that nothing else this key
// might sign is ever taken for a seal.
const typ = "countersign-transcript+jwt"

// line is one line of the file: exactly one member is set.
type line struct {
	Transcript *head `json:"transcript,omitempty"`
	Case       *Case `json:"case,omitempty"`
	Step       *Step `json:"step,omitempty"`
	Seal       *Seal `json:"seal,omitempty"`
}

// head is a transcript as its own line: the cases follow.
type head struct {
	Schema string `json:"schema"`
	Transcript
}

// Seal is the last line.
type Seal struct {
	Lines     []Sealed `json:"lines"`
	Signature string   `json:"signature,omitempty"` // compact JWS of [claims]; none: nobody vouches
}

// Sealed names a line and its digest.
type Sealed struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of the line's bytes, without its end
}

// claims are what the signature covers.
type claims struct {
	Schema string `json:"schema"`
	Lines  int    `json:"lines"`
	SHA256 string `json:"sha256"` // of the JSON of Seal.Lines, as Write writes it
	Issued int64  `json:"iat"`
}

// Write writes transcripts as one file, signed by the review key; without a
// signer the file is unsigned, and says so by having no signature.
func Write(w io.Writer, all []Transcript, signer *jose.Signer, now time.Time) error {
	out := &writer{to: bufio.NewWriter(w)}
	for _, t := range all {
		cases := t.Cases
		t.Cases = nil
		subject := nameOf(t)
		out.line(line{Transcript: &head{Schema, t}}, subject)
		for _, c := range cases {
			steps := c.Steps
			c.Steps = nil
			out.line(line{Case: &c}, caseName(subject, c))
			for i, s := range steps {
				out.line(line{Step: &s}, stepName(subject, c.Number, i, s))
			}
		}
	}
	if signer != nil {
		if err := out.sign(signer, now); err != nil {
			return fmt.Errorf("seal transcript: %w", err)
		}
	}
	out.line(line{Seal: &out.seal}, "")
	return errors.Join(out.err, out.to.Flush())
}

func nameOf(t Transcript) string {
	if t.App == "" {
		return t.Probe + " of the server"
	}
	return t.Probe + " of " + t.App
}

func caseName(subject string, c Case) string { return fmt.Sprintf("%s, case %d", subject, c.Number) }

func stepName(subject string, number, i int, s Step) string {
	path, _, _ := strings.Cut(s.Request.URL, "?")
	return fmt.Sprintf("%s, case %d, message %d: %s %s", subject, number, i+1, s.Request.Method, path)
}

type writer struct {
	to   *bufio.Writer
	seal Seal
	err  error
}

// line writes one line and notes its digest.
func (w *writer) line(l line, name string) {
	text, err := encode(l)
	if err != nil || w.err != nil {
		w.err = errors.Join(w.err, err)
		return
	}
	w.seal.Lines = append(w.seal.Lines, Sealed{name, digest(text)})
	_, w.err = w.to.Write(append(text, '\n'))
}

func (w *writer) sign(signer *jose.Signer, now time.Time) error {
	list, err := encode(w.seal.Lines)
	if err != nil {
		return err
	}
	text, err := encode(claims{Schema, len(w.seal.Lines), digest(list), now.Unix()})
	if err != nil {
		return err
	}
	w.seal.Signature, err = signer.Sign(typ, text)
	return err
}

// encode is the one spelling of a value.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
