package jose

import (
	"encoding/json"
	"strings"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"
)

func TestASetReadsBack(t *testing.T) {
	for _, alg := range []Alg{ES256, RS256, EdDSA} {
		private, err := Generate(alg)
		if err != nil {
			t.Fatal(err)
		}
		jwk, err := PublicJWK(alg, "one", private.Public())
		if err != nil {
			t.Fatal(err)
		}
		keys, err := ParseSet(MarshalSet([]JWK{jwk}))
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		s, err := NewSigner(alg, "one", private)
		if err != nil {
			t.Fatal(err)
		}
		token, err := s.Sign("t", []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := VerifyOwn(token, "t", keys); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

func TestWhatIsNoPublicSet(t *testing.T) {
	private, err := Generate(ES256)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := PublicJWK(ES256, "one", private.Public())
	if err != nil {
		t.Fatal(err)
	}
	good := string(MarshalSet([]JWK{jwk}))
	secretKey, err := json.Marshal(gojose.JSONWebKeySet{Keys: []gojose.JSONWebKey{{Key: private, KeyID: "one", Algorithm: "ES256"}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty": `{"keys":[]}`, "no json": "x", "private": string(secretKey), "without id": strings.Replace(good, `"kid":"one"`, `"kid":""`, 1),
		"other algorithm": strings.Replace(good, "ES256", "RS256", 1), "without algorithm": strings.Replace(good, `"alg":"ES256",`, "", 1),
		"twice": string(MarshalSet([]JWK{jwk, jwk})), "long": good + strings.Repeat(" ", maxSet),
	} {
		if _, err := ParseSet([]byte(text)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
