package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The example of RFC 7515 A.3: whitespace in the claims, no kid, no typ.
func TestVerifyForeignReadsTheRFC(t *testing.T) {
	const token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ." +
		"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	x, _ := b64.DecodeString("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")
	y, _ := b64.DecodeString("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
	if err != nil {
		t.Fatal(err)
	}
	claims, header, err := VerifyForeign(token, Use{[]Alg{ES256}, []string{""}}, mustJWK(t, ES256, "k", key))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Header{Alg: ES256}, header); diff != "" {
		t.Error(diff)
	}
	if want := "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"; string(claims) != want {
		t.Errorf("claims = %q", claims)
	}
}

func TestVerifyForeignReadsPS256(t *testing.T) {
	key, _ := newKey(t, RS256)
	input := enc(`{"alg":"PS256","kid":"k"}`) + "." + enc(`{"iss":"app"}`)
	digest := sha256.Sum256([]byte(input))
	signature, err := key.Sign(rand.Reader, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	if err != nil {
		t.Fatal(err)
	}
	token := input + "." + b64.EncodeToString(signature)
	jwk := mustJWK(t, PS256, "k", key.Public())
	if _, _, err := VerifyForeign(token, Use{[]Alg{PS256}, []string{""}}, jwk); err != nil {
		t.Error(err)
	}
	_, _, err = VerifyForeign(token, Use{[]Alg{ES256, RS256}, []string{""}}, jwk)
	wantRefused(t, err, errHeader)
}

// foreign is an app that signs with one ES256 key, and registered an RS256 key as well.
type foreign struct {
	ec, rsa *Signer
	use     Use
	keys    []JWK
}

func newForeign(t testing.TB) foreign {
	t.Helper()
	ec, _ := newPair(t, ES256)
	rsa, _ := newPair(t, RS256)
	return foreign{
		ec, rsa,
		Use{[]Alg{ES256, EdDSA, PS256}, []string{"client-authentication+jwt", "JWT", ""}},
		[]JWK{mustJWK(t, ES256, ec.KeyID(), ec.key.Public()), mustJWK(t, RS256, rsa.KeyID(), rsa.key.Public())},
	}
}

const foreignClaims = `{"iss":"app","sub":"app"}`

func TestVerifyForeignAccepts(t *testing.T) {
	f := newForeign(t)
	kid := `"kid":"` + f.ec.KeyID() + `"`
	for name, header := range map[string]string{
		"its own typ":              `{"alg":"ES256",` + kid + `,"typ":"client-authentication+jwt"}`,
		"typ JWT":                  `{"alg":"ES256",` + kid + `,"typ":"JWT"}`,
		"no typ":                   `{"alg":"ES256",` + kid + `}`,
		"no kid, one possible key": `{"alg":"ES256"}`,
		"jku and x5u, unfollowed":  `{"alg":"ES256","jku":"https://evil.example","x5u":"https://evil.example"}`,
		"whitespace":               "{\n  \"typ\": \"JWT\",\n  \"alg\": \"ES256\"\n}",
	} {
		claims, _, err := VerifyForeign(forge(t, f.ec, header, foreignClaims), f.use, f.keys...)
		if err != nil || string(claims) != foreignClaims {
			t.Errorf("%s: %s, %v", name, claims, err)
		}
	}
}

func TestD11D12D14ForeignTokens(t *testing.T) {
	f := newForeign(t)
	attacker, _ := newPair(t, ES256)
	jwk := strings.TrimSuffix(strings.TrimPrefix(string(MarshalSet([]JWK{mustJWK(t, ES256, "k", attacker.key.Public())})), `{"keys":[`), `]}`)
	kid := `"kid":"` + f.ec.KeyID() + `"`
	valid := `{"alg":"ES256",` + kid + `}`
	rows := []struct {
		name, token string
		want        error
	}{
		{"D11 none", enc(`{"alg":"none",`+kid+`}`) + "." + enc(foreignClaims) + ".", errHeader},
		{"D11 None", forge(t, f.ec, `{"alg":"None",`+kid+`}`, foreignClaims), errHeader},
		{"D11 no alg", forge(t, f.ec, `{`+kid+`}`, foreignClaims), errHeader},
		{"D11 ALG", forge(t, f.ec, `{"ALG":"ES256",`+kid+`}`, foreignClaims), errHeader},
		{"D11 HS256 keyed with the public key", hmacToken(`{"alg":"HS256",`+kid+`}`, der(t, f.ec)), errHeader},
		{"D11 RS256, a key of its own, but not in this use", forge(t, f.rsa, header(RS256, f.rsa.KeyID(), "JWT"), foreignClaims), errHeader},
		{"D11 EdDSA naming the EC key", forge(t, f.ec, `{"alg":"EdDSA",`+kid+`}`, foreignClaims), errKey},
		{"D11 PS256 naming the RS256 key", forge(t, f.rsa, header(PS256, f.rsa.KeyID(), "JWT"), foreignClaims), errKey},
		{"D11 duplicate alg", forge(t, f.ec, `{"alg":"none","alg":"ES256",`+kid+`}`, foreignClaims), errHeader},
		{"D11 duplicate alg but for case", forge(t, f.ec, `{"alg":"ES256","Alg":"none",`+kid+`}`, foreignClaims), errHeader},
		{"D11 unknown crit", forge(t, f.ec, `{"alg":"ES256",`+kid+`,"crit":["x"],"x":1}`, foreignClaims), errHeader},
		{"D11 b64 in crit", forge(t, f.ec, `{"alg":"ES256",`+kid+`,"crit":["b64"],"b64":true}`, foreignClaims), errHeader},
		{"D11 b64 is false", forge(t, f.ec, `{"alg":"ES256",`+kid+`,"b64":false}`, foreignClaims), errHeader},
		{"D12 unknown kid", forge(t, f.ec, `{"alg":"ES256","kid":"x"}`, foreignClaims), errKey},
		{"D12 duplicate kid", forge(t, f.ec, `{"alg":"ES256",`+kid+`,"kid":"x"}`, foreignClaims), errHeader},
		{"D12 kid is a number", forge(t, f.ec, `{"alg":"ES256","kid":1}`, foreignClaims), errHeader},
		{"D12 attacker's key", forge(t, attacker, valid, foreignClaims), errSignature},
		{"D12 attacker's key as jwk", forge(t, attacker, `{"alg":"ES256",`+kid+`,"jwk":`+jwk+`}`, foreignClaims), errHeader},
		{"D12 jwk, otherwise genuine", forge(t, f.ec, `{"alg":"ES256",`+kid+`,"jwk":`+jwk+`}`, foreignClaims), errHeader},
		{"D12 attacker's key behind jku", forge(t, attacker, `{"alg":"ES256",`+kid+`,"jku":"https://evil.example"}`, foreignClaims), errSignature},
		{"D12 x5c that is no certificate", forge(t, f.ec, `{"alg":"ES256",`+kid+`,"x5c":["MIIB"]}`, foreignClaims), errHeader},
		{"D14 typ of another use", forge(t, f.ec, `{"alg":"ES256",`+kid+`,"typ":"dpop+jwt"}`, foreignClaims), errHeader},
		{"D14 typ in other case", forge(t, f.ec, `{"alg":"ES256",`+kid+`,"typ":"jwt"}`, foreignClaims), errHeader},
		{"D14 typ is a list", forge(t, f.ec, `{"alg":"ES256",`+kid+`,"typ":["JWT"]}`, foreignClaims), errHeader},
		{"duplicate claim", forge(t, f.ec, valid, `{"sub":"a","sub":"b"}`), errClaims},
		{"claims are text", forge(t, f.ec, valid, `app`), errClaims},
		{"other claims under the signature", swapClaims(forge(t, f.ec, valid, foreignClaims), `{"iss":"other"}`), errSignature},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			claims, _, err := VerifyForeign(row.token, f.use, f.keys...)
			wantRefused(t, err, row.want)
			if claims != nil {
				t.Errorf("claims of a refused token: %s", claims)
			}
		})
	}
}

