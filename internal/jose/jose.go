// Package jose owns signed tokens: key pairs, compact JWS, public key sets and their verification.
//
// It keeps two doors apart. VerifyOwn reads what Sign wrote and nothing else: there is one spelling
// of a header, so it is compared, not interpreted, and needs no library. VerifyForeign reads what
// strangers wrote; it goes through go-jose, under an allow-list that each use states for itself.
//
// Both doors refuse tokens above 16 KiB before decoding, base64url with a second spelling, and JSON
// that names a member twice. No list anywhere holds "none" or an HMAC, and no key is ever taken from
// a token.
//
// The package knows signatures, not meaning: issuer, audience and expiry belong to the callers. It
// stores no key and seals none; it neither encrypts nor decrypts.
package jose

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Alg is a JWS signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
type Alg string

// The algorithms we sign with are ES256, RS256 and EdDSA (Ed25519). PS256 is only verified: clients
// may sign with it, we do not.
const (
	ES256 Alg = "ES256"
	RS256 Alg = "RS256"
	EdDSA Alg = "EdDSA"
	PS256 Alg = "PS256"
)

// ErrToken is wrapped by every error about a token. The text around it is constant and holds nothing
// of the token.
var ErrToken = errors.New("jose: token refused")

var (
	errSize      = fmt.Errorf("%w: longer than 16 KiB", ErrToken)
	errShape     = fmt.Errorf("%w: not three parts of canonical base64url", ErrToken)
	errHeader    = fmt.Errorf("%w: header not accepted", ErrToken)
	errKey       = fmt.Errorf("%w: no key for it", ErrToken)
	errSignature = fmt.Errorf("%w: signature is wrong", ErrToken)
	errClaims    = fmt.Errorf("%w: claims are not one JSON object with unique members", ErrToken)
)

// maxToken is the length of the longest token read or written, in bytes.
const maxToken = 16 << 10

// b64 refuses padding and set trailing bits. It still skips line breaks; see decode.
var b64 = base64.RawURLEncoding.Strict()

// parts are the decoded parts of a compact JWS, and the text its signature covers.
type parts struct {
	input                     string
	header, claims, signature []byte
}

// split takes a token apart, without a look at what the parts say.
// Spec: RFC 7515 §5.2.
func split(token string) (parts, error) {
	if len(token) > maxToken {
		return parts{}, errSize
	}
	header, rest, _ := strings.Cut(token, ".")
	claims, signature, found := strings.Cut(rest, ".")
	if !found {
		return parts{}, errShape
	}
	h, okHeader := decode(header)
	c, okClaims := decode(claims)
	s, okSignature := decode(signature) // a third dot is no base64url
	if !okHeader || !okClaims || !okSignature {
		return parts{}, errShape
	}
	return parts{token[:len(header)+1+len(claims)], h, c, s}, nil
}

// decode accepts the one canonical spelling. A skipped line break shows in the length.
func decode(segment string) ([]byte, bool) {
	data, err := b64.DecodeString(segment)
	return data, err == nil && b64.EncodedLen(len(data)) == len(segment)
}
