// Package flow owns the table of every way to obtain a token: what each flow
// demands, who decides it, and an app's switch for it. It holds data and no
// decision about a request; readers are the token endpoint, metadata, console,
// review snapshot, command line and `countersign explain`.
package flow

import (
	"strings"
	"time"

	"countersign/internal/oauth"
)

// Name names a flow. The same word stands in configuration, JSON, the command
// line and the review's vocabulary (app.flows.<name>).
type Name string

// The flows.
const (
	AuthorizationCode  Name = "authorization_code"
	CodeAndCredentials Name = "code_and_credentials"
	RefreshToken       Name = "refresh_token"
	ClientCredentials  Name = "client_credentials"
	JWTBearer          Name = "jwt_bearer"
	Device             Name = "device"
	TokenExchange      Name = "token_exchange"
)

// Need says who decides about a requirement of a flow.
type Need int

// Never: the flow cannot carry it. PerApp: the app's Switch decides. Always: no
// app may do without.
const (
	Never Need = iota
	PerApp
	Always
)

// String names the need as `countersign explain flows` prints it.
func (n Need) String() string {
	switch n {
	case Never:
		return "never"
	case PerApp:
		return "per app"
	case Always:
		return "always"
	}
	return "never"
}

// Flow is one row of the table.
type Flow struct {
	Name        Name
	Title       string          // as an administrator reads it
	GrantType   oauth.GrantType // at the token endpoint; empty if the flow is not redeemed there yet
	Credentials Need            // must the app authenticate when it redeems?
	PKCE        Need            // must the code be bound to a challenge?
	Person      bool            // does a person take part?
	Refresh     bool            // may it give a refresh token?
	Served      bool            // does this version serve it? A switch of a flow that is not served has no effect
	Spec        string
	What        string // one sentence for people
}

// All is the table. Order is the order in which people read it.
var All = []Flow{
	{
		Name: CodeAndCredentials, Title: "Authorization Code and Credentials Flow", GrantType: oauth.GrantAuthorizationCode,
		Credentials: PerApp, PKCE: PerApp, Person: true, Refresh: true, Served: true,
		Spec: "Salesforce code_credentials; draft-ietf-oauth-first-party-apps-04",
		What: "The app collects the person's credentials in its own interface, gets a short-lived code and redeems it while proving its own identity.",
	},
	{
		Name: RefreshToken, Title: "Refresh Token Flow", GrantType: oauth.GrantRefreshToken,
		Credentials: PerApp, PKCE: Never, Person: true, Refresh: true, Served: true,
		Spec: "RFC 6749 §6; RFC 9700 §4.14",
		What: "The app exchanges a refresh token for a new access token without the person.",
	},
	{
		Name: AuthorizationCode, Title: "Web Server Flow (browser)", GrantType: oauth.GrantAuthorizationCode,
		Credentials: PerApp, PKCE: PerApp, Person: true, Refresh: true,
		Spec: "RFC 6749 §4.1",
		What: "The person signs in on the server's own page in a browser; the app gets a code.",
	},
	{
		Name: ClientCredentials, Title: "Client Credentials Flow", GrantType: oauth.GrantClientCredentials,
		Credentials: Always, PKCE: Never, Served: true,
		Spec: "RFC 6749 §4.4",
		What: "The app obtains a token for itself, without a person.",
	},
	{
		Name: JWTBearer, Title: "JWT Bearer Flow", Credentials: Always, PKCE: Never, Person: true,
		Spec: "RFC 7523 §2.1",
		What: "The app presents an assertion signed with its own key.",
	},
	{
		Name: Device, Title: "Device Flow", Credentials: PerApp, PKCE: Never, Person: true, Refresh: true,
		Spec: "RFC 8628",
		What: "A device shows a code that the person approves on another device.",
	},
	{
		Name: TokenExchange, Title: "Token Exchange Flow", Credentials: PerApp, PKCE: Never, Person: true,
		Spec: "RFC 8693",
		What: "The app exchanges a token of another issuer for one of this server.",
	},
}

// ByName returns the row of the named flow.
func ByName(name Name) (Flow, bool) {
	for _, f := range All {
		if f.Name == name {
			return f, true
		}
	}
	return Flow{}, false
}

// ParseName reads a flow's name as people write it: case, blank, dash and
// underscore do not matter; the wire words code_credentials and headless mean
// CodeAndCredentials, web and code mean AuthorizationCode, refresh means
// RefreshToken.
func ParseName(text string) (Name, bool) {
	key := strings.ToLower(strings.NewReplacer("-", "_", " ", "_").Replace(strings.TrimSpace(text)))
	switch key {
	case "code_credentials", "headless":
		return CodeAndCredentials, true
	case "refresh":
		return RefreshToken, true
	case "code", "web", "web_server":
		return AuthorizationCode, true
	}
	f, ok := ByName(Name(key))
	return f.Name, ok
}

// Switch is what an app decided about one flow.
type Switch struct {
	On            bool      `json:"on"`
	RequireSecret bool      `json:"require_secret"`      // where the row says Credentials: PerApp
	RequirePKCE   bool      `json:"require_pkce"`        // where the row says PKCE: PerApp
	NotBefore     time.Time `json:"not_before,omitzero"` // tokens obtained by the flow earlier are dead: it was switched off since
}

// Switches are an app's decisions, by flow. A flow without an entry is off.
type Switches map[Name]Switch
