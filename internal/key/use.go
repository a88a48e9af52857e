package key

import (
	"crypto/x509"
	"fmt"
	"time"

	"countersign/internal/jose"
	"countersign/internal/secret"
)

// Use says what a key signs. No key ever signs for two uses.
type Use string

// Keys sign tokens, or the transcripts of proofs. A review key is in no
// published key set, signs no token and verifies none.
const (
	ForTokens Use = ""
	ForReview Use = "review"
)

// GenerateForReview makes a key that signs transcripts. It signs at once, since
// nobody keeps a set of them.
func GenerateForReview(keys *secret.Keyring, now time.Time) (*Key, error) {
	k, err := Generate(keys, jose.EdDSA, now)
	if err != nil {
		return nil, err
	}
	k.Use, k.State, k.Activated = ForReview, Active, k.Created
	return k, nil
}

// Signer opens the key for signing. It fails for keys without a private half.
func (k *Key) Signer(keys *secret.Keyring) (*jose.Signer, error) {
	s, err := open(keys, k)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", k.ID, err)
	}
	return s, nil
}

// Of returns the keys of one use.
func Of(use Use, all []*Key) []*Key {
	var out []*Key
	for _, k := range all {
		if k.Use == use {
			out = append(out, k)
		}
	}
	return out
}

// Verifying returns the public halves of keys that are not removed, by kid and
// as a key set to hand out.
func Verifying(all []*Key) (jose.Keys, []byte, error) {
	out := jose.Keys{}
	var set []jose.JWK
	for _, k := range all {
		if k.State == Removed {
			continue
		}
		pub, err := x509.ParsePKIXPublicKey(k.Public)
		if err != nil {
			return nil, nil, fmt.Errorf("key %s: %w", k.ID, err)
		}
		jwk, err := jose.PublicJWK(k.Alg, k.ID, pub)
		if err != nil {
			return nil, nil, fmt.Errorf("key %s: %w", k.ID, err)
		}
		set = append(set, jwk)
		out[k.ID] = jose.VerifyKey{Alg: k.Alg, Public: pub}
	}
	return out, jose.MarshalSet(set), nil
}
