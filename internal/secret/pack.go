package secret

import (
	"encoding/binary"
	"errors"
)

// Packer writes the fields of a handle's content one after the other: numbers
// as varints, texts with their length in front. What is written is a function
// of the fields alone, so that equal grants seal to equal handles.
type Packer struct{ b []byte }

// packed is the room that a content begins with: most fit.
const packed = 256

func (p *Packer) room() []byte {
	if p.b == nil {
		p.b = make([]byte, 0, packed)
	}
	return p.b
}

// Number appends a number.
func (p *Packer) Number(n int64) *Packer {
	p.b = binary.AppendVarint(p.room(), n)
	return p
}

// Text appends a text.
func (p *Packer) Text(s string) *Packer {
	p.b = binary.AppendUvarint(p.room(), uint64(len(s)))
	p.b = append(p.b, s...)
	return p
}

// Bytes appends bytes.
func (p *Packer) Bytes(s []byte) *Packer {
	p.b = binary.AppendUvarint(p.room(), uint64(len(s)))
	p.b = append(p.b, s...)
	return p
}

// Content returns what was written.
func (p *Packer) Content() []byte { return p.b }

// ErrPack says that a content does not have the fields that were read.
var ErrPack = errors.New("handle content does not have the expected fields")

// Unpacker reads what Packer wrote. After the first fault every read gives the
// zero value; Done tells.
type Unpacker struct {
	b    []byte
	text string // the same, so that all texts of a content share one copy
	bad  bool
}

// Unpack starts reading a content.
func Unpack(content []byte) *Unpacker { return &Unpacker{b: content, text: string(content)} }

// Number reads a number.
func (u *Unpacker) Number() int64 {
	n, l := binary.Varint(u.b)
	if l <= 0 {
		u.fail()
		return 0
	}
	u.pass(l)
	return n
}

// Text reads a text.
func (u *Unpacker) Text() string {
	n := u.length()
	out := u.text[:n]
	u.pass(n)
	return out
}

// Bytes reads bytes; the slice is the content's own.
func (u *Unpacker) Bytes() []byte {
	n := u.length()
	out := u.b[:n]
	u.pass(n)
	return out
}

// length reads the length in front of a text; it never leads beyond the end.
func (u *Unpacker) length() int {
	n, l := binary.Uvarint(u.b)
	if l <= 0 || n > uint64(len(u.b)) || int(n) > len(u.b)-l { //nolint:gosec // n is at most a length
		u.fail()
		return 0
	}
	u.pass(l)
	return int(n) //nolint:gosec // bounded by len above
}

func (u *Unpacker) pass(n int) { u.b, u.text = u.b[n:], u.text[n:] }

func (u *Unpacker) fail() { u.b, u.text, u.bad = nil, "", true }

// Done says whether all fields were there and nothing is left. Errors: ErrPack.
func (u *Unpacker) Done() error {
	if u.bad || len(u.b) != 0 {
		return ErrPack
	}
	return nil
}
