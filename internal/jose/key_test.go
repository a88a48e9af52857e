package jose

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
)

func TestPrivateKeysSurviveTheRoundTrip(t *testing.T) {
	for _, alg := range ourAlgs {
		key, _ := newKey(t, alg)
		der, err := MarshalPrivate(key)
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParsePrivate(der)
		if err != nil {
			t.Fatal(err)
		}
		if same, ok := read.(interface{ Equal(crypto.PrivateKey) bool }); !ok || !same.Equal(key) {
			t.Errorf("%s: another key came back", alg)
		}
	}
}

func TestParsePrivateRefuses(t *testing.T) {
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	x25519, _ := ecdh.X25519().GenerateKey(rand.Reader)
	for name, key := range map[string]any{"P-384": p384, "RSA-1024": small, "X25519": x25519} {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParsePrivate(der); !errors.Is(err, errFit) {
			t.Errorf("%s: error = %v; want %v", name, err, errFit)
		}
	}
	if _, err := ParsePrivate([]byte("not DER")); err == nil {
		t.Error("rubbish was read as a key")
	}
}

func TestGenerateRefusesOtherAlgorithms(t *testing.T) {
	for _, alg := range []Alg{PS256, "HS256", "none", ""} {
		if _, err := Generate(alg); !errors.Is(err, errAlg) {
			t.Errorf("%q: error = %v; want %v", alg, err, errAlg)
		}
	}
}

// The keys of RFC 8037 A.2 and RFC 7638 §3.1.
const (
	rfc8037x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
	rfc7638n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs" +
		"tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbI" +
		"SD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
)

func TestKeyIDIsTheThumbprint(t *testing.T) {
	x, _ := b64.DecodeString(rfc8037x)
	n, _ := b64.DecodeString(rfc7638n)
	for want, public := range map[string]crypto.PublicKey{
		"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k": ed25519.PublicKey(x),
		"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs": &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537},
	} {
		if got, err := KeyID(public); got != want || err != nil {
			t.Errorf("KeyID = %q, %v; want %q", got, err, want)
		}
	}
	key, got := newKey(t, ES256)
	want, _ := (&gojose.JSONWebKey{Key: key.Public()}).Thumbprint(crypto.SHA256)
	if got != b64.EncodeToString(want) {
		t.Errorf("KeyID of P-256 = %q; go-jose says %q", got, b64.EncodeToString(want))
	}
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	for name, public := range map[string]crypto.PublicKey{"a secret": []byte("secret"), "P-384": p384.Public()} {
		if _, err := KeyID(public); !errors.Is(err, errFit) {
			t.Errorf("KeyID of %s: error = %v; want %v", name, err, errFit)
		}
	}
}

func TestMarshalSet(t *testing.T) {
	x, _ := b64.DecodeString(rfc8037x)
	got := MarshalSet([]JWK{mustJWK(t, EdDSA, "b", ed25519.PublicKey(x)), mustJWK(t, EdDSA, "a", ed25519.PublicKey(x))})
	want := `{"keys":[{"alg":"EdDSA","crv":"Ed25519","kid":"a","kty":"OKP","use":"sig","x":"` + rfc8037x + `"},` +
		`{"alg":"EdDSA","crv":"Ed25519","kid":"b","kty":"OKP","use":"sig","x":"` + rfc8037x + `"}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if got := string(MarshalSet(nil)); got != `{"keys":[]}` {
		t.Errorf("empty set = %s", got)
	}
}

func TestMarshalSetIsReadByOthersAndHoldsNoPrivateMember(t *testing.T) {
	for _, alg := range ourAlgs {
		key, keyID := newKey(t, alg)
		data := MarshalSet([]JWK{mustJWK(t, alg, keyID, key.Public())})
		var set gojose.JSONWebKeySet
		if err := json.Unmarshal(data, &set); err != nil {
			t.Fatal(err)
		}
		read := set.Key(keyID)[0]
		public, ok := read.Key.(interface{ Equal(crypto.PublicKey) bool })
		if !ok || !public.Equal(key.Public()) || !read.IsPublic() || read.Algorithm != string(alg) || read.Use != "sig" {
			t.Errorf("%s: read back as %+v", alg, read)
		}
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if bytes.Contains(data, []byte(`"`+private+`":`)) {
				t.Errorf("%s: the set has a member %q", alg, private)
			}
		}
	}
}

func TestD11KeysAndAlgorithmsMustFit(t *testing.T) {
	keys := map[Alg]crypto.Signer{}
	for _, alg := range ourAlgs {
		keys[alg], _ = newKey(t, alg)
	}
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	huge := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), maxRSA), E: 65537}
	rows := []struct {
		name   string
		alg    Alg
		public crypto.PublicKey
		fits   bool
	}{
		{"ES256", ES256, keys[ES256].Public(), true},
		{"RS256", RS256, keys[RS256].Public(), true},
		{"PS256", PS256, keys[RS256].Public(), true},
		{"EdDSA", EdDSA, keys[EdDSA].Public(), true},
		{"ES256, RSA key", ES256, keys[RS256].Public(), false},
		{"ES256, Ed25519 key", ES256, keys[EdDSA].Public(), false},
		{"RS256, EC key", RS256, keys[ES256].Public(), false},
		{"PS256, EC key", PS256, keys[ES256].Public(), false},
		{"EdDSA, RSA key", EdDSA, keys[RS256].Public(), false},
		{"ES256, P-384", ES256, p384.Public(), false},
		{"RS256, 1024 bits", RS256, small.Public(), false},
		{"RS256, 4097 bits", RS256, huge, false},
		{"EdDSA, short key", EdDSA, ed25519.PublicKey("short"), false},
		{"HS256, a secret", "HS256", []byte("secret"), false},
		{"HS256, EC key", "HS256", keys[ES256].Public(), false},
		{"none", "none", keys[ES256].Public(), false},
		{"none, no key", "none", nil, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := fits(row.alg, row.public); got != row.fits {
				t.Errorf("fits = %v", got)
			}
			_, err := PublicJWK(row.alg, "k", row.public)
			if got := err == nil; got != row.fits {
				t.Errorf("PublicJWK: %v", err)
			}
			_, err = NewSigner(row.alg, "k", publicOnly{row.public})
			if got := err == nil; got != (row.fits && row.alg != PS256) {
				t.Errorf("NewSigner: %v", err)
			}
			// Such a key must not get as far as arithmetic, or a panic in it.
			if !row.fits && (VerifyKey{row.alg, row.public}).verify([]byte("input"), make([]byte, 64)) {
				t.Error("verified a signature")
			}
		})
	}
}

// publicOnly is a signer that only has a public half.
type publicOnly struct{ public crypto.PublicKey }

func (p publicOnly) Public() crypto.PublicKey { return p.public }

func (publicOnly) Sign(_ io.Reader, _ []byte, _ crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("no private half")
}
