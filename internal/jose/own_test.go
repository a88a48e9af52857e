package jose

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
)

// own is a world with one ES256 and one RS256 key of ours, and a valid token of the former.
type own struct {
	ec, rsa *Signer
	keys    Keys
	token   string
}

func newOwn(t testing.TB) own {
	t.Helper()
	ec, keys := newPair(t, ES256)
	rsa, more := newPair(t, RS256)
	keys[rsa.KeyID()] = more[rsa.KeyID()]
	return own{ec, rsa, keys, mustSign(t, ec, "at+jwt", ownClaims)}
}

const ownClaims = `{"sub":"alice"}`

// verify expects the untouched token to be accepted, then reports what happens to the spoiled one.
func (o own) verify(t *testing.T, token string) error {
	t.Helper()
	if _, err := VerifyOwn(o.token, "at+jwt", o.keys); err != nil {
		t.Fatalf("the valid token: %v", err)
	}
	_, err := VerifyOwn(token, "at+jwt", o.keys)
	return err
}

func TestD11AlgorithmConfusion(t *testing.T) {
	o := newOwn(t)
	kid := `"kid":"` + o.ec.KeyID() + `"`
	hs256 := `{"alg":"HS256",` + kid + `,"typ":"at+jwt"}`
	rows := []struct {
		name, token string
		want        error
	}{
		{"none, no signature", enc(`{"alg":"none",`+kid+`,"typ":"at+jwt"}`) + "." + enc(ownClaims) + ".", errHeader},
		{"None", forge(t, o.ec, `{"alg":"None",`+kid+`,"typ":"at+jwt"}`, ownClaims), errHeader},
		{"empty alg", forge(t, o.ec, `{"alg":"",`+kid+`,"typ":"at+jwt"}`, ownClaims), errHeader},
		{"no alg", forge(t, o.ec, `{`+kid+`,"typ":"at+jwt"}`, ownClaims), errHeader},
		{"our header, no signature", o.token[:strings.LastIndex(o.token, ".")+1], errSignature},
		{"HS256 keyed with DER", hmacToken(hs256, der(t, o.ec)), errHeader},
		{"HS256 keyed with PEM", hmacToken(hs256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der(t, o.ec)})), errHeader},
		{"HS256 keyed with the JWK Set", hmacToken(hs256, MarshalSet([]JWK{mustJWK(t, ES256, "k", o.ec.key.Public())})), errHeader},
		{"ES256 header over an HMAC", hmacToken(header(ES256, o.ec.KeyID(), "at+jwt"), der(t, o.ec)), errSignature},
		{"RS256 to the EC key", forge(t, o.rsa, header(RS256, o.ec.KeyID(), "at+jwt"), ownClaims), errHeader},
		{"ES256 to the RSA key", forge(t, o.ec, header(ES256, o.rsa.KeyID(), "at+jwt"), ownClaims), errHeader},
		{"RSA signature under an ES256 header", forge(t, o.rsa, header(ES256, o.ec.KeyID(), "at+jwt"), ownClaims), errSignature},
		{"duplicate alg", forge(t, o.ec, `{"alg":"none","alg":"ES256",`+kid+`,"typ":"at+jwt"}`, ownClaims), errHeader},
		{"duplicate alg at the end", forge(t, o.ec, `{"alg":"ES256",`+kid+`,"typ":"at+jwt","alg":"none"}`, ownClaims), errHeader},
		{"crit", forge(t, o.ec, `{"alg":"ES256",`+kid+`,"typ":"at+jwt","crit":["exp"]}`, ownClaims), errHeader},
		{"b64 is false", forge(t, o.ec, `{"alg":"ES256","b64":false,"crit":["b64"],`+kid+`,"typ":"at+jwt"}`, ownClaims), errHeader},
		{"zip", forge(t, o.ec, `{"alg":"ES256",`+kid+`,"typ":"at+jwt","zip":"DEF"}`, ownClaims), errHeader},
		{"other order of members", forge(t, o.ec, `{`+kid+`,"alg":"ES256","typ":"at+jwt"}`, ownClaims), errHeader},
		{"whitespace in the header", forge(t, o.ec, `{ "alg":"ES256",`+kid+`,"typ":"at+jwt"}`, ownClaims), errHeader},
		{"whitespace after the header", forge(t, o.ec, header(ES256, o.ec.KeyID(), "at+jwt")+"\n", ownClaims), errHeader},
		{"duplicate claim", forge(t, o.ec, header(ES256, o.ec.KeyID(), "at+jwt"), `{"sub":"alice","sub":"bob"}`), errClaims},
		{"claims in a list", forge(t, o.ec, header(ES256, o.ec.KeyID(), "at+jwt"), `[]`), errClaims},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { wantRefused(t, o.verify(t, row.token), row.want) })
	}
}

