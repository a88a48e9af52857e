package endpoint

import (
	"encoding/json"
	"slices"

	"countersign/internal/client"
	"countersign/internal/flow"
	"countersign/internal/jose"
	"countersign/internal/login"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

// facts are what the server says of itself; each is enforced. There is no
// authorization_endpoint while no flow with a browser is served.
//
// Spec: RFC 8414 §2; OpenID Connect Discovery 1.0 §3; draft-ietf-oauth-first-party-apps-04 §4.
type facts struct {
	Issuer            string               `json:"issuer"`
	Challenge         string               `json:"authorization_challenge_endpoint"`
	Token             string               `json:"token_endpoint"`
	Introspection     string               `json:"introspection_endpoint"`
	Revocation        string               `json:"revocation_endpoint"`
	Userinfo          string               `json:"userinfo_endpoint"`
	Keys              string               `json:"jwks_uri"`
	Scopes            oauth.Scopes         `json:"scopes_supported"`
	ResponseTypes     []oauth.ResponseType `json:"response_types_supported"`
	GrantTypes        []oauth.GrantType    `json:"grant_types_supported"`
	ChallengeMethods  []string             `json:"code_challenge_methods_supported"`
	TokenAuth         []client.AuthMethod  `json:"token_endpoint_auth_methods_supported"`
	IntrospectionAuth []client.AuthMethod  `json:"introspection_endpoint_auth_methods_supported"`
	RevocationAuth    []client.AuthMethod  `json:"revocation_endpoint_auth_methods_supported"`
	Subjects          []string             `json:"subject_types_supported"`
	IDTokenAlgs       []jose.Alg           `json:"id_token_signing_alg_values_supported"`
	ACR               []string             `json:"acr_values_supported"`
	Claims            []string             `json:"claims_supported"`
	ClaimsParameter   bool                 `json:"claims_parameter_supported"`
	RequestParameter  bool                 `json:"request_parameter_supported"`
	RequestURI        bool                 `json:"request_uri_parameter_supported"`
}

// metadata is served under every well-known name: one document for both
// specifications.
//
// Spec: RFC 8414 §3; OpenID Connect Discovery 1.0 §4.
func (e *dialect) metadata(r *web.Request) (web.Answer, error) {
	return e.facts.edition(e.Ring.Set(), e.writeFacts).answer(r), nil
}

func (e *dialect) writeFacts() []byte {
	secrets := []client.AuthMethod{client.AuthSecretBasic, client.AuthSecretPost}
	all := append(slices.Clone(secrets), client.AuthNone)
	f := facts{
		Issuer: e.Issuer, Challenge: e.base + "/oauth2/challenge", Token: e.base + "/oauth2/token",
		Introspection: e.base + "/oauth2/introspect", Revocation: e.base + "/oauth2/revoke",
		Userinfo: e.base + "/oauth2/userinfo", Keys: e.base + "/oauth2/jwks",
		Scopes: oauth.Scopes{
			oauth.ScopeOpenID, oauth.ScopeProfile, oauth.ScopeEmail, oauth.ScopePhone, oauth.ScopeOfflineAccess,
		},
		ResponseTypes: []oauth.ResponseType{oauth.ResponseCode}, GrantTypes: grantTypes(),
		ChallengeMethods: []string{oauth.ChallengeS256},
		TokenAuth:        all, IntrospectionAuth: secrets, RevocationAuth: all,
		Subjects: []string{"public"}, IDTokenAlgs: e.Ring.Algs(), ACR: []string{login.ACRPassword},
		Claims: []string{
			"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash",
			"name", "given_name", "family_name", "nickname", "preferred_username", "picture", "locale", "zoneinfo", "updated_at",
			"email", "email_verified", "phone_number", "phone_number_verified",
		},
	}
	body, err := json.MarshalIndent(f, "", "  ")
	if err != nil { // texts only
		panic("endpoint: " + err.Error())
	}
	return append(body, '\n')
}

// grantTypes are those of the flows that are served, in the order of the table.
func grantTypes() []oauth.GrantType {
	var out []oauth.GrantType
	for _, f := range flow.All {
		if f.Served && !slices.Contains(out, f.GrantType) {
			out = append(out, f.GrantType)
		}
	}
	return out
}
