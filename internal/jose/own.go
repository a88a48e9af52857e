package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"strings"
)

// Keys are the keys our own tokens may be signed with, by key id.
type Keys map[string]VerifyKey

// VerifyKey is a public key and the one algorithm it is used with.
type VerifyKey struct {
	Alg    Alg
	Public crypto.PublicKey
}

// VerifyOwn returns the claims of a token that a Signer of one of these keys made for this typ, and
// an error that wraps ErrToken for everything else. The token says nothing but which key to try: its
// header must be, byte for byte, the one Sign writes for that key and this typ. So alg, typ, crit,
// jwk and duplicates need no rules here.
// Spec: RFC 8725 §3.1, §3.11.
func VerifyOwn(token, typ string, keys Keys) (claims []byte, err error) {
	part, err := split(token)
	if err != nil {
		return nil, err
	}
	head := string(part.header)
	_, rest, _ := strings.Cut(head, `"kid":"`)
	keyID, _, _ := strings.Cut(rest, `"`)
	key, known := keys[keyID]
	if !known {
		return nil, errKey
	}
	if head != header(key.Alg, keyID, typ) {
		return nil, errHeader
	}
	if !key.verify([]byte(part.input), part.signature) {
		return nil, errSignature
	}
	if !oneObject(part.claims) {
		return nil, errClaims
	}
	return part.claims, nil
}

func (k VerifyKey) verify(input, signature []byte) bool {
	if !fits(k.Alg, k.Public) {
		return false
	}
	switch key := k.Public.(type) {
	case *ecdsa.PublicKey:
		return verifyES256(key, input, signature)
	case *rsa.PublicKey:
		digest := sha256.Sum256(input)
		return k.Alg == RS256 && rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil
	case ed25519.PublicKey:
		return ed25519.Verify(key, input, signature)
	default:
		return false
	}
}

// verifyES256 takes r ‖ s, with the lower s only; see rawES256.
func verifyES256(key *ecdsa.PublicKey, input, signature []byte) bool {
	if len(signature) != 64 {
		return false
	}
	r := new(big.Int).SetBytes(signature[:32])
	s := new(big.Int).SetBytes(signature[32:])
	digest := sha256.Sum256(input)
	return s.Cmp(halfOrderP256) <= 0 && ecdsa.Verify(key, digest[:], r, s)
}
