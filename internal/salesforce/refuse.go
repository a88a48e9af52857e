package salesforce

import (
	"net/http"
	"strings"

	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

// wire is how a refusal looks in this dialect. Of error and error_description
// both are always there: clients read both.
type wire struct {
	status int
	code   string
	text   string // empty in the table: the core's own
}

// bad is the status of whatever the client can only mend by another request.
// The Mobile SDK takes 400, 401 and 403 on a refresh as "the token is dead, log
// out": a passing fault never has one of them.
const bad = http.StatusBadRequest

// wires renders each code of the core. Texts are those clients have seen.
//
// Spec: docs/divergences.md D8, D15.
var wires = map[oauth.Code]wire{
	oauth.InvalidRequest:            {bad, "invalid_request", ""},
	oauth.InvalidClient:             {bad, "invalid_client", "invalid client credentials"},
	oauth.UnknownClient:             {bad, "invalid_client_id", "client identifier invalid"},
	oauth.UnauthorizedClient:        {bad, "unauthorized_client", ""},
	oauth.FlowDisabled:              {bad, "oauth_flow_disabled", "The external client app or the OAuth plugin is disabled."},
	oauth.InvalidGrant:              {bad, "invalid_grant", ""},
	oauth.RedirectMismatch:          {bad, "redirect_uri_mismatch", "redirect_uri must match configuration"},
	oauth.RedirectMissing:           {bad, "redirect_uri_missing", ""},
	oauth.InvalidScope:              {bad, "invalid_scope", ""},
	oauth.InvalidTarget:             {bad, "invalid_request", ""},
	oauth.UnsupportedGrantType:      {bad, "unsupported_grant_type", "grant type not supported"},
	oauth.UnsupportedResponseType:   {bad, "unsupported_response_type", ""},
	oauth.UnsupportedTokenType:      {bad, "unsupported_token_type", ""},
	oauth.AccessDenied:              {http.StatusForbidden, "access_denied", ""},
	oauth.LoginFailed:               {bad, "invalid_grant", "authentication failure"},
	oauth.NotAdmitted:               {bad, "invalid_app_access", "user is not admin approved to access this app"},
	oauth.InvalidToken:              {bad, "invalid_token", ""},
	oauth.InsufficientScope:         {http.StatusForbidden, "invalid_scope", ""},
	oauth.InsufficientAuthorization: {bad, "invalid_session_level", ""},
	oauth.InvalidSession:            {bad, "invalid_request", ""},
	oauth.RateLimited:               {http.StatusTooManyRequests, "rate_limit_exceeded", ""},
	oauth.TemporarilyUnavailable:    {http.StatusServiceUnavailable, "service_unavailable", ""},
	oauth.ServerError:               {http.StatusInternalServerError, "server_error", ""},
	oauth.MethodNotAllowed:          {http.StatusMethodNotAllowed, "invalid_request", ""},
	oauth.TooLarge:                  {http.StatusRequestEntityTooLarge, "invalid_request", ""},
	oauth.UnsupportedMediaType:      {http.StatusUnsupportedMediaType, "invalid_request", ""},
}

// exceptions are rules that this dialect tells apart from the rest of their code.
var exceptions = map[string]wire{
	"client.id-missing":            {bad, "invalid_client_id", "client identifier invalid"},
	"code.expired":                 {bad, "invalid_grant", "expired authorization code"},
	"headless.credentials-missing": {bad, "invalid_request", ""},
	"login.failed":                 {bad, "invalid_grant", "authentication failure"},
	"policy.address":               {bad, "invalid_grant", "ip restricted"},
	"salesforce.basic-syntax":      {bad, "invalid_basic_auth_header", ""},
}

// grantTexts are the descriptions of invalid_grant by the area of the rule.
var grantTexts = map[string]string{
	"code":    "invalid authorization code",
	"pkce":    "invalid code verifier",
	"refresh": "expired access/refresh token",
}

// wireOf renders a refusal.
func wireOf(e *oauth.Error) wire {
	w, found := exceptions[e.Rule]
	if !found {
		if w, found = wires[e.Code]; !found {
			w = wires[oauth.ServerError]
		}
		if e.Code == oauth.InvalidGrant {
			area, _, _ := strings.Cut(e.Rule, ".")
			w.text = grantTexts[area]
		}
	}
	if w.text == "" {
		w.text = e.Description
	}
	return w
}

// later says when to come back, where the refusal itself does not: an app that
// is told nothing tries again at once.
func (w wire) later(a web.Answer) web.Answer {
	if w.status == http.StatusTooManyRequests || w.status == http.StatusServiceUnavailable {
		return a.With("Retry-After", "1") // web puts the refusal's own time in its place
	}
	return a
}

// rule is the page that explains a refusal. Which of the ways to fail an app's
// authentication failed in is told in the log alone.
//
// Spec: OAuth 2.1 §2.4.1.
func (d *door) rule(e *oauth.Error) string {
	switch e.Rule {
	case client.ErrPublicSecret.Rule, client.ErrWrongMethod.Rule:
		return d.rules + client.ErrWrongSecret.Rule
	}
	return d.rules + e.Rule
}

// refuse writes a refusal as JSON. error_uri names the rule; no client reads it.
func (d *door) refuse(_ *web.Request, e *oauth.Error) web.Answer {
	w := wireOf(e)
	o := object{{"error", w.code}, {"error_description", w.text}, {"error_uri", d.rule(e)}}
	return w.later(web.Answer{Status: w.status, Media: web.MediaJSON, Body: o.json(nil)})
}
