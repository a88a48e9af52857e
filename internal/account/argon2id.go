package account

import (
	"crypto/subtle"
	"strconv"
	"time"

	"golang.org/x/crypto/argon2"

	"countersign/internal/secret"
)

// argon2id is RFC 9106 in version 0x13.
type argon2id struct {
	Params
	salt, digest []byte
}

func (p Params) argon2id() argon2id { return argon2id{Params: p} }

func parseArgon2id(text string) (scheme, bool) {
	p, ok := parsePHC(text)
	if !ok || p.version != "19" {
		return nil, false
	}
	n, ok := p.numbers("m", "t", "p")
	if !ok || n[1] == 0 || n[2] == 0 || n[2] > maxParallelism || n[0] < 8*n[2] {
		return nil, false
	}
	a := argon2id{Params: Params{MemoryKiB: n[0], Time: n[1], Parallelism: uint8(n[2])}} //nolint:gosec // at most 16
	var okSalt, okDigest bool
	a.salt, okSalt = phcBytes(p.salt)
	a.digest, okDigest = phcBytes(p.digest)
	return a, okSalt && okDigest && sized(a.salt, a.digest) && len(a.salt) >= 8
}

func (a argon2id) name() string { return "argon2id" }

func (a argon2id) verify(text string) bool {
	return subtle.ConstantTimeCompare(a.derive(text), a.digest) == 1
}

func (a argon2id) derive(text string) []byte {
	return argon2.IDKey([]byte(text), a.salt, a.Time, a.MemoryKiB, a.Parallelism, uint32(len(a.digest))) //nolint:gosec // at most 64
}

// hash draws a salt and returns the PHC string.
func (a argon2id) hash(text string) string {
	a.salt, a.digest = secret.Bytes(saltBytes), make([]byte, digestBytes)
	a.digest = a.derive(text)
	return a.text()
}

func (a argon2id) text() string {
	n := func(v uint32) string { return strconv.FormatUint(uint64(v), 10) }
	return "$argon2id$v=19$m=" + n(a.MemoryKiB) + ",t=" + n(a.Time) + ",p=" + n(uint32(a.Parallelism)) +
		"$" + phcText(a.salt) + "$" + phcText(a.digest)
}

// bounded says whether the parameters are possible and affordable.
func (a argon2id) bounded() bool {
	return a.Time > 0 && a.Parallelism > 0 && a.Parallelism <= maxParallelism &&
		a.MemoryKiB >= 8*uint32(a.Parallelism) && bounded(a)
}

func (a argon2id) cost() (time.Duration, uint64) {
	blocks := uint64(a.MemoryKiB) * uint64(a.Time)
	return time.Duration(min(blocks, 1<<32) * 642), uint64(a.MemoryKiB)
}
