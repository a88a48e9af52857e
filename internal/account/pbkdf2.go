package account

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"strings"
	"time"
)

// pbkdf2Hash is an imported hash of RFC 8018 §5.2 with HMAC over SHA-256 or
// SHA-512.
type pbkdf2Hash struct {
	sha512       bool
	rounds       uint32
	salt, digest []byte
}

// parsePBKDF2 reads the PHC form and passlib's, which writes the rounds without
// a name and . for +.
func parsePBKDF2(text string) (scheme, bool) {
	p, ok := parsePHC(text)
	if !ok || p.version != "" {
		return nil, false
	}
	h := pbkdf2Hash{sha512: p.id == "pbkdf2-sha512"}
	var length uint32
	if rounds, bare := decimal(p.params); bare {
		h.rounds = rounds
		p.salt, p.digest = strings.ReplaceAll(p.salt, ".", "+"), strings.ReplaceAll(p.digest, ".", "+")
	} else {
		n, ok := p.numbers("i", "l?")
		if !ok {
			return nil, false
		}
		h.rounds, length = n[0], n[1]
	}
	var okSalt, okDigest bool
	h.salt, okSalt = phcBytes(p.salt)
	h.digest, okDigest = phcBytes(p.digest)
	return h, okSalt && okDigest && h.possible() && (length == 0 || int(length) == len(h.digest))
}

// parseDjangoPBKDF2 reads pbkdf2_sha256$rounds$salt$digest; the salt is text as
// it is.
func parseDjangoPBKDF2(text string) (scheme, bool) {
	parts := strings.Split(text, "$")
	if len(parts) != 4 {
		return nil, false
	}
	h := pbkdf2Hash{sha512: parts[0] == "pbkdf2_sha512", salt: []byte(parts[2])}
	var okRounds, okDigest bool
	h.rounds, okRounds = decimal(parts[1])
	h.digest, okDigest = decode(base64.StdEncoding, parts[3])
	return h, okRounds && okDigest && h.possible()
}

// possible bounds the digest by one block of the hash: a longer one would cost
// every verification several times the work for nothing.
func (h pbkdf2Hash) possible() bool {
	return h.rounds > 0 && sized(h.salt, h.digest) && (h.sha512 || len(h.digest) <= sha256.Size)
}

func (h pbkdf2Hash) name() string {
	if h.sha512 {
		return "pbkdf2-sha512"
	}
	return "pbkdf2-sha256"
}

func (h pbkdf2Hash) verify(text string) bool {
	var got []byte
	var err error
	if h.sha512 {
		got, err = pbkdf2.Key(sha512.New, text, h.salt, int(h.rounds), len(h.digest))
	} else {
		got, err = pbkdf2.Key(sha256.New, text, h.salt, int(h.rounds), len(h.digest))
	}
	return err == nil && subtle.ConstantTimeCompare(got, h.digest) == 1
}

func (h pbkdf2Hash) cost() (time.Duration, uint64) {
	if h.sha512 {
		return time.Duration(h.rounds) * 650, 0
	}
	return time.Duration(h.rounds) * 190, 0
}
