package account

import (
	"errors"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"countersign/internal/oauth"
)

// MaxPasswordBytes is the longest password that is hashed, in bytes of UTF-8 as
// sent. A longer one is refused, never cut.
const MaxPasswordBytes = 1024

// ErrPasswordTooLong refuses a text before any work is done on it.
var ErrPasswordTooLong = oauth.Refuse(oauth.InvalidRequest, "password.too-long", "NIST SP 800-63B-4 §3.1.1.2",
	"the password is longer than 1024 bytes")

// Params are the cost of argon2id.
type Params struct {
	MemoryKiB   uint32 `json:"memory_kib"`
	Time        uint32 `json:"time"` // passes over the memory
	Parallelism uint8  `json:"parallelism"`
}

// DefaultParams costs about 25 ms on one core. Parallelism stays 1: more spreads
// the same work over cores that other logins need.
//
// Spec: RFC 9106 §4.
var DefaultParams = Params{MemoryKiB: 19 * 1024, Time: 2, Parallelism: 1}

// ErrParams refuses parameters that protect too little or cost too much.
var ErrParams = errors.New("password hashing: memory_kib × time must be at least 35840 with memory_kib at least 7168, " +
	"memory at most 128 MiB, parallelism 1 to 16, and one hash at most about one second")

// Check says whether the parameters are fit for use: at least as strong as 7 MiB
// in 5 passes, and within the bounds that ParseHash sets. Errors: ErrParams.
func (p Params) Check() error {
	if p.MemoryKiB < 7*1024 || uint64(p.MemoryKiB)*uint64(p.Time) < 35*1024 || !p.argon2id().bounded() {
		return ErrParams
	}
	return nil
}

// HashPassword hashes a password with argon2id and a fresh salt of 16 bytes; the
// result is a PHC string. It does not judge the password: CheckNewPassword does.
// Errors: ErrPasswordTooLong, ErrHashCost for parameters out of bounds.
//
// Spec: RFC 9106 §3.1; NIST SP 800-63B-4 §3.1.1.2.
func HashPassword(params Params, password string) (string, error) {
	text, err := prepare(password)
	if err != nil {
		return "", err
	}
	a := params.argon2id()
	if !a.bounded() {
		return "", ErrHashCost
	}
	return a.hash(text), nil
}

// VerifyPassword says whether the password belongs to the hash, in any of the
// forms of ParseHash. The time it takes depends on the hash's parameters, not on
// the answer. Errors: ErrPasswordTooLong and those of ParseHash, without any
// hashing done.
func VerifyPassword(hash, password string) (bool, error) {
	text, err := prepare(password)
	if err != nil {
		return false, err
	}
	h, err := ParseHash(hash)
	if err != nil {
		return false, err
	}
	ok := h.scheme.verify(text)
	// Every scheme but argon2id pads with zeros somewhere, so that "a" and "a\0"
	// can have the same hash. No password of ours has one.
	return ok && strings.IndexByte(text, 0) < 0, nil
}

// NeedsRehash says whether the next good login should replace the hash by one
// with these parameters. A hash that does not parse needs it, too.
func NeedsRehash(hash string, params Params) bool {
	h, err := ParseHash(hash)
	return err != nil || !h.current(params)
}

// Decoy returns a hash with these parameters that no password matches. Verifying
// it costs what verifying a real one costs.
func Decoy(params Params) string {
	a := params.argon2id()
	a.salt, a.digest = make([]byte, saltBytes), make([]byte, digestBytes)
	return a.text()
}

// prepare gives the text that is hashed.
//
// Spec: NIST SP 800-63B-4 §3.1.1.2 (Unicode normalisation before hashing).
func prepare(password string) (string, error) {
	if len(password) > MaxPasswordBytes {
		return "", ErrPasswordTooLong
	}
	return norm.NFC.String(password), nil
}

// Calibrate raises DefaultParams until one hash takes about target on this
// machine, and never lowers them: first in passes, which cost no memory. It
// hashes a handful of times and measures with the clock it is given.
func Calibrate(target time.Duration, now func() time.Time) Params {
	return calibrate(target, func(p Params) time.Duration {
		best := time.Duration(1<<63 - 1)
		for range 3 { // the best of three: neighbours only ever add time
			start := now()
			_, _ = HashPassword(p, "calibration") // default parameters are in bounds
			best = min(best, now().Sub(start))
		}
		return best
	})
}

const maxCalibratedPasses = 20

func calibrate(target time.Duration, measure func(Params) time.Duration) Params {
	p := DefaultParams
	took := max(measure(p), time.Microsecond)
	passes := int64(p.Time) * int64(target) / int64(took)
	p.Time = uint32(min(max(passes, int64(p.Time)), maxCalibratedPasses)) //nolint:gosec // between 2 and 20
	return p
}
