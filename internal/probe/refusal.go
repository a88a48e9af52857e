package probe

import (
	"slices"
	"strconv"
)

// Refusal is a way to refuse, whatever the dialect.
type Refusal int

// Refusals.
const (
	ClientUnproven  Refusal = iota // the app did not prove who it is
	GrantRefused                   // code, verifier or refresh token are not good
	FlowOff                        // the app may not use this flow
	TokenRefused                   // the access token is not good
	NotAdmitted                    // the person or the place is not admitted
	ScopeRefused                   // the scope is not within what is allowed
	RequestRefused                 // the request is malformed
	RedirectRefused                // the redirect URI is not registered
	LoginRefused                   // the person's credentials are not good
	Forbidden                      // the token lacks a scope
)

// spelling is a status and the error codes that may come with it.
type spelling struct {
	status int
	codes  []string
}

// spellings are the words of each dialect.
//
// Spec: RFC 6749 §5.2; RFC 6750 §3.1; draft-ietf-oauth-first-party-apps-04 §5.2.2.
var spellings = map[Dialect]map[Refusal][]spelling{
	Standard: {
		ClientUnproven:  {{401, []string{"invalid_client"}}},
		GrantRefused:    {{400, []string{"invalid_grant"}}},
		FlowOff:         {{400, []string{"unauthorized_client", "unsupported_grant_type", "unsupported_response_type"}}},
		TokenRefused:    {{401, []string{"invalid_token", ""}}},
		NotAdmitted:     {{400, []string{"access_denied", "invalid_grant"}}, {403, []string{"access_denied"}}},
		ScopeRefused:    {{400, []string{"invalid_scope"}}},
		RequestRefused:  {{400, []string{"invalid_request"}}, {405, nil}},
		RedirectRefused: {{400, []string{"invalid_request", "invalid_grant"}}},
		LoginRefused:    {{403, []string{"insufficient_authorization"}}, {400, []string{"access_denied", "invalid_grant", "insufficient_authorization"}}},
		Forbidden:       {{403, []string{"insufficient_scope"}}},
	},
	Salesforce: {
		ClientUnproven:  {{400, []string{"invalid_client", "invalid_client_id"}}},
		GrantRefused:    {{400, []string{"invalid_grant"}}},
		FlowOff:         {{400, []string{"oauth_flow_disabled", "unsupported_grant_type", "unsupported_response_type", "unauthorized_client"}}},
		TokenRefused:    {{403, []string{"Bad_OAuth_Token", "invalid_token", "Missing_OAuth_Token"}}, {400, []string{"invalid_token"}}},
		NotAdmitted:     {{400, []string{"invalid_app_access", "invalid_grant"}}, {403, []string{"access_denied"}}},
		ScopeRefused:    {{400, []string{"invalid_scope"}}},
		RequestRefused:  {{400, []string{"invalid_request"}}, {405, nil}},
		RedirectRefused: {{400, []string{"redirect_uri_mismatch", "redirect_uri_missing"}}},
		LoginRefused:    {{400, []string{"invalid_grant"}}},
		Forbidden:       {{403, []string{"invalid_scope"}}},
	},
}

func (r Refusal) looksLike(d Dialect, a *Answer) bool {
	return slices.ContainsFunc(spellings[d][r], func(s spelling) bool {
		return a.Status == s.status && (s.codes == nil || slices.Contains(s.codes, a.Error()))
	})
}

// in is how the dialect writes the refusal.
func (r Refusal) in(d Dialect) string {
	for _, s := range spellings[d][r] {
		if s.codes != nil {
			return strconv.Itoa(s.status) + " " + s.codes[0]
		}
	}
	return "a refusal"
}
