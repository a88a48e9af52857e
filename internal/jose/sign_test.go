package jose

import (
	"crypto"
	"errors"
	"io"
	"math/big"
	"strings"
	"sync"
	"testing"
)

func TestWhatSignMakesOthersVerify(t *testing.T) {
	const claims = `{"iss":"https://login.example.com","aud":["a","b"],"nested":{"iss":1}}`
	for _, alg := range ourAlgs {
		t.Run(string(alg), func(t *testing.T) {
			signer, keys := newPair(t, alg)
			if signer.Alg() != alg || keys[signer.KeyID()].Public == nil {
				t.Errorf("signer says %s, %s", signer.Alg(), signer.KeyID())
			}
			token := mustSign(t, signer, "at+jwt", claims)
			got, head, err := judge(token, alg, signer.key.Public())
			if err != nil || got != claims {
				t.Errorf("go-jose: %q, %v", got, err)
			}
			if head.Algorithm != string(alg) || head.KeyID != signer.KeyID() || head.ExtraHeaders["typ"] != "at+jwt" || len(head.ExtraHeaders) != 1 {
				t.Errorf("go-jose reads the header as %+v", head)
			}
			own, err := VerifyOwn(token, "at+jwt", keys)
			if err != nil || string(own) != claims {
				t.Errorf("VerifyOwn: %q, %v", own, err)
			}
			jwk := mustJWK(t, alg, signer.KeyID(), signer.key.Public())
			foreign, _, err := VerifyForeign(token, Use{[]Alg{alg}, []string{"at+jwt"}}, jwk)
			if err != nil || string(foreign) != claims {
				t.Errorf("VerifyForeign: %q, %v", foreign, err)
			}
		})
	}
}

func TestSignRefusesWhatVerifyOwnWould(t *testing.T) {
	signer, keys := newPair(t, EdDSA)
	rows := []struct {
		name, typ, claims string
		want              error
	}{
		{"no typ", "", `{}`, errName},
		{"typ that writes a member", `JWT","crit":"x`, `{}`, errName},
		{"typ with a space", "at jwt", `{}`, errName},
		{"typ outside ASCII", "jwté", `{}`, errName},
		{"no claims", "JWT", ``, errUnclaimed},
		{"claims in a list", "JWT", `[{}]`, errUnclaimed},
		{"duplicate claim", "JWT", `{"sub":"a","sub":"b"}`, errUnclaimed},
		{"too long", "JWT", `{"a":"` + strings.Repeat("x", maxToken*3/4) + `"}`, errTooLong},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			token, err := signer.Sign(row.typ, []byte(row.claims))
			if token != "" || !errors.Is(err, row.want) {
				t.Errorf("Sign = %q, %v; want %v", token, err, row.want)
			}
		})
	}
	longest := strings.Repeat("x", (maxToken-len(mustSign(t, signer, "JWT", `{"a":""}`)))*3/4)
	token := mustSign(t, signer, "JWT", `{"a":"`+longest+`"}`)
	if _, err := VerifyOwn(token, "JWT", keys); err != nil || maxToken-len(token) > 4 {
		t.Errorf("the longest token, %d bytes: %v", len(token), err)
	}
}

func TestKeyIDsAreNames(t *testing.T) {
	key, _ := newKey(t, EdDSA)
	for _, keyID := range []string{"", `a"b`, `a\`, "a b", "a\n", "é"} {
		if _, err := NewSigner(EdDSA, keyID, key); !errors.Is(err, errName) {
			t.Errorf("NewSigner, id %q: error = %v; want %v", keyID, err, errName)
		}
		if _, err := PublicJWK(EdDSA, keyID, key.Public()); !errors.Is(err, errName) {
			t.Errorf("PublicJWK, id %q: error = %v; want %v", keyID, err, errName)
		}
	}
}

func TestSignerIsSafeForConcurrentUse(t *testing.T) {
	signer, keys := newPair(t, ES256)
	var group sync.WaitGroup
	for _, typ := range []string{"at+jwt", "JWT", "logout+jwt", "at+jwt"} {
		group.Go(func() {
			for range 20 {
				token, err := signer.Sign(typ, []byte(`{}`))
				if err != nil {
					t.Error(err)
				}
				if _, err := VerifyOwn(token, typ, keys); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// The other s of an ES256 signature is valid for everybody else, and would be a second spelling.
func TestES256SignaturesHaveNoTwin(t *testing.T) {
	signer, keys := newPair(t, ES256)
	for range 32 { // half of all signatures have the higher s before we look
		token := mustSign(t, signer, "JWT", `{}`)
		if _, err := VerifyOwn(token, "JWT", keys); err != nil {
			t.Fatal(err)
		}
		part, _ := split(token)
		s := new(big.Int).SetBytes(part.signature[32:])
		s.Sub(orderP256, s).FillBytes(part.signature[32:])
		twin := part.input + "." + b64.EncodeToString(part.signature)
		if _, _, err := judge(twin, ES256, signer.key.Public()); err != nil {
			t.Fatalf("go-jose refuses the twin, so this test proves nothing: %v", err)
		}
		_, err := VerifyOwn(twin, "JWT", keys)
		wantRefused(t, err, errSignature)
	}
}

// oddSigner stands for an HSM that answers something else than a signature.
type oddSigner struct {
	crypto.Signer
	answer string
	err    error
}

func (o oddSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return []byte(o.answer), o.err
}

func TestSignReportsAnOddSigner(t *testing.T) {
	key, keyID := newKey(t, ES256)
	broken := errors.New("device removed")
	rows := []struct {
		name, answer string
		err, want    error
	}{
		{"fails", "", broken, broken},
		{"nothing", "", nil, errDER},
		{"no DER", strings.Repeat("x", 64), nil, errDER},
		{"trailing data", "\x30\x06\x02\x01\x01\x02\x01\x01x", nil, errDER},
		{"r is zero", "\x30\x06\x02\x01\x00\x02\x01\x01", nil, errDER},
		{"s is negative", "\x30\x06\x02\x01\x01\x02\x01\xff", nil, errDER},
		{"s is too large", "\x30\x26\x02\x01\x01\x02\x21\x01" + strings.Repeat("\x00", 32), nil, errDER},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			signer, err := NewSigner(ES256, keyID, oddSigner{key, row.answer, row.err})
			if err != nil {
				t.Fatal(err)
			}
			if token, err := signer.Sign("JWT", []byte(`{}`)); token != "" || !errors.Is(err, row.want) {
				t.Errorf("Sign = %q, %v; want %v", token, err, row.want)
			}
		})
	}
}

func TestHashHalf(t *testing.T) {
	rows := []struct {
		alg         Alg
		value, want string
	}{
		// OpenID Connect Core A.4 and A.6: at_hash, c_hash.
		{RS256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "77QmUPtjPfzWtF2AnpK9RQ"},
		{ES256, "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk", "LDktKdoQak3Pk0cnXxCltA"},
		// The first half of SHA-512("abc"), FIPS 180-2 C.1.
		{EdDSA, "abc", "3a81oZNherrMQXNJriBBMRLm-k6JqX6iCp7u5ktV05o"},
	}
	for _, row := range rows {
		if got := HashHalf(row.alg, row.value); got != row.want {
			t.Errorf("HashHalf(%s, %q) = %q; want %q", row.alg, row.value, got, row.want)
		}
	}
}
