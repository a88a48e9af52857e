// Package secret owns randomness, time-ordered ids, keyed hashes, comparison in
// constant time and sealing (AEAD). With jose it is the only importer of
// crypto/rand. It knows what a handle is, not what a code or token means.
package secret

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

// Bytes returns n random bytes.
func Bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // documented never to fail: it crashes the process instead
	return b
}

// Text returns n random bytes as base64url without padding.
func Text(n int) string { return base64.RawURLEncoding.EncodeToString(Bytes(n)) }

// Equal compares in constant time. Slices of different length are unequal.
func Equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// ID is the id of a row: Unix milliseconds (6 bytes, big endian), then 10 random
// bytes. Ids are ordered by time so that rows are written in clustered order;
// they are no secrets.
type ID [16]byte

// NewID draws an id for the given time.
func NewID(now time.Time) ID {
	var id ID
	_, _ = rand.Read(id[6:])
	id.setTime(now)
	return id
}

// FirstID is the smallest id of the given time: a bound for range reads.
func FirstID(t time.Time) ID {
	var id ID
	id.setTime(t)
	return id
}

func (id *ID) setTime(t time.Time) {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(t.UnixMilli(), 0)))
	copy(id[:6], ms[2:])
}

// Time returns the time the id was drawn, to the millisecond.
func (id ID) Time() time.Time {
	var ms [8]byte
	copy(ms[2:], id[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(ms[:]))).UTC() //nolint:gosec // 48 bits
}

// IsZero says whether the id was never drawn.
func (id ID) IsZero() bool { return id == ID{} }

// String is the id in base64url: 22 characters.
func (id ID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// ErrID refuses a text that is no id.
var ErrID = errors.New("not an id: 22 characters of base64url expected")

// ParseID reads what String wrote. Errors: ErrID.
func ParseID(text string) (ID, error) {
	var id ID
	if len(text) != 22 {
		return id, ErrID
	}
	if _, err := base64.RawURLEncoding.Strict().Decode(id[:], []byte(text)); err != nil {
		return ID{}, ErrID
	}
	return id, nil
}
