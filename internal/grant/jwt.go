package grant

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"countersign/internal/fault"
	"countersign/internal/flow"
	"countersign/internal/oauth"
	"countersign/internal/secret"
)

// Types in the JWS header of a JWT access token: of RFC 9068, and of the
// Salesforce dialect, where an ID token has the same one and the claim mty tells
// them apart.
//
// Spec: RFC 9068 §2.1; RFC 8725 §3.11.
const (
	TypeAccess           = "at+jwt"
	TypeAccessSalesforce = "JWT"
)

// Refusals of a JWT access token whose signature is ours.
var (
	ErrClaims = oauth.Refuse(oauth.InvalidToken, "token.claims", "RFC 9068 §4",
		"the access token is not one of this server")
	ErrJWTExpired = oauth.Refuse(oauth.InvalidToken, "token.jwt-expired", "RFC 9068 §4",
		"the access token has expired")
)

// AccessClaims are the claims of a JWT access token: those of RFC 9068, and
// four of ours that tie it to its grant.
//
// Spec: RFC 9068 §2.2.
type AccessClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience Audience `json:"aud"`
	Expires  int64    `json:"exp"`
	Issued   int64    `json:"iat"`
	TokenID  string   `json:"jti"`
	Client   string   `json:"client_id"`
	Scope    string   `json:"scope,omitempty"`
	AuthTime int64    `json:"auth_time,omitempty"`
	ACR      string   `json:"acr,omitempty"`
	AMR      []string `json:"amr,omitempty"`
	Grant    string   `json:"grant_id"`
	Flow     string   `json:"flow"`
	Epoch    int32    `json:"epoch,omitempty"`
	// Refreshed says that the token was obtained with a refresh token.
	Refreshed bool `json:"refreshed,omitempty"`
}

// Claims writes the token as the claims of RFC 9068.
func (a *Access) Claims(issuer string, issued time.Time) AccessClaims {
	return AccessClaims{
		Issuer: issuer, Subject: a.Subject(), Audience: a.Audience,
		Expires: a.Expires.Unix(), Issued: issued.Unix(), TokenID: a.TokenID.String(), Client: string(a.Client),
		Scope: a.Scopes.String(), AuthTime: seconds(a.AuthTime), ACR: a.ACR, AMR: a.AMR,
		Grant: a.ID.String(), Flow: string(a.Flow), Epoch: a.Epoch, Refreshed: a.Refreshed,
	}
}

// SalesforceClaims are the claims of a JWT access token in the Salesforce
// dialect. They say the same of the grant in other names.
//
// Spec: Salesforce, JWT-based access tokens for named users.
type SalesforceClaims struct {
	Issuer     string   `json:"iss"`
	Subject    string   `json:"sub"` // uid:<user id>, or the client_id if no person takes part
	Audience   []string `json:"aud"`
	Scope      string   `json:"scp"`
	Client     string   `json:"client_id"`
	Issued     int64    `json:"iat"`
	NotBefore  int64    `json:"nbf"`
	Expires    int64    `json:"exp"`
	Kind       string   `json:"mty"` // salesforceKind
	Session    string   `json:"sfi"` // the token's id, in hex
	Roles      []string `json:"roles"`
	HasCookies bool     `json:"hsc"`
	Grant      string   `json:"grant_id"`
	Flow       string   `json:"flow"`
	Epoch      int32    `json:"epoch,omitempty"`
	Refreshed  bool     `json:"refreshed,omitempty"`
	AuthTime   int64    `json:"auth_time,omitempty"`
}

const (
	salesforceKind    = "oauth"
	salesforceSubject = "uid:"
)

