package probe

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"countersign/internal/evidence"
)

var jwtConfusion = Scenario{
	ID: "probe.jwt-at-confusion", Title: "Altered, misaddressed and revoked access tokens", Controls: []string{"jwt-access-tokens", "access-token-audience"},
	Story: evidence.Story{
		Attacker: "Somebody with an access token of their own, and an editor.",
		Holds:    "A token that is good, and the server's public keys, which everybody has.",
		Wants:    "Another person's name in it, a signature nobody checks, an interface that it was not made for.",
		Defence:  "A token is good only as it was signed, by the algorithm its key is for, as the kind of token it is, and until it is revoked.",
	},
	Applies: noCodes,
	Cases: []Case{
		{
			Number: 0, Title: "The token works", Changed: "nothing", Expect: "200", Needs: []Piece{NeedUserinfo},
			Try: func(t *Trial) {
				if t.LifeOf(t.SignIn().Access, "does the access token work?") == Dead {
					t.Inconclusive("a fresh access token does not work")
				}
			},
		},
		forged(1, "Another name in it", "one claim changed", func(t *Trial, token string) string {
			claims := claimsOf(token)
			claims["sub"] = "somebody-else"
			parts := strings.Split(token, ".")
			return parts[0] + "." + pack(claims) + "." + parts[2]
		}),
		forged(2, "No signature", "alg none", func(t *Trial, token string) string {
			head := segment(token, 0)
			head["alg"] = "none"
			return pack(head) + "." + strings.Split(token, ".")[1] + "."
		}),
		forged(3, "Signed with the public key", "HS256, keyed with the server's public key", func(t *Trial, token string) string {
			keys := t.Send(t.request(http.MethodGet, t.Door.Keys, "reads the public keys", nil, nil), By("a forger", "reads the public keys"))
			head := segment(token, 0)
			head["alg"] = "HS256"
			input := pack(head) + "." + strings.Split(token, ".")[1]
			m := hmac.New(sha256.New, []byte(keys.Body))
			m.Write([]byte(input))
			return input + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
		}),
		{
			Number: 4, Title: "At an interface it was not made for", Changed: "another resource server asks about it", Expect: "inactive to it, and another audience", Needs: []Piece{NeedAppB, NeedIntrospect},
			Try: func(t *Trial) {
				f := t.SignIn()
				t.toldNothing(t.AppB, f.Access)
				if claims := claimsOf(f.Access); claims != nil && len(textsOf(claims["aud"])) == 0 {
					t.Broken("the access token names no audience")
				} else if claims != nil && slices.Contains(textsOf(claims["aud"]), t.AppB.ID) {
					t.Broken("the access token is addressed to another app")
				}
			},
		},
		{
			Number: 5, Title: "An ID token in its place", Changed: "the ID token shown as access token", Expect: "401 invalid_token", Needs: []Piece{NeedUserinfo},
			Try: func(t *Trial) {
				f := t.SignIn()
				if f.ID == "" {
					t.Skip("the app gets no ID token")
				}
				t.declined(t.Send(t.UserinfoRequest(f.ID), By("a forger", "shows the ID token at userinfo")), TokenRefused)
			},
		},
		{
			Number: 6, Title: "After its revocation", Changed: "revoked, then used", Expect: "inactive at once, and refused", Needs: []Piece{NeedRevoke, NeedUserinfo},
			Try: func(t *Trial) {
				f := t.SignIn()
				t.Must(t.Send(t.RevokeRequest(t.App, f.Access)), "the revocation")
				if t.LifeOf(f.Access, "does the revoked access token work?") == Alive {
					t.Broken("a revoked access token lives on")
				}
			},
		},
		{
			Number: 7, Title: "Under the name of a retired key", Changed: "a key id that is no longer published", Expect: "401 invalid_token", Needs: []Piece{NeedUserinfo},
			Try: func(t *Trial) {
				f := t.SignIn()
				head := segment(f.Access, 0)
				if head == nil {
					t.Skip("access tokens of this app are handles: there is nothing in them to alter")
				}
				head["kid"] = "retired-key"
				t.declined(t.Send(t.UserinfoRequest(pack(head)+f.Access[strings.Index(f.Access, "."):]), By("a forger", "names a retired key")), TokenRefused)
			},
		},
		forged(8, "From another issuer", "another iss, signed with a key of this server", otherIssuers),
	},
}

// otherIssuers makes a token of another server that shares its keys with this one,
// as two tenants behind one key store do: everything in it is right but the issuer.
//
// Spec: RFC 9068 §4; RFC 8725 §3.8.
func otherIssuers(t *Trial, token string) string {
	if t.Operator.Sign == nil {
		t.Skip("there is no operator who could sign with the server's keys")
	}
	head, claims := segment(token, 0), claimsOf(token)
	claims["iss"] = "https://attacker.example"
	alg, _ := head["alg"].(string)
	typ, _ := head["typ"].(string)
	body, _ := json.Marshal(claims) // what was JSON before
	signed, err := t.Operator.Sign(t.ctx, alg, typ, body)
	t.operate(err)
	return signed
}

