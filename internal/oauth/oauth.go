// Package oauth owns the protocol's vocabulary: error codes, the Error that a
// refusal is, scope sets, the identifiers of apps and people, and parameters
// that were read exactly once. It decides nothing about any app or person and
// knows no HTTP: a dialect at the edge renders what is said here.
package oauth

// ClientID identifies an External Client App. Alphabet [A-Za-z0-9._-], 8 to
// 256 characters, so that it survives every client's URL and file format.
//
// Spec: RFC 6749 §2.2.
type ClientID string

// UserID identifies a person: an 18-character record id that begins with 005.
// It is the subject of every token that a person allowed, and never equal to a
// ClientID.
//
// Spec: RFC 9700 §4.15.
type UserID string

// GrantType is the grant_type parameter of a token request, spelled as on the
// standard wire. A dialect with other spellings translates at its edge.
type GrantType string

// Grant types of the token endpoint.
const (
	GrantAuthorizationCode GrantType = "authorization_code"
	GrantRefreshToken      GrantType = "refresh_token"
	GrantClientCredentials GrantType = "client_credentials"
)

// ResponseType is the response_type parameter of an authorization request.
type ResponseType string

// Response types. CodeCredentials is the Salesforce spelling of a headless
// login; the challenge endpoint of the standard dialect says code.
const (
	ResponseCode            ResponseType = "code"
	ResponseCodeCredentials ResponseType = "code_credentials"
)

// ChallengeS256 is the only PKCE challenge method served.
//
// Spec: RFC 7636 §4.2.
const ChallengeS256 = "S256"
