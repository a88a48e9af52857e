package account

import (
	"crypto/subtle"
	"encoding/base64"
	"math/bits"
	"strings"
	"time"

	"golang.org/x/crypto/scrypt"
)

// scryptHash is an imported hash of RFC 7914.
type scryptHash struct {
	n, r, p      uint32
	salt, digest []byte
}

// parseScrypt reads the PHC form; ln is the binary logarithm of n.
func parseScrypt(text string) (scheme, bool) {
	p, ok := parsePHC(text)
	if !ok || p.version != "" {
		return nil, false
	}
	v, ok := p.numbers("ln", "r", "p")
	if !ok || v[0] > 30 {
		return nil, false
	}
	s := scryptHash{n: 1 << v[0], r: v[1], p: v[2]}
	var okSalt, okDigest bool
	s.salt, okSalt = phcBytes(p.salt)
	s.digest, okDigest = phcBytes(p.digest)
	return s, okSalt && okDigest && s.possible()
}

// parseDjangoScrypt reads scrypt$n$salt$r$p$digest; the salt is text as it is.
func parseDjangoScrypt(text string) (scheme, bool) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 {
		return nil, false
	}
	n, okN := decimal(parts[1])
	r, okR := decimal(parts[3])
	p, okP := decimal(parts[4])
	s := scryptHash{n: n, r: r, p: p, salt: []byte(parts[2])}
	var ok bool
	s.digest, ok = decode(base64.StdEncoding, parts[5])
	return s, okN && okR && okP && ok && s.possible()
}

// possible says what RFC 7914 §2 and §6 demand of the parameters.
func (s scryptHash) possible() bool {
	return s.n > 1 && bits.OnesCount32(s.n) == 1 && s.r > 0 && s.p > 0 && sized(s.salt, s.digest)
}

func (s scryptHash) name() string { return "scrypt" }

func (s scryptHash) verify(text string) bool {
	got, err := scrypt.Key([]byte(text), s.salt, int(s.n), int(s.r), int(s.p), len(s.digest))
	return err == nil && subtle.ConstantTimeCompare(got, s.digest) == 1
}

func (s scryptHash) cost() (time.Duration, uint64) {
	hi, blocks := bits.Mul64(uint64(s.n)*uint64(s.r), uint64(s.p))
	if hi > 0 || blocks > 1<<32 {
		return maxWork, 0
	}
	// v holds n × r blocks of 128 bytes, and p × r blocks wait beside it.
	return time.Duration(blocks * 478), (uint64(s.n)*uint64(s.r) + uint64(s.p)*uint64(s.r)) / 8
}
