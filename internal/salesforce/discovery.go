package salesforce

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"countersign/internal/grant"
	"countersign/internal/oauth"
	"countersign/internal/secret"
	"countersign/internal/web"
)

// Metadata is this dialect's discovery document: Salesforce's members and those
// of RFC 8414, and of both only what is served.
//
// Spec: OpenID Connect Discovery 1.0 §3; RFC 8414 §2; docs/divergences.md D24.
type Metadata struct {
	Issuer               string   `json:"issuer"`
	Authorization        string   `json:"authorization_endpoint"`
	Token                string   `json:"token_endpoint"`
	Revocation           string   `json:"revocation_endpoint"`
	Userinfo             string   `json:"userinfo_endpoint"`
	Introspection        string   `json:"introspection_endpoint"`
	JWKS                 string   `json:"jwks_uri"`
	Scopes               []string `json:"scopes_supported"`
	ResponseTypes        []string `json:"response_types_supported"`
	ResponseModes        []string `json:"response_modes_supported"`
	SubjectTypes         []string `json:"subject_types_supported"`
	IDTokenAlgs          []string `json:"id_token_signing_alg_values_supported"`
	AuthMethods          []string `json:"token_endpoint_auth_methods_supported"`
	RevocationAuth       []string `json:"revocation_endpoint_auth_methods_supported"`
	IntrospectionAuth    []string `json:"introspection_endpoint_auth_methods_supported"`
	Claims               []string `json:"claims_supported"`
	GrantTypes           []string `json:"grant_types_supported"`
	ChallengeMethods     []string `json:"code_challenge_methods_supported"`
	ClaimsParameter      bool     `json:"claims_parameter_supported"`
	RequestParameter     bool     `json:"request_parameter_supported"`
	RequestURIParameter  bool     `json:"request_uri_parameter_supported"`
	AuthorizationIssuing bool     `json:"authorization_response_iss_parameter_supported"`
}

func (d *door) metadata() Metadata {
	at := func(path string) string { return d.community + path }
	secrets := []string{"client_secret_post", "client_secret_basic"}
	return Metadata{
		Issuer: d.Issuer, Authorization: at("/services/oauth2/authorize"), Token: at("/services/oauth2/token"),
		Revocation: at("/services/oauth2/revoke"), Userinfo: at("/services/oauth2/userinfo"),
		Introspection: at("/services/oauth2/introspect"), JWKS: at("/id/keys"),
		Scopes: []string{
			"openid", "profile", "email", "phone", "id", "api", "web", "full",
			string(oauth.ScopeRefreshToken), string(oauth.ScopeOfflineAccess),
		},
		ResponseTypes: []string{string(oauth.ResponseCodeCredentials)}, ResponseModes: []string{"query"},
		SubjectTypes: []string{"public"}, IDTokenAlgs: []string{"RS256"},
		AuthMethods: append(slices.Clone(secrets), "none"), RevocationAuth: append(slices.Clone(secrets), "none"),
		IntrospectionAuth: secrets,
		Claims: []string{
			"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash",
			"user_id", "organization_id", "preferred_username", "nickname", "name", "given_name", "family_name",
			"email", "email_verified", "phone_number", "phone_number_verified", "zoneinfo", "locale", "language",
			"picture", "photos", "profile", "address", "urls", "active", "user_type", "utcOffset", "updated_at",
			"is_app_installed", "is_salesforce_integration_user", "custom_attributes", "custom_permissions",
		},
		GrantTypes:       []string{"authorization_code", "hybrid_auth_code", "refresh_token", "hybrid_refresh"},
		ChallengeMethods: []string{oauth.ChallengeS256},
	}
}

func (d *door) discovery(*web.Request) (web.Answer, error) {
	body, err := json.Marshal(d.metadata())
	if err != nil {
		return web.Answer{}, fmt.Errorf("write metadata: %w", err)
	}
	return web.Answer{Media: web.MediaJSON, Body: body}, nil
}

// keySet answers with the keys that verify what this server signed.
//
// Spec: RFC 7517 §5.
func (d *door) keySet(*web.Request) (web.Answer, error) {
	return web.Answer{Media: web.MediaJSON, Body: d.Ring.Set()}, nil
}

// verifierBytes gives the 171 characters that clients of this dialect send.
const verifierBytes = 128

// pkce hands out a fresh verifier and its challenge, for people who try requests
// by hand. Apps draw their own.
//
// Spec: RFC 7636 §4.1, §4.2.
func (d *door) pkce(r *web.Request) (web.Answer, error) {
	if err := d.fromApp(r, ""); err != nil {
		return web.Answer{}, err
	}
	verifier := secret.Text(verifierBytes)
	hash := grant.ChallengeHash(verifier)
	o := object{{"code_verifier", verifier}, {"code_challenge", base64.RawURLEncoding.EncodeToString(hash[:])}}
	return web.Answer{Media: web.MediaJSON, Body: o.json(nil)}, nil
}