// SalesforceClaims writes the token as the claims of the Salesforce dialect.
func (a *Access) SalesforceClaims(issuer string, issued time.Time) SalesforceClaims {
	subject := a.Subject()
	if a.User != "" {
		subject = salesforceSubject + subject
	}
	return SalesforceClaims{
		Issuer: issuer, Subject: subject, Audience: a.Audience, Scope: a.Scopes.String(),
		Client: string(a.Client), Issued: issued.Unix(), NotBefore: issued.Unix(), Expires: a.Expires.Unix(),
		Kind: salesforceKind, Session: hex.EncodeToString(a.TokenID[:]), Roles: []string{},
		Grant: a.ID.String(), Flow: string(a.Flow), Epoch: a.Epoch, Refreshed: a.Refreshed, AuthTime: seconds(a.AuthTime),
	}
}

// seconds writes a time as a claim; the zero time is none.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func fromSeconds(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0)
}

// personOf is who a subject names: nobody if it is the app itself. A person's id
// is never an app's.
//
// Spec: RFC 9068 §2.2; RFC 9700 §4.15.
func personOf(c *AccessClaims) oauth.UserID {
	if c.Subject == c.Client {
		return ""
	}
	return oauth.UserID(c.Subject)
}

// ReadClaims reads the claims of an access token whose signature was verified
// under the given header type. An ID token never passes: it has neither the type
// at+jwt nor the claim mty. Errors: ErrClaims, ErrJWTExpired.
//
// Spec: RFC 9068 §4.
func ReadClaims(typ string, body []byte, issuer string, now time.Time) (Access, error) {
	var c AccessClaims
	var id secret.ID
	var err error
	if typ == TypeAccess {
		err = json.Unmarshal(body, &c)
		if err == nil {
			id, err = secret.ParseID(c.TokenID)
		}
	} else {
		c, id, err = readSalesforce(body)
	}
	if err != nil || c.Issuer != issuer && !fault.Is(fault.AnyIssuer) {
		return Access{}, ErrClaims
	}
	family, err := secret.ParseID(c.Grant)
	if err != nil {
		return Access{}, ErrClaims
	}
	scopes, err := oauth.ParseScopes(c.Scope)
	if err != nil {
		return Access{}, ErrClaims
	}
	expires := time.Unix(c.Expires, 0)
	if !now.Before(expires) && !fault.Is(fault.TokenNeverExpires) {
		return Access{}, ErrJWTExpired
	}
	return Access{
		Grant: Grant{
			ID: family, Client: oauth.ClientID(c.Client), User: personOf(&c), Epoch: c.Epoch,
			Flow: flow.Name(c.Flow), Scopes: scopes, AuthTime: fromSeconds(c.AuthTime), AMR: c.AMR, ACR: c.ACR,
		},
		TokenID: id, Expires: expires, Audience: c.Audience, Refreshed: c.Refreshed,
	}, nil
}

func readSalesforce(body []byte) (c AccessClaims, id secret.ID, err error) {
	var s SalesforceClaims
	if err := json.Unmarshal(body, &s); err != nil {
		return c, id, err
	}
	user, isUser := strings.CutPrefix(s.Subject, salesforceSubject)
	if !isUser && user != s.Client || s.Kind != salesforceKind || len(s.Session) != hex.EncodedLen(len(id)) {
		return c, id, ErrClaims
	}
	if _, err := hex.Decode(id[:], []byte(s.Session)); err != nil {
		return c, id, ErrClaims
	}
	return AccessClaims{
		Issuer: s.Issuer, Subject: user, Audience: s.Audience, Expires: s.Expires, Client: s.Client,
		Scope: s.Scope, AuthTime: s.AuthTime, Grant: s.Grant, Flow: s.Flow, Epoch: s.Epoch, Refreshed: s.Refreshed,
	}, id, nil
}

// Audience is written as one text when it is one.
//
// Spec: RFC 7519 §4.1.3.
type Audience []string

// MarshalJSON writes one audience as a text, several as a list.
func (a Audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

// UnmarshalJSON reads both forms.
func (a *Audience) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*a = Audience{""}
		return json.Unmarshal(b, &(*a)[0])
	}
	return json.Unmarshal(b, (*[]string)(a))
}
