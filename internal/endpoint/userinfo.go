package endpoint

import (
	"net/http"

	"countersign/internal/inspect"
	"countersign/internal/oauth"
	"countersign/internal/token"
	"countersign/internal/web"
)

// Refusals of reading an access token.
var (
	ErrTokenInQuery = oauth.Refuse(oauth.InvalidRequest, "token.in-query", "RFC 9700 §4.3.2; OAuth 2.1 §5.1",
		"an access token in a URL is never accepted: send it in the Authorization header")
	ErrTokenTwice = oauth.Refuse(oauth.InvalidRequest, "token.two-places", "RFC 6750 §2",
		"the request carries an access token in two places")
)

// errNoToken is the refusal of a request that tried nothing.
var errNoToken = inspect.ErrTokenMissing

type userinfoAnswer struct {
	Subject oauth.UserID `json:"sub"`
	token.Claims
}

// userinfo says who the person behind an access token is.
//
// Spec: OpenID Connect Core 1.0 §5.3.
func (e *dialect) userinfo(r *web.Request) (web.Answer, error) {
	text, err := bearer(r)
	if err != nil {
		return web.Answer{}, err
	}
	p, err := e.Inspector.Userinfo(r.Context(), text, r.Address(), false)
	r.Event.App, r.Event.User = p.Access.Client, p.Access.User
	if err != nil {
		return web.Answer{}, err
	}
	return web.JSON(http.StatusOK, userinfoAnswer{p.Access.User, token.ClaimsFor(p.Account, p.Access.Scopes)})
}

// bearer reads the access token: in the header, or in the form of a POST. Errors:
// ErrTokenInQuery, ErrTokenTwice, web.ErrAuthorization.
//
// Spec: RFC 6750 §2.1, §2.2.
func bearer(r *web.Request) (string, error) {
	scheme, text, err := r.Authorization()
	if err != nil {
		return "", err
	}
	if scheme != "bearer" {
		text = ""
	}
	posted := r.Form.Body.Text("access_token")
	switch {
	case r.Form.Query.Has("access_token"):
		return "", ErrTokenInQuery
	case text != "" && posted != "":
		return "", ErrTokenTwice
	case posted != "":
		return posted, nil
	}
	return text, nil
}
