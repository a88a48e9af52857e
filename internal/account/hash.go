package account

import (
	"strings"
	"time"

	"countersign/internal/oauth"
)

// Refusals of password hashes that an administrator brings along.
var (
	ErrHashScheme = oauth.Refuse(oauth.InvalidRequest, "password-hash.unknown-scheme", "PHC string format §1",
		"the password hash is none of argon2id, bcrypt ($2a, $2b, $2y), scrypt, pbkdf2-sha256 and pbkdf2-sha512")
	ErrHashSyntax = oauth.Refuse(oauth.InvalidRequest, "password-hash.syntax", "PHC string format §3",
		"the password hash names a known scheme, but its parameters, salt or digest cannot be read")
	ErrHashCost = oauth.Refuse(oauth.InvalidRequest, "password-hash.too-costly", "RFC 9106 §4",
		"checking the password hash would take about a second or more, or more than 128 MiB")
)

// Bounds of a hash that was made elsewhere: one login may not stop the server.
const (
	maxWork        = time.Second
	maxMemoryKiB   = 128*1024 + 64 // scrypt at 128 MiB keeps a little beside it
	maxParallelism = 16
	maxHashText    = 512
)

// Sizes of salts and digests. Ours have saltBytes and digestBytes; others may
// have what lies between the bounds. A shorter digest could be met by chance.
const (
	saltBytes      = 16
	digestBytes    = 32
	maxSaltBytes   = 128
	minDigestBytes = 16
	maxDigestBytes = 64
)

// Hash is a parsed password hash, known to be affordable.
type Hash struct{ scheme scheme }

// scheme is one way to hash a password, with its parameters, salt and digest.
type scheme interface {
	name() string
	// verify does the whole work whatever the answer. The text is in NFC.
	verify(text string) bool
	// cost is what verify takes on one core of the machine that DefaultParams
	// take 25 ms on, and the memory it fills.
	cost() (work time.Duration, memoryKiB uint64)
}

// ParseHash reads a password hash in one of these forms:
//
//	$argon2id$v=19$m=19456,t=2,p=1$SALT$DIGEST   PHC; also after Django's "argon2"
//	$2b$12$…                                     bcrypt, 2a 2b 2y; also after Django's "bcrypt$"
//	$scrypt$ln=16,r=8,p=1$SALT$DIGEST            PHC, which passlib writes, too
//	scrypt$16384$SALT$8$1$DIGEST                 Django
//	$pbkdf2-sha256$i=600000,l=32$SALT$DIGEST     PHC; l may be absent; also sha512
//	$pbkdf2-sha256$29000$SALT$DIGEST             passlib, with . for + in base64; also sha512
//	pbkdf2_sha256$600000$SALT$DIGEST             Django; also sha512
//
// Not read, because the password goes in otherwise prepared or the form has
// several meanings: Django's and passlib's bcrypt_sha256, passlib's $7$, argon2i,
// argon2d, argon2 before version 19, $2$, $2x$, yescrypt, and hex digests.
// Errors: ErrHashScheme, ErrHashSyntax, ErrHashCost.
func ParseHash(text string) (Hash, error) {
	if len(text) > maxHashText {
		return Hash{}, ErrHashSyntax
	}
	parse := parserOf(text)
	if parse == nil {
		return Hash{}, ErrHashScheme
	}
	s, ok := parse(text)
	if !ok {
		return Hash{}, ErrHashSyntax
	}
	if !bounded(s) {
		return Hash{}, ErrHashCost
	}
	return Hash{s}, nil
}

// forms are the beginnings of the forms and what reads the rest. The Django
// names argon2 and bcrypt merely stand in front of the usual form.
var forms = []struct {
	begin string
	parse func(string) (scheme, bool)
}{
	{"$argon2id$", parseArgon2id},
	{"argon2$argon2id$", func(t string) (scheme, bool) { return parseArgon2id(strings.TrimPrefix(t, "argon2")) }},
	{"$2a$", parseBcrypt},
	{"$2b$", parseBcrypt},
	{"$2y$", parseBcrypt},
	{"bcrypt$$2", func(t string) (scheme, bool) { return parseBcrypt(strings.TrimPrefix(t, "bcrypt$")) }},
	{"$scrypt$", parseScrypt},
	{"scrypt$", parseDjangoScrypt},
	{"$pbkdf2-sha256$", parsePBKDF2},
	{"$pbkdf2-sha512$", parsePBKDF2},
	{"pbkdf2_sha256$", parseDjangoPBKDF2},
	{"pbkdf2_sha512$", parseDjangoPBKDF2},
}

func parserOf(text string) func(string) (scheme, bool) {
	for _, f := range forms {
		if strings.HasPrefix(text, f.begin) {
			return f.parse
		}
	}
	return nil
}

func bounded(s scheme) bool {
	work, memory := s.cost()
	return work < maxWork && memory <= maxMemoryKiB
}

func sized(salt, digest []byte) bool {
	return len(salt) > 0 && len(salt) <= maxSaltBytes && len(digest) >= minDigestBytes && len(digest) <= maxDigestBytes
}

// Scheme names the way of hashing: argon2id, bcrypt, scrypt, pbkdf2-sha256 or
// pbkdf2-sha512.
func (h Hash) Scheme() string { return h.scheme.name() }

// current says whether the hash is what HashPassword would make today.
func (h Hash) current(params Params) bool {
	a, ok := h.scheme.(argon2id)
	return ok && a.Params == params && len(a.salt) == saltBytes && len(a.digest) == digestBytes
}

// Weight is what checking a password costs, in units of one hash with today's
// parameters, rounded up: the time on one core, and the memory.
type Weight struct{ Work, Memory int }

// Plus is the weight of doing both, one after the other.
func (w Weight) Plus(other Weight) Weight {
	return Weight{Work: w.Work + other.Work, Memory: max(w.Memory, other.Memory)}
}

// Cost is the weight of verifying a password against the hash when one hash with
// params weighs 1: bcrypt 12 weighs ten times DefaultParams. A hash that does not
// parse costs nothing.
func Cost(hash string, params Params) Weight {
	h, err := ParseHash(hash)
	if err != nil {
		return Weight{}
	}
	return h.Cost(params)
}

// Cost is the function Cost for a parsed hash.
func (h Hash) Cost(params Params) Weight {
	if h.current(params) {
		return Weight{1, 1}
	}
	work, memory := h.scheme.cost()
	unit, unitMemory := params.argon2id().cost()
	return Weight{
		Work:   int(ceilDiv(uint64(work), uint64(max(unit, 1)))), //nolint:gosec // bounded by maxWork
		Memory: int(max(ceilDiv(memory, max(unitMemory, 1)), 1)), //nolint:gosec // bounded by maxMemoryKiB
	}
}

func ceilDiv(a, b uint64) uint64 { return (a + b - 1) / b }
