package jose

import "testing"

// 400 bytes, about what an access token carries.
var benchClaims = []byte(`{"iss":"https://login.example.com","sub":"005xx000001SwiUAAS","aud":"https://api.example.com",` +
	`"client_id":"3MVG9lKcPoNINVBIPJjdw1J9LLM82HnFVVX19KY1uA5mu0QqEWhqKpoW3svG3XHrXDiCQjK1mdgAvhCscA9GE","iat":1790000000,` +
	`"exp":1790000900,"jti":"01JQ8Z6Y3M4N5P6Q7R8S9TABCD","scope":"openid profile email api refresh_token","auth_time":1789999990,` +
	`"acr":"urn:example:mfa","amr":["pwd","otp"]}`)

func BenchmarkSign(b *testing.B) {
	for _, alg := range ourAlgs {
		b.Run(string(alg), func(b *testing.B) {
			signer, _ := newPair(b, alg)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := signer.Sign("at+jwt", benchClaims); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerifyOwn(b *testing.B) {
	for _, alg := range ourAlgs {
		b.Run(string(alg), func(b *testing.B) {
			signer, keys := newPair(b, alg)
			token := mustSign(b, signer, "at+jwt", string(benchClaims))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := VerifyOwn(token, "at+jwt", keys); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOneObject(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if !oneObject(benchClaims) {
			b.Fatal("refused")
		}
	}
}