func TestD16ForeignOversizeAndShape(t *testing.T) {
	f := newForeign(t)
	attacker, _ := newPair(t, ES256)
	token := forge(t, f.ec, `{"alg":"ES256"}`, foreignClaims)
	rows := []struct {
		name, token string
		want        error
	}{
		{"a thousand dots", strings.Repeat(".", 1000), errShape},
		{"3 MB token", forge(t, f.ec, `{"alg":"ES256"}`, `{"a":"`+strings.Repeat("x", 3<<20)+`"}`), errSize},
		{"line break", token + "\n", errShape},
		{"padding", token + "==", errShape},
		{"four parts", token + ".e30", errShape},
		{"unused bits set", token[:len(token)-1] + string(token[len(token)-1]+1), errShape},
		{"search for duplicates, unsigned", forge(t, attacker, `{"alg":"ES256","ALG":"none"}`, foreignClaims), errSignature},
		{"header of 12 KB of members", forge(t, f.ec, `{"alg":"ES256",`+members512[1:], foreignClaims), errHeader},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, _, err := VerifyForeign(row.token, f.use, f.keys...)
			wantRefused(t, err, row.want)
		})
	}
}

func TestD11AllowListIsPerUse(t *testing.T) {
	f := newForeign(t)
	token := forge(t, f.ec, `{"alg":"ES256"}`, foreignClaims)
	none := enc(`{"alg":"none"}`) + "." + enc(foreignClaims) + "."
	hs256 := hmacToken(`{"alg":"HS256"}`, der(t, f.ec))
	second, _ := newPair(t, ES256)
	rows := []struct {
		name, token string
		use         Use
		keys        []JWK
		want        error
	}{
		{"zero use", token, Use{}, f.keys, errHeader},
		{"no algorithm", token, Use{Typs: []string{""}}, f.keys, errHeader},
		{"no typ", token, Use{Algs: []Alg{ES256}}, f.keys, errHeader},
		{"no keys", token, f.use, nil, errKey},
		{"a zero key", token, f.use, []JWK{{}}, errKey},
		{"two keys, no kid", token, f.use, append(f.keys, mustJWK(t, ES256, "2", second.key.Public())), errKey},
		{"same kid twice", token, f.use, append(f.keys, f.keys...), errKey},
		{"none, were it listed", none, Use{[]Alg{"none"}, []string{""}}, f.keys, errKey},
		{"HS256, were it listed", hs256, Use{[]Alg{"HS256"}, []string{""}}, f.keys, errKey},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, _, err := VerifyForeign(row.token, row.use, row.keys...)
			wantRefused(t, err, row.want)
		})
	}
}

func swapClaims(token, claims string) string {
	segments := strings.Split(token, ".")
	return segments[0] + "." + enc(claims) + "." + segments[2]
}