// A key that is registered for RS256 must not verify PS256, nor the other way round.
func TestD11OneKeyOneAlgorithm(t *testing.T) {
	o := newOwn(t)
	token := mustSign(t, o.rsa, "at+jwt", ownClaims)
	keys := Keys{o.rsa.KeyID(): {PS256, o.rsa.key.Public()}}
	_, err := VerifyOwn(token, "at+jwt", keys)
	wantRefused(t, err, errHeader)
	_, err = VerifyOwn(forge(t, o.rsa, header(PS256, o.rsa.KeyID(), "at+jwt"), ownClaims), "at+jwt", keys)
	wantRefused(t, err, errSignature)
}

func TestD12KeyFromTheToken(t *testing.T) {
	o := newOwn(t)
	attacker, _ := newPair(t, ES256)
	jwk := strings.TrimSuffix(strings.TrimPrefix(string(MarshalSet([]JWK{mustJWK(t, ES256, "k", attacker.key.Public())})), `{"keys":[`), `]}`)
	kid := `"kid":"` + o.ec.KeyID() + `"`
	rows := []struct {
		name, header string
		signer       *Signer
		want         error
	}{
		{"no kid", `{"alg":"ES256","typ":"at+jwt"}`, o.ec, errKey},
		{"empty kid", header(ES256, "", "at+jwt"), o.ec, errKey},
		{"unknown kid", header(ES256, attacker.KeyID(), "at+jwt"), attacker, errKey},
		{"kid with a path", header(ES256, "../../dev/null", "at+jwt"), attacker, errKey},
		{"kid with SQL", header(ES256, "x' OR '1'='1", "at+jwt"), attacker, errKey},
		{"kid is a number", `{"alg":"ES256","kid":1,"typ":"at+jwt"}`, o.ec, errKey},
		{"kid with an escape", `{"alg":"ES256","kid":"\u0041","typ":"at+jwt"}`, o.ec, errKey},
		{"duplicate kid", `{"alg":"ES256",` + kid + `,"kid":"x","typ":"at+jwt"}`, o.ec, errHeader},
		{"our kid, attacker's signature", header(ES256, o.ec.KeyID(), "at+jwt"), attacker, errSignature},
		{"jwk", `{"alg":"ES256",` + kid + `,"typ":"at+jwt","jwk":` + jwk + `}`, attacker, errHeader},
		{"jwk before kid", `{"alg":"ES256","jwk":` + jwk + `,` + kid + `,"typ":"at+jwt"}`, attacker, errKey},
		{"jku", `{"alg":"ES256",` + kid + `,"typ":"at+jwt","jku":"https://evil.example/jwks"}`, o.ec, errHeader},
		{"x5u", `{"alg":"ES256",` + kid + `,"typ":"at+jwt","x5u":"https://evil.example/cert"}`, o.ec, errHeader},
		{"x5c", `{"alg":"ES256",` + kid + `,"typ":"at+jwt","x5c":["MIIB"]}`, o.ec, errHeader},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			wantRefused(t, o.verify(t, forge(t, row.signer, row.header, ownClaims)), row.want)
		})
	}
}

func TestD14TypeConfusion(t *testing.T) {
	o := newOwn(t)
	typs := []string{"at+jwt", "JWT", "logout+jwt", "dpop+jwt", "oauth-id-jag+jwt"}
	for _, made := range typs {
		token := mustSign(t, o.ec, made, ownClaims)
		for _, wanted := range append(typs, "", "AT+JWT", "application/at+jwt") {
			_, err := VerifyOwn(token, wanted, o.keys)
			if made == wanted && err != nil {
				t.Errorf("%s: %v", made, err)
			}
			if made != wanted {
				wantRefused(t, err, errHeader)
			}
		}
	}
	noTyp := forge(t, o.ec, `{"alg":"ES256","kid":"`+o.ec.KeyID()+`"}`, ownClaims)
	for _, wanted := range []string{"at+jwt", "JWT", ""} {
		_, err := VerifyOwn(noTyp, wanted, o.keys)
		wantRefused(t, err, errHeader)
	}
}

