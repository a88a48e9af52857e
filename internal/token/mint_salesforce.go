package token

import (
	"encoding/hex"
	"strings"
	"time"

	"countersign/internal/grant"
	"countersign/internal/oauth"
)

// SalesforceClaims are the claims of a JWT access token in the Salesforce
// dialect. Marker mty tells it from an ID token, which has the same typ there.
//
// Spec: Salesforce JWT-based access tokens; docs/divergences.md D21.
type SalesforceClaims struct {
	Issuer     string   `json:"iss"`
	Subject    string   `json:"sub"` // uid:<user id>
	Audience   []string `json:"aud"`
	Scope      string   `json:"scp"`
	Client     string   `json:"client_id"`
	Issued     int64    `json:"iat"`
	NotBefore  int64    `json:"nbf"`
	Expires    int64    `json:"exp"`
	Kind       string   `json:"mty"` // oauth
	Session    string   `json:"sfi"` // the token's id, in hex
	Roles      []string `json:"roles"`
	HasCookies bool     `json:"hsc"`
	Grant      string   `json:"grant_id"`
	Flow       string   `json:"flow"`
	Epoch      int32    `json:"epoch,omitempty"`
	AuthTime   int64    `json:"auth_time,omitempty"`
}

// SalesforceKind is the value of mty.
const SalesforceKind = "oauth"

func (x *Exchanger) salesforceAccess(a *grant.Access, now time.Time) SalesforceClaims {
	return SalesforceClaims{
		Issuer: x.Issuer, Subject: "uid:" + string(a.User), Audience: a.Audience, Scope: a.Scopes.String(),
		Client: string(a.Client), Issued: now.Unix(), NotBefore: now.Unix(), Expires: a.Expires.Unix(),
		Kind: SalesforceKind, Session: hex.EncodeToString(a.TokenID[:]), Roles: []string{},
		Grant: a.ID.String(), Flow: string(a.Flow), Epoch: a.Epoch, AuthTime: a.AuthTime.Unix(),
	}
}

// IdentityURL is the id of a person in the Salesforce dialect: an https URL whose
// last two segments are the org's and the person's id. base is the issuer.
func IdentityURL(base, org string, user oauth.UserID) string {
	return strings.TrimSuffix(base, "/") + "/id/" + org + "/" + string(user)
}
