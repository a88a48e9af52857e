package jose

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

var (
	errName      = errors.New("jose: key id or type has other characters than letters, digits and . _ + / -")
	errUnclaimed = errors.New("jose: claims to sign are not one JSON object with unique members")
	errTooLong   = errors.New("jose: token to sign is longer than 16 KiB")
	errDER       = errors.New("jose: signer returned no ECDSA signature")
)

// Signer signs with one key and one algorithm. It is safe for concurrent use.
type Signer struct {
	alg   Alg
	keyID string
	key   crypto.Signer
}

// NewSigner makes a signer for ES256, RS256 or EdDSA. The key may live in an HSM. It fails when the
// key does not fit the algorithm or the id has characters other than letters, digits and . _ + / -.
func NewSigner(alg Alg, keyID string, key crypto.Signer) (*Signer, error) {
	if alg == PS256 {
		return nil, errAlg
	}
	if !plain(keyID) {
		return nil, errName
	}
	if !fits(alg, key.Public()) {
		return nil, errFit
	}
	return &Signer{alg, keyID, key}, nil
}

// KeyID is the kid of every token this signer makes.
func (s *Signer) KeyID() string { return s.keyID }

// Alg is the alg of every token this signer makes.
func (s *Signer) Alg() Alg { return s.alg }

// Sign makes a compact JWS of the claims. It fails for what VerifyOwn would refuse: claims that are
// not one JSON object with unique members, an odd typ, more than 16 KiB.
// Spec: RFC 7515 §5.1.
func (s *Signer) Sign(typ string, claims []byte) (string, error) {
	if !plain(typ) {
		return "", errName
	}
	if !oneObject(claims) {
		return "", errUnclaimed
	}
	head := header(s.alg, s.keyID, typ)
	token := make([]byte, 0, b64.EncodedLen(len(head))+b64.EncodedLen(len(claims))+len("..")+b64.EncodedLen(64))
	token = b64.AppendEncode(token, []byte(head))
	token = append(token, '.')
	token = b64.AppendEncode(token, claims)
	signature, err := s.signature(token)
	if err != nil {
		return "", err
	}
	token = append(token, '.')
	token = b64.AppendEncode(token, signature)
	if len(token) > maxToken {
		return "", errTooLong
	}
	return string(token), nil
}

// header is the one spelling of our tokens' header: Sign writes it, VerifyOwn compares with it.
func header(alg Alg, keyID, typ string) string {
	return `{"alg":"` + string(alg) + `","kid":"` + keyID + `","typ":"` + typ + `"}`
}

// plain says whether a name can stand in a header without escapes.
func plain(name string) bool {
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '_', c == '+', c == '/', c == '-':
		default:
			return false
		}
	}
	return name != ""
}

func (s *Signer) signature(input []byte) ([]byte, error) {
	digest, opts := input, crypto.Hash(0) // Ed25519 hashes for itself
	if s.alg != EdDSA {
		sum := sha256.Sum256(input)
		digest, opts = sum[:], crypto.SHA256
	}
	signature, err := s.key.Sign(rand.Reader, digest, opts)
	if err != nil {
		return nil, fmt.Errorf("jose: sign: %w", err)
	}
	if s.alg == ES256 {
		return rawES256(signature)
	}
	return signature, nil
}

var (
	orderP256     = elliptic.P256().Params().N
	halfOrderP256 = new(big.Int).Rsh(orderP256, 1)
)

// rawES256 turns the DER of crypto.Signer into r ‖ s of 32 bytes each. With s, n−s is as good a
// signature; we keep the lower, and VerifyOwn refuses the other, so that nobody can give a token a
// second spelling.
// Spec: RFC 7518 §3.4.
func rawES256(der []byte) ([]byte, error) {
	var sig struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &sig)
	if err != nil || len(rest) > 0 || !inOrder(sig.R) || !inOrder(sig.S) {
		return nil, errDER
	}
	if sig.S.Cmp(halfOrderP256) > 0 {
		sig.S.Sub(orderP256, sig.S)
	}
	raw := make([]byte, 64)
	sig.R.FillBytes(raw[:32])
	sig.S.FillBytes(raw[32:])
	return raw, nil
}

func inOrder(n *big.Int) bool { return n.Sign() > 0 && n.Cmp(orderP256) < 0 }

// HashHalf is the value of at_hash and c_hash: the left half of the value's hash, base64url. The
// hash is the one of the ID Token's algorithm: SHA-256, but SHA-512 for EdDSA, as Ed25519 uses it.
// Spec: OpenID Connect Core §3.1.3.6, §3.3.2.11.
func HashHalf(alg Alg, value string) string {
	if alg == EdDSA {
		sum := sha512.Sum512([]byte(value))
		return b64.EncodeToString(sum[:sha512.Size/2])
	}
	sum := sha256.Sum256([]byte(value))
	return b64.EncodeToString(sum[:sha256.Size/2])
}
