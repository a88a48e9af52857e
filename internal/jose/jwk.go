package jose

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
)

// JWK is a public key with its id and the one algorithm it is used with. Only PublicJWK makes one, so
// the three belong together.
type JWK struct {
	wire   members
	public crypto.PublicKey
}

// members are the members of a public key on the wire. There is no field a private value could be
// in, and the order is the one RFC 7638 §3.2 hashes: lexicographic.
type members struct {
	Alg   Alg    `json:"alg,omitempty"`
	Curve string `json:"crv,omitempty"`
	E     string `json:"e,omitempty"`
	KeyID string `json:"kid,omitempty"`
	Type  string `json:"kty,omitempty"`
	N     string `json:"n,omitempty"`
	Use   string `json:"use,omitempty"`
	X     string `json:"x,omitempty"`
	Y     string `json:"y,omitempty"`
}

// PublicJWK names a public key. It fails when the key does not fit the algorithm (RSA: 2048 to 4096
// bits) or the id has characters other than letters, digits and . _ + / -.
func PublicJWK(alg Alg, keyID string, public crypto.PublicKey) (JWK, error) {
	if !plain(keyID) {
		return JWK{}, errName
	}
	if !fits(alg, public) {
		return JWK{}, errFit
	}
	wire, err := required(public)
	if err != nil {
		return JWK{}, err
	}
	wire.Alg, wire.KeyID, wire.Use = alg, keyID, "sig"
	return JWK{wire, public}, nil
}

// MarshalSet writes a JWK Set ordered by key id: the same keys are the same bytes, whatever order
// they come in.
// Spec: RFC 7517 §5.
func MarshalSet(keys []JWK) []byte {
	set := struct {
		Keys []members `json:"keys"`
	}{make([]members, 0, len(keys))}
	for _, key := range keys {
		set.Keys = append(set.Keys, key.wire)
	}
	slices.SortFunc(set.Keys, func(a, b members) int { return cmp.Compare(a.KeyID, b.KeyID) })
	data, _ := json.Marshal(set) // strings always marshal
	return data
}

// KeyID is the SHA-256 thumbprint of a public key, base64url: 43 characters. It fails for keys other
// than P-256, RSA and Ed25519.
// Spec: RFC 7638 §3.
func KeyID(public crypto.PublicKey) (string, error) {
	wire, err := required(public)
	if err != nil {
		return "", err
	}
	data, _ := json.Marshal(wire) // strings always marshal
	sum := sha256.Sum256(data)
	return b64.EncodeToString(sum[:]), nil
}

// required are the members that make the key, and its thumbprint.
// Spec: RFC 7638 §3.2, RFC 8037 §2.
func required(public crypto.PublicKey) (members, error) {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		if !fits(ES256, key) {
			return members{}, errFit
		}
		point, err := key.Bytes() // 4 ‖ x ‖ y
		if err != nil {
			return members{}, fmt.Errorf("jose: write public key: %w", err)
		}
		return members{Type: "EC", Curve: "P-256", X: b64.EncodeToString(point[1:33]), Y: b64.EncodeToString(point[33:])}, nil
	case *rsa.PublicKey:
		e := big.NewInt(int64(key.E))
		return members{Type: "RSA", N: b64.EncodeToString(key.N.Bytes()), E: b64.EncodeToString(e.Bytes())}, nil
	case ed25519.PublicKey:
		return members{Type: "OKP", Curve: "Ed25519", X: b64.EncodeToString(key)}, nil
	default:
		return members{}, errFit
	}
}
