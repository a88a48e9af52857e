package secret

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// Prefixes of record ids: what kind of thing an 18-character id names.
const (
	PrefixOrg  = "00D"
	PrefixUser = "005"
	PrefixSite = "0DB"
	// PrefixStaff is ours: administrators are no users of the Salesforce dialect.
	PrefixStaff = "0SF"
)

const (
	base62   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	checksum = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
)

// NewRecordID draws an 18-character record id: the 3-character prefix, 12
// characters that grow with time (44 bits of milliseconds, 27 random bits), and
// 3 characters of checksum over upper and lower case.
func NewRecordID(prefix string, now time.Time) string {
	var r [8]byte
	_, _ = rand.Read(r[:])
	ms := uint64(max(now.UnixMilli(), 0)) & (1<<44 - 1)
	// 71 bits do not fit a word: keep the low 27 apart and divide by hand.
	hi, lo := ms, binary.BigEndian.Uint64(r[:])&(1<<27-1)
	var digits [12]byte
	for i := len(digits) - 1; i >= 0; i-- {
		rest := hi % 62
		hi /= 62
		lo |= rest << 27
		digits[i] = base62[lo%62]
		lo /= 62
	}
	return RecordID18(prefix + string(digits[:]))
}

// RecordID18 adds the 3-character checksum to a 15-character record id. A text
// of another length is returned as it is.
func RecordID18(id string) string {
	if len(id) != 15 {
		return id
	}
	out := []byte(id)
	for block := range 3 {
		n := 0
		for j := range 5 {
			if c := id[5*block+j]; c >= 'A' && c <= 'Z' {
				n |= 1 << j
			}
		}
		out = append(out, checksum[n])
	}
	return string(out)
}

// ValidRecordID says whether the text is a 15-character record id of the prefix,
// or an 18-character one whose checksum fits.
func ValidRecordID(prefix, id string) bool {
	if len(id) != 15 && len(id) != 18 || id[:len(prefix)] != prefix {
		return false
	}
	for i := range 15 {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return len(id) == 15 || RecordID18(id[:15]) == id
}
