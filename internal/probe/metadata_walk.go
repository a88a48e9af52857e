package probe

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"countersign/internal/evidence"
)

var metadataWalk = Scenario{
	ID: "probe.metadata-walk", Title: "Metadata against behaviour", Controls: []string{"metadata-truth"}, Server: true,
	Story: evidence.Story{
		Attacker: "Nobody in person: a client library that believes what it reads, and falls back to what it should not.",
		Holds:    "The discovery documents.",
		Wants:    "A method that is listed and not served, or served and not listed: one makes clients fail, the other is a door nobody watches.",
		Defence:  "Whatever is listed works, and whatever is not listed is refused.",
	},
	Applies: func(t *Target) string {
		for _, d := range t.Doors {
			if len(d.Metadata) > 0 {
				return ""
			}
		}
		return "the server has no discovery document"
	},
	Cases: []Case{
		{Number: 0, Title: "The documents agree", Changed: "each compared with the others and with the issuer", Expect: "the same, and its issuer is the server's", Once: true, Try: documentsAgree},
		{
			Number: 1, Title: "Response types", Changed: "each known value", Expect: "listed ones work, others are refused", Once: true, Needs: []Piece{NeedCodes},
			Try: func(t *Trial) {
				listed := textsOf(t.metadata(t.Door.Metadata[0])["response_types_supported"])
				for _, kind := range []string{"code", "token", "id_token", "code id_token"} {
					a := t.Send(t.Login(t.App, t.Person, t.NewVerifier()), By("a client", "asks for response_type="+kind), With("response_type", kind))
					if got := a.gives() != ""; got != slices.Contains(listed, kind) {
						t.Broken("response_type %s: listed %v, works %v (%s)", kind, !got, got, a.short())
					}
				}
			},
		},
		{
			Number: 2, Title: "Grant types", Changed: "each known value", Expect: "listed ones are understood, others are refused", Once: true,
			Try: func(t *Trial) {
				listed := textsOf(t.metadata(t.Door.Metadata[0])["grant_types_supported"])
				for _, kind := range []string{"authorization_code", "refresh_token", clientCredentials, passwordGrant, jwtBearerGrant, deviceGrant, tokenExchangeGrant, "urn:openid:params:grant-type:ciba"} {
					a := t.Send(t.grant(kind, "tries grant_type="+kind))
					understood := a.Error() != "unsupported_grant_type"
					if a.gives() != "" && !slices.Contains(listed, kind) || understood != slices.Contains(listed, kind) {
						t.Broken("grant_type %s: listed %v, answered %s", kind, slices.Contains(listed, kind), a.short())
					}
				}
			},
		},
		{
			Number: 3, Title: "Client authentication", Changed: "each known method", Expect: "listed ones work, others are refused", Once: true, Needs: []Piece{NeedCodes},
			Try: func(t *Trial) {
				listed := textsOf(t.metadata(t.Door.Metadata[0])["token_endpoint_auth_methods_supported"])
				if !slices.Contains(listed, t.App.Method) {
					t.Broken("the app authenticates by %s, which is not listed", t.App.Method)
				}
				t.SignIn()
				if slices.Contains(listed, "private_key_jwt") || slices.Contains(listed, "client_secret_jwt") {
					t.Skip("assertions are listed, and this harness has no key of the app")
				}
				t.Refused(t.Send(t.Redeem(t.App, t.Code()), By("a client", "authenticates by assertion"), Bare, With("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
					With("client_assertion", "eyJhbGciOiJub25lIn0.e30.")), ClientUnproven)
			},
		},
		{Number: 4, Title: "Algorithms", Changed: "PKCE methods and signing algorithms", Expect: "those that are listed are used", Once: true, Needs: []Piece{NeedCodes}, Try: algorithms},
		{
			Number: 5, Title: "Endpoints", Changed: "each address that is listed", Expect: "it answers, and lies at the issuer", Once: true,
			Try: func(t *Trial) {
				for name, v := range t.metadata(t.Door.Metadata[0]) {
					address, _ := v.(string)
					if !strings.HasSuffix(name, "_endpoint") && name != "jwks_uri" || address == "" {
						continue
					}
					if !strings.HasPrefix(address, t.Issuer) {
						t.Remark("%s lies elsewhere: %s", name, address)
						continue
					}
					if a := t.Send(t.request(http.MethodPost, t.here(address), "knocks at "+name, nil, url.Values{"probe": {"1"}}), By("a client", "knocks at "+name)); a.Status == http.StatusNotFound {
						t.Broken("%s is listed, and nothing is there", name)
					}
				}
			},
		},
	},
}

// here is where an address of the server is reached: its name in public may be
// another one.
func (t *Trial) here(address string) string {
	u, err := url.Parse(address)
	at, err2 := url.Parse(t.Door.Token)
	if err != nil || err2 != nil {
		return address
	}
	u.Scheme, u.Host = at.Scheme, at.Host
	return u.String()
}

func documentsAgree(t *Trial) {
	var first string
	for _, address := range t.Door.Metadata {
		a := t.Send(t.request(http.MethodGet, address, "reads the discovery document", nil, nil), By("anybody", "reads the discovery document"))
		t.Must(a, "the discovery document")
		switch {
		case a.Text("issuer") != t.Issuer:
			t.Inconclusive("the document at %s speaks for the issuer %s", address, a.Text("issuer"))
		case first == "":
			first = a.Body
		case a.Body != first:
			t.Remark("the discovery documents differ")
		}
	}
}

func algorithms(t *Trial) {
	m := t.metadata(t.Door.Metadata[0])
	if methods := textsOf(m["code_challenge_methods_supported"]); !slices.Contains(methods, "S256") {
		t.Broken("S256 works and is not listed")
	}
	v := t.NewVerifier()
	a := t.Send(t.Login(t.App, t.Person, v), By("a client", "uses the method plain"), With("code_challenge", v), With("code_challenge_method", "plain"))
	if worked := codeIn(a) != ""; worked != slices.Contains(textsOf(m["code_challenge_methods_supported"]), "plain") {
		t.Broken("plain: listed %v, works %v", !worked, worked)
	}
	if id := t.SignIn().ID; id != "" {
		alg, _ := segment(id, 0)["alg"].(string)
		if !slices.Contains(textsOf(m["id_token_signing_alg_values_supported"]), alg) {
			t.Broken("ID tokens are signed with %s, which is not listed", alg)
		}
	}
}
