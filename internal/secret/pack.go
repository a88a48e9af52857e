package secret

import (
	"encoding/binary"
	"errors"
)

// Packer writes the fields of a handle's content one after the other: numbers
// as varints, texts with their length in front. What is written is a function
// of the fields alone, so that equal grants seal to equal handles.
type Packer struct{ b []byte }

// Number appends a number.
func (p *Packer) Number(n int64) *Packer {
	p.b = binary.AppendVarint(p.b, n)
	return p
}

// Text appends a text.
func (p *Packer) Text(s string) *Packer {
	p.b = binary.AppendUvarint(p.b, uint64(len(s)))
	p.b = append(p.b, s...)
	return p
}

// Bytes appends bytes.
func (p *Packer) Bytes(s []byte) *Packer {
	p.b = binary.AppendUvarint(p.b, uint64(len(s)))
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
	b   []byte
	bad bool
}

// Unpack starts reading a content.
func Unpack(content []byte) *Unpacker { return &Unpacker{b: content} }

// Number reads a number.
func (u *Unpacker) Number() int64 {
	n, l := binary.Varint(u.b)
	if l <= 0 {
		u.bad, u.b = true, nil
		return 0
	}
	u.b = u.b[l:]
	return n
}

// Text reads a text.
func (u *Unpacker) Text() string { return string(u.Bytes()) }

// Bytes reads bytes; the slice is the content's own.
func (u *Unpacker) Bytes() []byte {
	n, l := binary.Uvarint(u.b)
	if l <= 0 || n > uint64(len(u.b)-l) {
		u.bad, u.b = true, nil
		return nil
	}
	out := u.b[l : l+int(n)] //nolint:gosec // bounded by len above
	u.b = u.b[l+int(n):]     //nolint:gosec // bounded by len above
	return out
}

// Done says whether all fields were there and nothing is left. Errors: ErrPack.
func (u *Unpacker) Done() error {
	if u.bad || len(u.b) != 0 {
		return ErrPack
	}
	return nil
}