// forged is a case that shows an altered access token wherever one is read.
func forged(number int, title, changed string, alter func(*Trial, string) string) Case {
	return Case{
		Number: number, Title: title, Changed: changed, Expect: "401 invalid_token", Needs: []Piece{NeedUserinfo},
		Try: func(t *Trial) {
			f := t.SignIn()
			if claimsOf(f.Access) == nil {
				t.Skip("access tokens of this app are handles: there is nothing in them to alter")
			}
			token := alter(t, f.Access)
			t.wire.o.Mask.Know("forged token", token)
			t.declined(t.Send(t.UserinfoRequest(token), By("a forger", "shows the altered token at userinfo")), TokenRefused)
			if t.Door.Introspect != "" && !t.App.Public() {
				if active, _ := t.Send(t.IntrospectRequest(t.App, token), By("the app", "asks about the altered token")).JSON["active"].(bool); active {
					t.Broken("introspection calls an altered token active")
				}
			}
		},
	}
}

func pack(claims map[string]any) string {
	text, _ := json.Marshal(claims) // what was JSON before
	return base64.RawURLEncoding.EncodeToString(text)
}

// textsOf reads a claim that is a text or a list of them.
func textsOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, x := range v {
			if text, ok := x.(string); ok {
				out = append(out, text)
			}
		}
		return out
	}
	return nil
}

var idTokenMisuse = Scenario{
	ID: "probe.id-token-misuse", Title: "ID tokens used as something else", Controls: []string{"id-token"},
	Story: evidence.Story{
		Attacker: "Somebody who reads what browsers and apps leave lying around.",
		Holds:    "An ID token: a signed statement about a person, which apps pass on lightly.",
		Wants:    "That some door takes the statement for a key.",
		Defence:  "An ID token says who somebody is to one app, for a short time; it opens nothing.",
	},
	Applies: func(t *Target) string {
		if t.App != nil && !slices.Contains(t.App.Scopes, "openid") {
			return "the app gets no ID tokens"
		}
		return noCodes(t)
	},
	Cases: []Case{
		{
			Number: 0, Title: "An ID token is issued", Changed: "nothing", Expect: "signed by a published key",
			Try: func(t *Trial) {
				head := segment(t.idToken(), 0)
				keys := t.Send(t.request(http.MethodGet, t.Door.Keys, "reads the public keys", nil, nil))
				if kid, _ := head["kid"].(string); kid == "" || !strings.Contains(keys.Body, kid) {
					t.Inconclusive("the ID token's key is not among the published ones")
				}
			},
		},
		{Number: 1, Title: "What it says", Changed: "its claims compared with the settings", Expect: "equal", Try: idTokenClaims},
		{
			Number: 2, Title: "As an access token", Changed: "shown as Bearer", Expect: "401 invalid_token", Needs: []Piece{NeedUserinfo},
			Try: func(t *Trial) {
				id := t.idToken()
				t.declined(t.Send(t.UserinfoRequest(id), By("a finder", "shows the ID token at userinfo")), TokenRefused)
				if t.Door.Introspect != "" && !t.App.Public() {
					if active, _ := t.Send(t.IntrospectRequest(t.App, id), By("the app", "asks about the ID token")).JSON["active"].(bool); active {
						t.Broken("introspection calls an ID token an active access token")
					}
				}
			},
		},
		{
			Number: 3, Title: "For an exchange by another app", Changed: "as subject_token of another app", Expect: "400", Needs: []Piece{NeedAppB},
			Try: func(t *Trial) {
				t.Refused(t.Send(t.grant(tokenExchangeGrant, "exchanges the ID token", "subject_token", t.idToken(), "subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
					By("another app", "exchanges the ID token"), As(t.AppB)), FlowOff, GrantRefused, RequestRefused)
			},
		},
		{Number: 4, Title: "As a session", Changed: "after its end, as id_token_hint", Expect: "login_required", Try: func(t *Trial) { t.Skip("this server has no sessions of a browser") }},
	},
}

func (t *Trial) idToken() string {
	id := t.SignIn().ID
	if id == "" {
		t.Inconclusive("the honest login gave no ID token")
	}
	return id
}

func idTokenClaims(t *Trial) {
	v := t.NewVerifier()
	r := t.Login(t.App, t.Person, v)
	nonce := r.Form.Get("nonce")
	code := codeIn(t.Send(r))
	if code == "" {
		t.Inconclusive("the honest login was refused")
	}
	id := t.Tokens(t.App, Code{Text: code, Verifier: v, Redirect: t.redirectOf()}).ID
	head, claims := segment(id, 0), claimsOf(id)
	if claims == nil {
		t.Broken("the ID token is no JWT")
	}
	alg, _ := head["alg"].(string)
	switch {
	case alg == "" || alg == "none" || strings.HasPrefix(alg, "HS"):
		t.Broken("the ID token is signed with %q", alg)
	case claims["iss"] != t.Issuer:
		t.Broken("the ID token's issuer is %v", claims["iss"])
	case !slices.Contains(textsOf(claims["aud"]), t.App.ID):
		t.Broken("the ID token is not addressed to the app")
	case claims["nonce"] != nonce:
		t.Broken("the ID token does not carry the nonce of its login")
	case t.told() && lifeIn(claims) > t.settings().IDTokenTTL+time.Second:
		t.Broken("the ID token lives %s", lifeIn(claims))
	}
}
