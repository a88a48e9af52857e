package jose

import (
	"crypto"
	"errors"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"
)

var ourAlgs = []Alg{ES256, RS256, EdDSA}

func newKey(t testing.TB, alg Alg) (crypto.Signer, string) {
	t.Helper()
	key, err := Generate(alg)
	if err != nil {
		t.Fatal(err)
	}
	keyID, err := KeyID(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return key, keyID
}

func newPair(t testing.TB, alg Alg) (*Signer, Keys) {
	t.Helper()
	key, keyID := newKey(t, alg)
	signer, err := NewSigner(alg, keyID, key)
	if err != nil {
		t.Fatal(err)
	}
	return signer, Keys{keyID: {alg, key.Public()}}
}

func mustSign(t testing.TB, signer *Signer, typ, claims string) string {
	t.Helper()
	token, err := signer.Sign(typ, []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func mustJWK(t testing.TB, alg Alg, keyID string, public crypto.PublicKey) JWK {
	t.Helper()
	key, err := PublicJWK(alg, keyID, public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// forge signs any header and claims with a signer's key. The signature is genuine, so that a refusal
// is the work of the rule under test.
func forge(t testing.TB, signer *Signer, header, claims string) string {
	t.Helper()
	input := enc(header) + "." + enc(claims)
	signature, err := signer.signature([]byte(input))
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + enc(string(signature))
}

func enc(text string) string { return b64.EncodeToString([]byte(text)) }

// judge is the second opinion: the library, with one algorithm allowed.
func judge(token string, alg Alg, public crypto.PublicKey) (string, gojose.Header, error) {
	object, err := gojose.ParseSignedCompact(token, []gojose.SignatureAlgorithm{gojose.SignatureAlgorithm(alg)})
	if err != nil {
		return "", gojose.Header{}, err
	}
	claims, err := object.Verify(public)
	return string(claims), object.Signatures[0].Protected, err
}

// wantRefused expects the reason, wrapped in ErrToken.
func wantRefused(t testing.TB, err, reason error) {
	t.Helper()
	if !errors.Is(err, ErrToken) || !errors.Is(err, reason) {
		t.Errorf("error = %v; want %v", err, reason)
	}
}