func TestD16OversizeAndShape(t *testing.T) {
	o := newOwn(t)
	segments := strings.Split(o.token, ".")
	rows := []struct {
		name, token string
		want        error
	}{
		{"empty", "", errShape},
		{"no dot", segments[0], errShape},
		{"one dot", segments[0] + "." + segments[1], errShape},
		{"three dots", o.token + ".", errShape},
		{"five parts", strings.Repeat("e30.", 4) + "e30", errShape},
		{"a thousand dots", strings.Repeat(".", 1000), errShape},
		{"16 KiB of dots", strings.Repeat(".", maxToken), errShape},
		{"one byte above 16 KiB", strings.Repeat("A", maxToken+1), errSize},
		{"3 MB token", forge(t, o.ec, header(ES256, o.ec.KeyID(), "at+jwt"), `{"a":"`+strings.Repeat("x", 3<<20)+`"}`), errSize},
		{"3 MB of dots", strings.Repeat(".", 3<<20), errSize},
		{"nothing but dots", "..", errKey},
		{"JSON serialization", `{"payload":"e30","protected":"e30","signature":"e30"}`, errShape},
		{"PBES2 in a JWE", strings.Repeat(enc(`{"alg":"PBES2-HS256+A128KW","p2c":1000000000}`)+".", 4) + "e30", errShape},
		{"space before", " " + o.token, errShape},
		{"line break after", o.token + "\n", errShape},
		{"carriage return within", o.token[:10] + "\r" + o.token[10:], errShape},
		{"line break in the claims", segments[0] + "." + segments[1][:4] + "\n" + segments[1][4:] + "." + segments[2], errShape},
		{"padded signature", o.token + "==", errShape},
		{"padded header", segments[0] + "=." + segments[1] + "." + segments[2], errShape},
		{"standard alphabet", segments[0] + "." + segments[1] + "." + strings.Repeat("+/", 43), errShape},
		{"search for duplicates, unsigned", swapClaims(o.token, `{"sub":1,"sub":2}`), errSignature},
		{"truncated", o.token[:len(o.token)-6], errSignature},
		{"extended", o.token + "AAAA", errSignature},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { wantRefused(t, o.verify(t, row.token), row.want) })
	}
}

// An id_token_hint is an ID Token of ours, however old, and nothing that looks like one.
func TestI07ForgedHint(t *testing.T) {
	o := newOwn(t)
	attacker, _ := newPair(t, ES256)
	const expired = `{"sub":"alice","exp":1}`
	hint := mustSign(t, o.ec, "JWT", expired)
	if claims, err := VerifyOwn(hint, "JWT", o.keys); err != nil || string(claims) != expired {
		t.Fatalf("a genuine hint: %s, %v", claims, err)
	}
	segments := strings.Split(hint, ".")
	rows := []struct {
		name, token string
		want        error
	}{
		{"none", enc(`{"alg":"none","typ":"JWT"}`) + "." + enc(expired) + ".", errKey},
		{"other key", forge(t, attacker, header(ES256, o.ec.KeyID(), "JWT"), expired), errSignature},
		{"other person", segments[0] + "." + enc(`{"sub":"bob"}`) + "." + segments[2], errSignature},
		{"an access token", mustSign(t, o.ec, "at+jwt", expired), errHeader},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := VerifyOwn(row.token, "JWT", o.keys)
			wantRefused(t, err, row.want)
		})
	}
}

// Whatever one changes about a token, it is no longer a token: header, claims and signature alike,
// the unused bits of a last character included.
func TestEveryBitFlipIsRefused(t *testing.T) {
	for _, alg := range ourAlgs {
		signer, keys := newPair(t, alg)
		for _, claims := range []string{`{"a":1}`, `{"a":12}`, `{"a":123}`} { // all three lengths of a last group
			token := []byte(mustSign(t, signer, "JWT", claims))
			for i := range token {
				for bit := range 8 {
					token[i] ^= 1 << bit
					_, err := VerifyOwn(string(token), "JWT", keys)
					wantRefused(t, err, ErrToken)
					token[i] ^= 1 << bit
				}
			}
			if _, err := VerifyOwn(string(token), "JWT", keys); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestD16LastCharacterHasOneSpelling(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	o := newOwn(t)
	last := strings.IndexByte(alphabet, o.token[len(o.token)-1]) // 64 bytes leave four unused bits
	for bits := 1; bits < 16; bits++ {
		other := o.token[:len(o.token)-1] + string(alphabet[last|bits])
		wantRefused(t, o.verify(t, other), errShape)
	}
}

// The text of a refusal tells nothing about the token.
func TestRefusalsHoldNothingOfTheToken(t *testing.T) {
	o := newOwn(t)
	for _, token := range []string{
		forge(t, o.ec, header(ES256, "s3cr3t", "at+jwt"), ownClaims),
		forge(t, o.ec, `{"alg":"s3cr3t","kid":"`+o.ec.KeyID()+`"}`, ownClaims),
		forge(t, o.ec, `{"alg":["s3cr3t"]}`, ownClaims),
		"s3cr3t.s3cr3t=.s3cr3t",
	} {
		_, own := VerifyOwn(token, "at+jwt", o.keys)
		_, _, foreign := VerifyForeign(token, Use{[]Alg{ES256}, []string{"at+jwt"}}, mustJWK(t, ES256, "k", o.ec.key.Public()))
		for _, err := range []error{own, foreign} {
			wantRefused(t, err, ErrToken)
			if strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("error quotes the token: %v", err)
			}
		}
	}
}

func hmacToken(header string, key []byte) string {
	input := enc(header) + "." + enc(ownClaims)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(input))
	return input + "." + b64.EncodeToString(mac.Sum(nil))
}

func der(t testing.TB, signer *Signer) []byte {
	t.Helper()
	data, err := x509.MarshalPKIXPublicKey(signer.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return data
}
