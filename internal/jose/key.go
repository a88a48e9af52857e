package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
)

var (
	errAlg = errors.New("jose: not an algorithm we sign with")
	errFit = errors.New("jose: key does not fit the algorithm")
)

// RSA keys stay between these sizes, in bits: below is weak (RFC 7518 §3.3), above is slow enough to
// be a weapon.
const (
	minRSA = 2048
	maxRSA = 4096
)

// Generate makes a fresh key pair: P-256 for ES256, RSA-2048 for RS256, Ed25519 for EdDSA. It fails
// for any other algorithm.
func Generate(alg Alg) (crypto.Signer, error) {
	switch alg {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RS256:
		return rsa.GenerateKey(rand.Reader, minRSA)
	case EdDSA:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	default:
		return nil, errAlg
	}
}

// MarshalPrivate writes a key as PKCS#8 DER, in the clear: the caller seals it. It fails for keys
// that do not live in memory, such as those of an HSM.
func MarshalPrivate(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("jose: write private key: %w", err)
	}
	return der, nil
}

// ParsePrivate reads what MarshalPrivate wrote. It fails for keys no Signer would take.
func ParsePrivate(der []byte) (crypto.Signer, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("jose: read private key: %w", err)
	}
	key, isSigner := parsed.(crypto.Signer)
	if !isSigner {
		return nil, errFit
	}
	for _, alg := range []Alg{ES256, RS256, EdDSA} {
		if fits(alg, key.Public()) {
			return key, nil
		}
	}
	return nil, errFit
}

// fits says whether a public key is of the kind and strength the algorithm asks for. Everything that
// signs or verifies comes by here, so that no key is ever used with another algorithm's arithmetic.
// Spec: RFC 8725 §3.1.
func fits(alg Alg, public crypto.PublicKey) bool {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		return alg == ES256 && key.Curve == elliptic.P256()
	case *rsa.PublicKey:
		size := key.N.BitLen()
		return (alg == RS256 || alg == PS256) && minRSA <= size && size <= maxRSA
	case ed25519.PublicKey:
		return alg == EdDSA && len(key) == ed25519.PublicKeySize
	default:
		return false
	}
}
