package endpoint

import (
	"net/http"
	"strings"

	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

// spelling is how a refusal looks on the wire.
type spelling struct {
	status int
	word   string
}

// spellings is the table of the standard dialect. A word that two codes share
// is one that clients must not tell apart, or that the RFCs do not.
//
// Spec: RFC 6749 §5.2; RFC 6750 §3.1; draft-ietf-oauth-first-party-apps-04 §5.2.2.
var spellings = map[oauth.Code]spelling{
	oauth.InvalidRequest:            {http.StatusBadRequest, "invalid_request"},
	oauth.InvalidClient:             {http.StatusUnauthorized, "invalid_client"},
	oauth.UnknownClient:             {http.StatusUnauthorized, "invalid_client"},
	oauth.UnauthorizedClient:        {http.StatusBadRequest, "unauthorized_client"},
	oauth.FlowDisabled:              {http.StatusBadRequest, "unauthorized_client"},
	oauth.InvalidGrant:              {http.StatusBadRequest, "invalid_grant"},
	oauth.RedirectMismatch:          {http.StatusBadRequest, "invalid_request"},
	oauth.RedirectMissing:           {http.StatusBadRequest, "invalid_request"},
	oauth.InvalidScope:              {http.StatusBadRequest, "invalid_scope"},
	oauth.InvalidTarget:             {http.StatusBadRequest, "invalid_target"},
	oauth.UnsupportedGrantType:      {http.StatusBadRequest, "unsupported_grant_type"},
	oauth.UnsupportedResponseType:   {http.StatusBadRequest, "unsupported_response_type"},
	oauth.UnsupportedTokenType:      {http.StatusBadRequest, "unsupported_token_type"},
	oauth.AccessDenied:              {http.StatusBadRequest, "access_denied"},
	oauth.NotAdmitted:               {http.StatusBadRequest, "access_denied"},
	oauth.LoginFailed:               {http.StatusForbidden, "insufficient_authorization"},
	oauth.InsufficientAuthorization: {http.StatusForbidden, "insufficient_authorization"},
	oauth.InvalidSession:            {http.StatusBadRequest, "invalid_session"},
	oauth.InvalidToken:              {http.StatusUnauthorized, "invalid_token"},
	oauth.InsufficientScope:         {http.StatusForbidden, "insufficient_scope"},
	oauth.RateLimited:               {http.StatusTooManyRequests, "temporarily_unavailable"},
	oauth.TemporarilyUnavailable:    {http.StatusServiceUnavailable, "temporarily_unavailable"},
	oauth.ServerError:               {http.StatusInternalServerError, "server_error"},
	oauth.MethodNotAllowed:          {http.StatusMethodNotAllowed, "invalid_request"},
	oauth.TooLarge:                  {http.StatusRequestEntityTooLarge, "invalid_request"},
	oauth.UnsupportedMediaType:      {http.StatusUnsupportedMediaType, "invalid_request"},
}

// tokenSpellings are those that the token endpoint says otherwise: what is wrong
// there is wrong with the grant.
//
// Spec: RFC 6749 §5.2.
var tokenSpellings = map[oauth.Code]spelling{
	oauth.RedirectMismatch: {http.StatusBadRequest, "invalid_grant"},
	oauth.RedirectMissing:  {http.StatusBadRequest, "invalid_grant"},
	oauth.NotAdmitted:      {http.StatusBadRequest, "invalid_grant"},
}

// ErrClientAuthentication is what an app is shown when its authentication
// failed, whatever the reason: an unknown id and a wrong secret look the same.
// The log and the audit log have the rule itself.
var ErrClientAuthentication = oauth.Refuse(oauth.InvalidClient, "client.authentication-failed", "RFC 6749 §5.2; OAuth 2.1 §2.4.1",
	"client authentication failed")

// shown hides which of the ways to fail it was.
func shown(e *oauth.Error) *oauth.Error {
	switch e.Rule {
	case client.ErrUnknownClient.Rule, client.ErrWrongSecret.Rule, client.ErrWrongMethod.Rule, client.ErrPublicSecret.Rule:
		return ErrClientAuthentication
	}
	return e
}

type errorAnswer struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	URI         string `json:"error_uri"`
}

// render makes the JSON of a refusal. error_uri is a page that a person can
// open; it ends in the name of the rule.
//
// Spec: RFC 6749 §5.2.
func (e *dialect) render(refusal *oauth.Error, others map[oauth.Code]spelling) (web.Answer, string) {
	s, ok := others[refusal.Code]
	if !ok {
		s, ok = spellings[refusal.Code]
	}
	if !ok {
		s = spellings[oauth.ServerError]
	}
	a, err := web.JSON(s.status, errorAnswer{s.word, refusal.Description, e.base + "/oauth2/errors/" + refusal.Rule})
	if err != nil { // texts only
		a = web.Answer{Status: http.StatusInternalServerError}
	}
	return a, s.word
}

// refuse is the rendering for endpoints at which an app authenticates.
//
// Spec: RFC 6749 §5.2; RFC 9110 §15.5.2.
func (e *dialect) refuse(others map[oauth.Code]spelling) func(*web.Request, *oauth.Error) web.Answer {
	return func(_ *web.Request, refusal *oauth.Error) web.Answer {
		a, _ := e.render(shown(refusal), others)
		if a.Status == http.StatusUnauthorized {
			a = a.With("Www-Authenticate", `Basic realm="countersign", charset="UTF-8"`)
		}
		return a
	}
}

// refuseBearer is the rendering for endpoints that take an access token. A
// request without a token is told of no error.
//
// Spec: RFC 6750 §3, §3.1.
func (e *dialect) refuseBearer(_ *web.Request, refusal *oauth.Error) web.Answer {
	a, word := e.render(refusal, nil)
	var b strings.Builder
	b.WriteString(`Bearer realm="countersign"`)
	switch {
	case a.Status != http.StatusUnauthorized && a.Status != http.StatusForbidden && a.Status != http.StatusBadRequest:
		return a
	case refusal.Is(errNoToken):
		return web.Answer{Status: a.Status}.With("Www-Authenticate", b.String())
	}
	b.WriteString(`, error="` + word + `", error_description="` + refusal.Description + `"`)
	if refusal.Code == oauth.InsufficientScope {
		b.WriteString(`, scope="openid"`)
	}
	return a.With("Www-Authenticate", b.String())
}
