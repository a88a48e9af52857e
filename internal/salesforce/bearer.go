package salesforce

import (
	"net/http"

	"countersign/internal/inspect"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

// ErrTwoTokens refuses a request that carries two different access tokens: which
// of them counts must not depend on who reads it. jsforce sends one token twice
// to the identity URL.
var ErrTwoTokens = oauth.Refuse(oauth.InvalidToken, "salesforce.token-repeated", "RFC 6750 §2",
	"the access token in the Authorization header is another one than that in oauth_token; send one")

// bearer reads the access token of a request: in the Authorization header, or as
// oauth_token in the body or the URL. Errors: ErrTwoTokens,
// web.ErrAuthorization, oauth.ErrParamRepeated.
//
// Spec: RFC 6750 §2; docs/divergences.md D17.
func bearer(r *web.Request, in *input) (string, error) {
	scheme, held, err := r.Authorization()
	if err != nil {
		return "", err
	}
	param := in.text("oauth_token")
	switch {
	case scheme != "bearer":
		held = param
	case param != "" && param != held:
		return "", ErrTwoTokens
	}
	return held, in.check()
}

// holder is the person behind the access token of a request. This dialect asks
// for no particular scope: login clients come with api and web alone, and what
// the scopes do not open is left out of the answer.
func (d *door) holder(r *web.Request, in *input) (inspect.Person, error) {
	held, err := bearer(r, in)
	if err != nil {
		return inspect.Person{}, err
	}
	p, err := d.Inspector.Userinfo(r.Context(), d.handle(held), r.Address(), true)
	r.Event.App, r.Event.User = p.Access.Client, p.Access.User
	return p, err
}

// resourceTexts are the bodies that clients of a resource know. Exactly
// Bad_OAuth_Token makes a mobile app refresh its token.
var resourceTexts = map[string]string{
	inspect.ErrTokenMissing.Rule: "Missing_OAuth_Token",
	ErrWrongOrg.Rule:             "Wrong_Org",
	ErrBadID.Rule:                "Bad_Id",
	ErrNotYours.Rule:             "No_Access",
}

const badToken = "Bad_OAuth_Token"

// refuseResource writes a refusal as the plain text that clients of a resource
// compare: 403, or 404 for what is not there, and Internal Error for faults.
//
// Spec: RFC 6750 §3; docs/divergences.md D16.
func refuseResource(_ *web.Request, e *oauth.Error) web.Answer {
	w := wireOf(e)
	a := web.Answer{Status: w.status, Media: web.MediaText}
	text, known := resourceTexts[e.Rule]
	switch {
	case e.Code == oauth.InvalidToken:
		a.Status = http.StatusForbidden
		a = challenge(a, e)
		if !known {
			text = badToken
		}
	case e.Rule == ErrBadID.Rule || e.Rule == ErrNotYours.Rule:
		a.Status = http.StatusNotFound
	case known:
		a.Status = http.StatusForbidden
	case w.status >= http.StatusInternalServerError:
		text = "Internal Error"
	default:
		text = w.text
	}
	a.Body = []byte(text)
	return w.later(a)
}

// challenge adds what RFC 6750 wants said, and what these clients pass over.
//
// Spec: RFC 6750 §3.
func challenge(a web.Answer, e *oauth.Error) web.Answer {
	if e.Rule == inspect.ErrTokenMissing.Rule {
		return a.With("Www-Authenticate", "Bearer")
	}
	return a.With("Www-Authenticate", `Bearer error="invalid_token"`)
}
