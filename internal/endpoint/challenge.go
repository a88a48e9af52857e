package endpoint

import (
	"net/http"

	"countersign/internal/authreq"
	"countersign/internal/client"
	"countersign/internal/headless"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

// Refusals of the challenge endpoint, in the order of checking.
var (
	ErrOrigin = oauth.Refuse(oauth.AccessDenied, "challenge.origin", "draft-ietf-oauth-first-party-apps-04 §9.8",
		"a web page may not have people's credentials checked: the app itself calls this endpoint")
	ErrSession = oauth.Refuse(oauth.InvalidSession, "challenge.session", "draft-ietf-oauth-first-party-apps-04 §5.2.2",
		"the auth_session is not one of this server: start again without it")
	ErrResponseTypeMissing = oauth.Refuse(oauth.InvalidRequest, "challenge.response-type-missing", "draft-ietf-oauth-first-party-apps-04 §5.1",
		"the request needs response_type=code")
	ErrResponseType = oauth.Refuse(oauth.UnsupportedResponseType, "challenge.response-type", "draft-ietf-oauth-first-party-apps-04 §5.1",
		"the only response type is code")
	ErrRequestObject = oauth.Refuse(oauth.InvalidRequest, "challenge.request-object", "RFC 9101 §6; OpenID Connect Core 1.0 §3.1.2.6",
		"request objects are not served: send the parameters in the body")
)

type challengeAnswer struct {
	Code   string `json:"authorization_code"`
	Issuer string `json:"iss"`
}

// challenge takes a person's credentials and answers with an authorization code.
// There is no browser in it: no redirect, no state, no cookie, and no page may
// read the answer. Every step is one request; a session that asks for more
// factors has its place in followUp.
//
// Spec: draft-ietf-oauth-first-party-apps-04 §5.
func (e *dialect) challenge(r *web.Request) (web.Answer, error) {
	var got headless.Answer
	err := e.asks(r, func(c client.Credentials) (err error) {
		// Any page can send a form from its visitor's browser without asking, and
		// though it reads no answer, its visitor's failures would be counted.
		if c.Method == client.AuthNone && len(r.HTTP.Header["Origin"]) > 0 {
			return ErrOrigin
		}
		if r.Form.Body.Has("auth_session") {
			return e.followUp(c)
		}
		req, err := e.opening(r, c)
		if err != nil {
			return err
		}
		got, err = e.Headless.Login(r.Context(), req)
		r.Event.User, r.Event.Seen = got.User, got.Seen
		return err
	})
	if err != nil {
		return web.Answer{}, err
	}
	return web.JSON(http.StatusOK, challengeAnswer{got.Code, e.Issuer})
}

// opening reads the first request of a challenge: an authorization request with
// the credentials in it. An absent code_challenge_method means plain, which
// authreq refuses.
//
// Spec: draft-ietf-oauth-first-party-apps-04 §5.1; RFC 7636 §4.3.
func (e *dialect) opening(r *web.Request, c client.Credentials) (headless.Request, error) {
	form := &r.Form.Body
	app := e.Verifier.Directory.Lookup(c.ID)
	loose := app != nil && app.Settings.LooseOpening
	switch t := oauth.ResponseType(form.Text("response_type")); {
	case t == "" && !loose:
		return headless.Request{}, ErrResponseTypeMissing
	case t != "" && t != oauth.ResponseCode:
		return headless.Request{}, ErrResponseType
	case form.Has("request") || form.Has("request_uri"):
		return headless.Request{}, ErrRequestObject
	}
	scopes, err := oauth.ParseScopes(form.Text("scope"))
	if err != nil {
		return headless.Request{}, err
	}
	return headless.Request{
		Client: c, ClientProves: true,
		Auth: authreq.Request{
			RedirectURI: form.Text("redirect_uri"), NoRedirect: true, Scopes: scopes,
			Challenge: form.Text("code_challenge"), ChallengeMethod: form.Text("code_challenge_method"),
			Nonce: form.Text("nonce"), MaxAge: form.Has("max_age"),
		},
		Username: form.Text("username"), Password: form.Text("password"), Place: headless.InBody,
		PersonAddress: form.Text("person_address"), Address: r.Address(), RequestID: r.ID(),
	}, nil
}

// followUp is where a session goes on. No step needs a second request yet, so no
// session is one of ours; the app proves itself first all the same.
//
// Spec: draft-ietf-oauth-first-party-apps-04 §5.1, §5.2.2.
func (e *dialect) followUp(c client.Credentials) error {
	app, err := e.Verifier.Authenticate(c)
	switch {
	case err != nil:
		return err
	case app.Type == client.Confidential && !app.Proven:
		return headless.ErrCredentialsRequired
	}
	return ErrSession
}
