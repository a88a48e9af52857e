package token

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"countersign/internal/account"
	"countersign/internal/client"
	"countersign/internal/grant"
	"countersign/internal/jose"
	"countersign/internal/oauth"
	"countersign/internal/policy"
	"countersign/internal/secret"
)

// Style says whose claims a token carries. Both say the same of the grant.
type Style int

// Styles: RFC 9068 and the ID token of OpenID Connect; Salesforce's.
const (
	StyleStandard Style = iota
	StyleSalesforce
)

// TypeID is the type in the JWS header of an ID token.
const TypeID = "JWT"

// mint makes the tokens of an answer, in memory. Errors: key.ErrNoSigner, or a
// fault of ours.
func (x *Exchanger) mint(app client.Identity, p proof, t policy.Terms, r Request) (Answer, error) {
	now := x.Now().UTC().Truncate(time.Microsecond)
	a := Answer{
		Client: app, Grant: p.grant, Format: t.Format, ExpiresIn: t.AccessTTL,
		Scopes: t.Scopes, IssuedAt: now,
	}
	access := grant.Access{Grant: p.grant, TokenID: secret.NewID(now), Expires: now.Add(t.AccessTTL), Audience: t.Audience, Refreshed: p.refresh != nil}
	access.Scopes = t.Scopes
	if len(access.Audience) == 0 {
		access.Audience = []string{x.Issuer}
	}
	if err := x.mintAccess(&a, app, &access, r); err != nil {
		return Answer{}, fmt.Errorf("mint access token: %w", err)
	}
	if p.code == nil {
		return a, nil
	}
	if t.Refresh {
		a.RefreshToken = grant.SealRefresh(x.Keys, grant.Refresh{Grant: p.grant, Seq: 1, Issued: now, SK: p.code.SK})
	}
	if t.IDToken {
		if err := x.mintID(&a, app, p.person, r.Style); err != nil {
			return Answer{}, fmt.Errorf("mint id token: %w", err)
		}
	}
	return a, nil
}

func (x *Exchanger) mintAccess(a *Answer, app client.Identity, access *grant.Access, r Request) error {
	if a.Format == client.FormatOpaque {
		// an opaque token names its audience only if it is not the issuer
		sealed := *access
		if len(sealed.Audience) == 1 && sealed.Audience[0] == x.Issuer {
			sealed.Audience = nil
		}
		a.AccessToken = grant.SealAccess(x.Keys, sealed)
		if r.Spell != nil {
			a.AccessToken = r.Spell(a.AccessToken)
		}
		return nil
	}
	if r.Style == StyleSalesforce {
		alg := app.Settings.AccessToken.Alg
		if alg == "" {
			alg = string(jose.RS256) // what readers of that dialect expect
		}
		return x.sign(&a.AccessToken, alg, grant.TypeAccessSalesforce, access.SalesforceClaims(x.Issuer, a.IssuedAt))
	}
	return x.sign(&a.AccessToken, app.Effective.AccessAlg, grant.TypeAccess, access.Claims(x.Issuer, a.IssuedAt))
}

func (x *Exchanger) sign(out *string, alg, typ string, claims any) error {
	signer, err := x.Ring.Signer(jose.Alg(alg))
	if err != nil {
		return err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return err
	}
	*out, err = signer.Sign(typ, body)
	return err
}

// idClaims are the claims of an ID token.
//
// Spec: OpenID Connect Core 1.0 §2.
type idClaims struct {
	Issuer   string         `json:"iss"`
	Subject  string         `json:"sub"`
	Audience grant.Audience `json:"aud"`
	Expires  int64          `json:"exp"`
	Issued   int64          `json:"iat"`
	AuthTime int64          `json:"auth_time"`
	Nonce    string         `json:"nonce,omitempty"`
	ACR      string         `json:"acr,omitempty"`
	AMR      []string       `json:"amr,omitempty"`
	Azp      string         `json:"azp,omitempty"`
	AtHash   string         `json:"at_hash"`
	Claims
}

// Claims are what a token or userinfo may say of a person, by scope.
//
// Spec: OpenID Connect Core 1.0 §5.1, §5.4.
type Claims struct {
	Name              string `json:"name,omitempty"`
	GivenName         string `json:"given_name,omitempty"`
	FamilyName        string `json:"family_name,omitempty"`
	Nickname          string `json:"nickname,omitempty"`
	PreferredUsername string `json:"preferred_username,omitempty"`
	Picture           string `json:"picture,omitempty"`
	Locale            string `json:"locale,omitempty"`
	Zone              string `json:"zoneinfo,omitempty"`
	UpdatedAt         int64  `json:"updated_at,omitempty"`
	Email             string `json:"email,omitempty"`
	EmailVerified     *bool  `json:"email_verified,omitempty"`
	Phone             string `json:"phone_number,omitempty"`
	PhoneVerified     *bool  `json:"phone_number_verified,omitempty"`
}

// ClaimsFor returns the claims that the scopes open.
//
// Spec: OpenID Connect Core 1.0 §5.4.
func ClaimsFor(person *account.Account, scopes oauth.Scopes) Claims {
	var c Claims
	p := &person.Profile
	if scopes.Has(oauth.ScopeProfile) {
		c.Name, c.GivenName, c.FamilyName, c.Nickname = p.Name, p.GivenName, p.FamilyName, p.Nickname
		c.PreferredUsername, c.Picture, c.Locale, c.Zone = person.Username, p.Picture, p.Locale, p.Zone
		c.UpdatedAt = person.Updated.Unix()
	}
	if scopes.Has(oauth.ScopeEmail) && person.Email != "" {
		verified := p.EmailVerified
		c.Email, c.EmailVerified = person.Email, &verified
	}
	if scopes.Has(oauth.ScopePhone) && p.Phone != "" {
		verified := p.PhoneVerified
		c.Phone, c.PhoneVerified = p.Phone, &verified
	}
	return c
}

func (x *Exchanger) mintID(a *Answer, app client.Identity, person *account.Account, style Style) error {
	alg := app.Effective.IDTokenAlg
	c := idClaims{
		Issuer: x.Issuer, Subject: string(a.Grant.User),
		Audience: append(grant.Audience{string(app.ID)}, app.Settings.IDToken.Audience...),
		Expires:  a.IssuedAt.Add(app.Effective.IDTokenTTL).Unix(), Issued: a.IssuedAt.Unix(),
		AuthTime: a.Grant.AuthTime.Unix(), Nonce: a.Grant.Nonce, ACR: a.Grant.ACR, AMR: a.Grant.AMR,
		AtHash: jose.HashHalf(jose.Alg(alg), a.AccessToken),
	}
	c.Audience = slices.Compact(c.Audience)
	if len(c.Audience) > 1 {
		c.Azp = string(app.ID)
	}
	if style == StyleSalesforce {
		c.Subject = IdentityURL(x.Issuer, x.Verifier.Directory.Org().ID, a.Grant.User)
		alg = string(jose.RS256)
		c.AtHash = jose.HashHalf(jose.RS256, a.AccessToken)
	}
	if app.Settings.IDToken.Claims {
		c.Claims = ClaimsFor(person, a.Scopes)
	}
	return x.sign(&a.IDToken, alg, TypeID, c)
}

// IdentityURL is the id of a person in the Salesforce dialect: a URL whose last
// two segments are the org's and the person's id. base is the issuer.
func IdentityURL(base, org string, user oauth.UserID) string {
	return strings.TrimSuffix(base, "/") + "/id/" + org + "/" + string(user)
}
