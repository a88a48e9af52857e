package grant

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/secret"
)

func TestClaimsOfBothTypesSayTheSame(t *testing.T) {
	a := Access{Grant: someGrant(), TokenID: secret.NewID(noon), Expires: noon.Add(time.Minute), Audience: []string{"https://api.example"}}
	a.Refreshed = true
	a.Nonce, a.JKT = "", [32]byte{} // an access token does not carry them
	for typ, claims := range map[string]any{TypeAccess: a.Claims("https://as.example", noon), TypeAccessSalesforce: a.SalesforceClaims("https://as.example", noon)} {
		body, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		want := a
		if typ == TypeAccessSalesforce {
			want.AMR, want.ACR = nil, ""
		}
		got, err := ReadClaims(typ, body, "https://as.example", noon)
		if err != nil || !cmp.Equal(got, want, sameTime) {
			t.Errorf("%s: %v\n%s", typ, err, cmp.Diff(want, got, sameTime))
		}
		if _, err := ReadClaims(typ, body, "https://other.example", noon); !errors.Is(err, ErrClaims) {
			t.Errorf("%s of another issuer: %v", typ, err)
		}
		if _, err := ReadClaims(typ, body, "https://as.example", a.Expires); !errors.Is(err, ErrJWTExpired) {
			t.Errorf("%s at its end: %v", typ, err)
		}
	}
}

func TestD14NothingElseIsAnAccessToken(t *testing.T) {
	idToken := `{"iss":"i","sub":"005000000000001AAA","aud":"app","exp":9999999999,"iat":1,"auth_time":1,"at_hash":"x"}`
	for name, row := range map[string]struct{ typ, body string }{
		"an ID token as Salesforce access token": {TypeAccessSalesforce, idToken},
		"an ID token as access token":            {TypeAccess, idToken},
		"another mty":                            {TypeAccessSalesforce, `{"iss":"i","sub":"uid:u","mty":"x","sfi":"00000000000000000000000000000000","exp":9999999999}`},
		"a guest":                                {TypeAccessSalesforce, `{"iss":"i","sub":"uvid:u","mty":"oauth","sfi":"00000000000000000000000000000000","exp":9999999999}`},
		"a short sfi":                            {TypeAccessSalesforce, `{"iss":"i","sub":"uid:u","mty":"oauth","sfi":"00","exp":9999999999}`},
		"no hex":                                 {TypeAccessSalesforce, `{"iss":"i","sub":"uid:u","mty":"oauth","sfi":"zz000000000000000000000000000000","exp":9999999999}`},
		"no grant":                               {TypeAccess, `{"iss":"i","sub":"u","jti":"AAAAAAAAAAAAAAAAAAAAAA","exp":9999999999}`},
		"a broken scope":                         {TypeAccess, `{"iss":"i","sub":"u","jti":"AAAAAAAAAAAAAAAAAAAAAA","grant_id":"AAAAAAAAAAAAAAAAAAAAAA","scope":"a  b","exp":9999999999}`},
		"no JSON":                                {TypeAccess, `{`},
	} {
		if _, err := ReadClaims(row.typ, []byte(row.body), "i", noon); !errors.Is(err, ErrClaims) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAudienceIsATextWhenItIsOne(t *testing.T) {
	for text, want := range map[string]Audience{`"a"`: {"a"}, `["a","b"]`: {"a", "b"}} {
		var got Audience
		if err := json.Unmarshal([]byte(text), &got); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
		if b, _ := json.Marshal(want); string(b) != text {
			t.Errorf("%v is written %s", want, b)
		}
	}
}
