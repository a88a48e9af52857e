package jose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/json"
	"strings"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"
	strict "github.com/go-jose/go-jose/v4/json"
)

// fixedPairs has the same keys in every process, as fuzzing runs in several.
func fixedPairs(t testing.TB) ([]*Signer, Keys) {
	t.Helper()
	seed := []byte("a seed for tests, thirty-two byte")[:32]
	ec, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed)
	if err != nil {
		t.Fatal(err)
	}
	var signers []*Signer
	keys := Keys{}
	for alg, key := range map[Alg]crypto.Signer{ES256: ec, EdDSA: ed25519.NewKeyFromSeed(seed)} {
		signer, err := NewSigner(alg, string(alg)+"-key", key)
		if err != nil {
			t.Fatal(err)
		}
		signers = append(signers, signer)
		keys[signer.KeyID()] = VerifyKey{alg, key.Public()}
	}
	return signers, keys
}

// Whatever Sign signs, all three verifiers read back unchanged; whatever it writes is unambiguous to
// a parser that refuses duplicates.
func FuzzSign(f *testing.F) {
	f.Add("at+jwt", []byte(`{"sub":"alice"}`))
	f.Add("JWT", benchClaims)
	f.Add("JWT", []byte(`{"a":{"a":[{"\u0061":"\\\""}]}}`))
	f.Add(`a","b":"c`, []byte(`{"a":1,"A":2}`))
	signers, keys := fixedPairs(f)
	f.Fuzz(func(t *testing.T, typ string, claims []byte) {
		for _, signer := range signers {
			token, err := signer.Sign(typ, claims)
			if err != nil {
				continue
			}
			if own, err := VerifyOwn(token, typ, keys); err != nil || string(own) != string(claims) {
				t.Errorf("VerifyOwn: %q, %v", own, err)
			}
			jwk := mustJWK(t, signer.Alg(), signer.KeyID(), signer.key.Public())
			foreign, _, err := VerifyForeign(token, Use{[]Alg{signer.Alg()}, []string{typ}}, jwk)
			if err != nil || string(foreign) != string(claims) {
				t.Errorf("VerifyForeign: %q, %v", foreign, err)
			}
			judged, head, err := judge(token, signer.Alg(), signer.key.Public())
			if err != nil || judged != string(claims) || head.ExtraHeaders[gojose.HeaderType] != typ {
				t.Errorf("go-jose: %q, %+v, %v", judged, head, err)
			}
			if strings.Count(token, ".") != 2 || len(token) > maxToken {
				t.Errorf("token = %q", token)
			}
		}
	})
}

// VerifyOwn accepts nothing but what Sign made: the text under the signature is one of the seeds',
// and the library agrees.
func FuzzVerifyOwn(f *testing.F) {
	signers, keys := fixedPairs(f)
	made := map[string]string{} // typ by text under the signature
	for _, signer := range signers {
		for _, typ := range []string{"at+jwt", "JWT"} {
			token := mustSign(f, signer, typ, `{"sub":"alice"}`)
			made[token[:strings.LastIndex(token, ".")]] = typ
			f.Add(token, typ)
			f.Add(token+"=", typ)
			f.Add(token+"\n", typ)
		}
	}
	f.Add(enc(`{"alg":"none","kid":"EdDSA-key","typ":"JWT"}`)+"."+enc(`{}`)+".", "JWT")
	f.Fuzz(func(t *testing.T, token, typ string) {
		claims, err := VerifyOwn(token, typ, keys)
		if err != nil {
			wantRefused(t, err, ErrToken)
			return
		}
		if made[token[:strings.LastIndex(token, ".")]] != typ {
			t.Errorf("accepted as %q: %q", typ, token)
		}
		for _, signer := range signers {
			if judged, _, err := judge(token, signer.Alg(), signer.key.Public()); err == nil && judged == string(claims) {
				return
			}
		}
		t.Errorf("go-jose refuses %q", token)
	})
}

// VerifyForeign accepts only genuine tokens, and never panics.
func FuzzVerifyForeign(f *testing.F) {
	signers, _ := fixedPairs(f)
	var keys []JWK
	made := map[string]bool{}
	for _, signer := range signers {
		keys = append(keys, mustJWK(f, signer.Alg(), signer.KeyID(), signer.key.Public()))
		for _, header := range []string{`{"alg":"` + string(signer.Alg()) + `"}`, `{"alg":"ES256","crit":["b64"],"b64":false}`, `{"alg":"EdDSA","jwk":{}}`} {
			token := forge(f, signer, header, `{"sub":"app"}`)
			made[token[:strings.LastIndex(token, ".")]] = true
			f.Add(token)
		}
	}
	f.Fuzz(func(t *testing.T, token string) {
		_, _, err := VerifyForeign(token, Use{[]Alg{ES256, EdDSA}, []string{"", "JWT"}}, keys...)
		if err != nil {
			wantRefused(t, err, ErrToken)
		} else if !made[token[:strings.LastIndex(token, ".")]] {
			t.Errorf("accepted: %q", token)
		}
	})
}

// What oneObject lets through has one reading: the library's parser, which refuses duplicates and
// minds the case, sees as many members as encoding/json.
func FuzzOneObject(f *testing.F) {
	f.Add([]byte(`{"a":{"a":[1,{"b":"\\"}]},"b":"\u0061"}`))
	f.Add([]byte(`{"a":1,"\u0061":2}`))
	f.Add([]byte(`[{"a":1}]`))
	f.Add(benchClaims)
	f.Fuzz(func(t *testing.T, data []byte) {
		var loose, judged map[string]any
		looseDecoder, strictDecoder := json.NewDecoder(bytes.NewReader(data)), strict.NewDecoder(bytes.NewReader(data))
		looseDecoder.UseNumber() // 1e999 is one reading, too
		strictDecoder.SetNumberType(strict.UnmarshalJSONNumber)
		looseErr, strictErr := looseDecoder.Decode(&loose), strictDecoder.Decode(&judged)
		if oneObject(data) && (looseErr != nil || strictErr != nil || len(loose) != len(judged)) {
			t.Errorf("let %q through; encoding/json: %v, strict: %v", data, looseErr, strictErr)
		}
	})
}
