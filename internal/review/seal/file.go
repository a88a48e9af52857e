// Package seal owns the file that a proof leaves behind: transcripts, one message
// a line, under a signature that names whatever is changed later; and the
// comparison of a transcript with a second run. What a transcript is belongs to
// package evidence.
package seal

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

	"countersign/internal/evidence"
	"countersign/internal/jose"
)

// A file is one JSON object a line. A transcript is a line "transcript", followed
// by a line "case" for each case and, after it, a line "exchange" for each message
// and its answer. The last line of the file, "seal", lists the SHA-256 of every
// line before it, and signs the list.

// typ is the type in the header of the signature, so that nothing else this key
// might sign is ever taken for a seal.
const typ = "countersign-transcript+jwt"

// line is one line of the file: exactly one member is set.
type line struct {
	Transcript *evidence.Transcript `json:"transcript,omitempty"`
	Case       *evidence.Case       `json:"case,omitempty"`
	Exchange   *evidence.Exchange   `json:"exchange,omitempty"`
	Seal       *Seal                `json:"seal,omitempty"`
}

// Seal is the last line.
type Seal struct {
	Lines     []Sealed `json:"lines"`
	Signature string   `json:"signature,omitempty"` // compact JWS of the digest of the list; none: nobody vouches
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
func Write(w io.Writer, all []evidence.Transcript, signer *jose.Signer, now time.Time) error {
	out := &writer{to: bufio.NewWriter(w)}
	for _, t := range all {
		cases := t.Cases
		t.Schema, t.Cases = evidence.Schema, nil
		subject := nameOf(t.Probe, t.Subject)
		out.line(line{Transcript: &t}, subject)
		for _, c := range cases {
			exchanges := c.Exchanges
			c.Exchanges = nil
			name := subject + ", " + caseName(c)
			out.line(line{Case: &c}, name)
			for i, e := range exchanges {
				out.line(line{Exchange: &e}, fmt.Sprintf("%s, message %d: %s", name, i+1, withoutQuery(e.Request.Line)))
			}
		}
	}
	if signer != nil && out.err == nil {
		if err := out.sign(signer, now); err != nil {
			return fmt.Errorf("seal transcript: %w", err)
		}
	}
	out.line(line{Seal: &out.seal}, "")
	return errors.Join(out.err, out.to.Flush())
}

func nameOf(probe, subject string) string {
	if subject == "" {
		return probe + " of the server"
	}
	return probe + " of " + subject
}

func caseName(c evidence.Case) string {
	if c.Door == "" {
		return fmt.Sprintf("case %d", c.Number)
	}
	return fmt.Sprintf("case %d (%s)", c.Number, c.Door)
}

func withoutQuery(line string) string {
	path, _, _ := strings.Cut(line, "?")
	return path
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
	text, err := encode(claims{evidence.Schema, len(w.seal.Lines), digest(list), now.Unix()})
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
