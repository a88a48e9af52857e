package endpoint

import (
	"encoding/base64"
	"net/url"
	"strings"
	"unicode/utf8"

	"countersign/internal/client"
	"countersign/internal/oauth"
	"countersign/internal/web"
)

// Refusals of reading who is asking, in the order of checking.
var (
	ErrQuery = oauth.Refuse(oauth.InvalidRequest, "request.in-query", "RFC 6749 §2.3.1, §3.2; RFC 9700 §2.4",
		"this endpoint reads its parameters from the body alone: a URL is logged on its way")
	ErrAssertion = oauth.Refuse(oauth.InvalidClient, "client.assertion", "RFC 7521 §4.2.1",
		"client assertions are not served; use the method the app is registered with")
	ErrScheme = oauth.Refuse(oauth.InvalidClient, "client.scheme", "RFC 6749 §2.3.1",
		"the Authorization header of an app uses the scheme Basic")
	ErrBasic = oauth.Refuse(oauth.InvalidClient, "client.basic-syntax", "RFC 7617 §2; RFC 6749 §2.3.1",
		"the Basic credentials are not form-encoded id and secret, joined by a colon, in base64")
	ErrTwoMethods = oauth.Refuse(oauth.InvalidRequest, "client.two-methods", "RFC 6749 §2.3",
		"the request carries a secret in the header and in the body: use one method")
	ErrOtherClientID = oauth.Refuse(oauth.InvalidRequest, "client.id-differs", "RFC 6749 §2.3; draft-ietf-oauth-first-party-apps-04 §5.1",
		"the client_id is not that of the app that authenticates")
	ErrClientIDLong = oauth.Refuse(oauth.InvalidClient, "client.id-too-long", "RFC 6749 §2.2",
		"a client_id has at most 256 characters")
)

const maxClientID = 256

// credentials reads which app is asking and how it proves it. An empty secret is
// no secret, as an empty parameter is no parameter. Errors: the refusals above,
// web.ErrAuthorization.
//
// Spec: RFC 6749 §2.3, §2.3.1, §3.2.
func credentials(r *web.Request) (client.Credentials, error) {
	form := &r.Form.Body
	if r.Form.Query.Len() > 0 {
		return client.Credentials{}, ErrQuery
	}
	if form.Has("client_assertion") || form.Has("client_assertion_type") {
		return client.Credentials{}, ErrAssertion
	}
	c := client.Credentials{ID: oauth.ClientID(form.Text("client_id")), Method: client.AuthNone}
	if text := form.Text("client_secret"); text != "" {
		c.Method, c.Secret = client.AuthSecretPost, text
	}
	scheme, value, err := r.Authorization()
	if err != nil {
		return client.Credentials{}, err
	}
	switch scheme {
	case "":
	case "basic":
		if c, err = withBasic(c, value); err != nil {
			return client.Credentials{}, err
		}
	default:
		return client.Credentials{}, ErrScheme
	}
	if len(c.ID) > maxClientID {
		return client.Credentials{}, ErrClientIDLong
	}
	return c, nil
}

// withBasic adds what a Basic header says to what the body says.
func withBasic(body client.Credentials, value string) (client.Credentials, error) {
	id, text, ok := parseBasic(value)
	switch {
	case !ok:
		return body, ErrBasic
	case body.Method != client.AuthNone:
		return body, ErrTwoMethods
	case body.ID != "" && body.ID != id:
		return body, ErrOtherClientID
	}
	c := client.Credentials{ID: id, Method: client.AuthNone}
	if text != "" {
		c.Method, c.Secret = client.AuthSecretBasic, text
	}
	return c, nil
}

// parseBasic reads the credentials of a Basic header: standard base64 with its
// padding and nothing else in it, id and secret form-encoded. Ids and secrets of
// this server look the same encoded or not, so clients that forget to encode
// work, too.
//
// Spec: RFC 7617 §2; RFC 6749 §2.3.1, Appendix B.
func parseBasic(value string) (id oauth.ClientID, text string, ok bool) {
	plain, err := base64.StdEncoding.Strict().DecodeString(value)
	if err != nil || strings.ContainsAny(value, "\r\n") || !utf8.Valid(plain) {
		return "", "", false
	}
	user, pass, found := strings.Cut(string(plain), ":")
	user, err1 := url.QueryUnescape(user)
	pass, err2 := url.QueryUnescape(pass)
	if !found || err1 != nil || err2 != nil || user == "" || !utf8.ValidString(user) || !utf8.ValidString(pass) {
		return "", "", false
	}
	return oauth.ClientID(user), pass, true
}
