// Package blocklist owns the passwords that everybody tries first: a Bloom
// filter of about 100,000 of them, made by generate.go. It answers for whole
// texts; what else makes a password guessable is account's question.
package blocklist

import (
	"crypto/sha256"
	_ "embed" // the filter
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"unicode/utf8"
)

//go:embed common.bloom
var common string

// Contains says whether the text is a common password. Case in ASCII does not
// matter. Of other texts, one in some 16,000 is found, too.
func Contains(text string) bool { return Filter(common).Contains(text) }

// Count is the number of passwords in the list.
func Count() int { return Filter(common).count() }

// Filter is a Bloom filter as kept in a file: the eight characters of magic, the
// number of entries and the number of probes (4 bytes each, big endian), then
// the bits.
type Filter string

const (
	magic  = "csbloom1"
	header = len(magic) + 8
	// probes of 14 and 20.2 bits an entry let one foreign text in 2¹⁴ pass.
	probes       = 14
	bitsPerEntry = probes / math.Ln2
)

// ErrEmpty refuses to build a filter of nothing.
var ErrEmpty = errors.New("blocklist: no entries")

// Build makes a filter of the texts, each counted once. The same set gives the
// same bytes. Errors: ErrEmpty.
func Build(texts []string) (Filter, error) {
	set := make(map[string]bool, len(texts))
	for _, t := range texts {
		set[canonical(t)] = true
	}
	if len(set) == 0 {
		return "", ErrEmpty
	}
	b := make([]byte, header+int(math.Ceil(float64(len(set))*bitsPerEntry/8)))
	copy(b, magic)
	binary.BigEndian.PutUint32(b[len(magic):], uint32(len(set))) //nolint:gosec // about 100,000
	binary.BigEndian.PutUint32(b[len(magic)+4:], probes)
	bits := b[header:]
	for t := range set {
		next := walk(t, uint64(len(bits))*8)
		for range probes {
			i := next()
			bits[i/8] |= 1 << (i % 8)
		}
	}
	return Filter(b), nil
}

// Contains says whether the text was put in; of others, a few pass as well. A
// text that is no filter contains nothing.
func (f Filter) Contains(text string) bool {
	if len(f) <= header || !strings.HasPrefix(string(f), magic) {
		return false
	}
	bits := f[header:]
	next := walk(canonical(text), uint64(len(bits))*8)
	for range f.number(len(magic) + 4) {
		i := next()
		if bits[i/8]&(1<<(i%8)) == 0 {
			return false
		}
	}
	return true
}

func (f Filter) count() int {
	if len(f) <= header {
		return 0
	}
	return f.number(len(magic))
}

func (f Filter) number(at int) int {
	return int(f[at])<<24 | int(f[at+1])<<16 | int(f[at+2])<<8 | int(f[at+3])
}

// walk gives the positions of a text's bits, one after the other: two halves of
// a hash stand for any number of hashes.
func walk(text string, bits uint64) func() uint64 {
	sum := sha256.Sum256([]byte(text))
	at, step := binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])|1
	return func() uint64 {
		i := at % bits
		at += step
		return i
	}
}

// canonical lowers ASCII letters only: callers fold the rest.
func canonical(text string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}
